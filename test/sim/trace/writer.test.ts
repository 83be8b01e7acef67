import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SimBug } from '../../../src-sim/base/assert'
import {
  catalogue, decodeTrace, encodeTrace, ref_get, sched_switch, sched_wakeup, Trace, TraceFormatError,
  TraceWriter, console as printk, dma_map_err,
} from '../../../src-sim/trace'
import type { EventRecord, TraceContext } from '../../../src-sim/trace'
import { randomTrace } from './support'
import type { Made } from './support'

function expected(made: Made): EventRecord[] {
  return made.emitted.map(({ event, args, timeNs, step, cpu, context, p }, index) => ({
    index, timeNs, step, cpu, context, position: p, name: event.name, category: event.category,
    args: args as EventRecord['args'],
  }))
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

const file = (made: Made): Uint8Array => join(encodeTrace(made.writer.store, made.writer.traceHash))

describe('a trace gives back what was emitted', () => {
  test('for any events, while it is written and after it was stored', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 300 }), (seed, length) => {
        const made = randomTrace(seed, length)
        const all = expected(made)
        expect(made.trace.events(0, length)).toEqual(all)
        const { store, traceHash } = decodeTrace(file(made))
        const again = new Trace(store)
        expect(again.events(0, length)).toEqual(all)
        expect(traceHash).toBe(made.writer.traceHash)
        expect(store.tables.objectTypes).toEqual(made.writer.store.tables.objectTypes)
        expect([...store.tables.contexts]).toEqual([...made.writer.store.tables.contexts])
        expect([...store.tables.files]).toEqual([...made.writer.store.tables.files])
      }),
      { numRuns: 60 },
    )
  })

  test('across chunks, in any order of reading', () => {
    const made = randomTrace(5, 140_000)
    const all = expected(made)
    const again = new Trace(decodeTrace(file(made)).store)
    for (const i of [0, 1, 63, 64, 65_535, 65_536, 131_071, 131_072, 139_999, 100, 70_001]) {
      expect(made.trace.event(i)).toEqual(all[i])
      expect(again.event(i)).toEqual(all[i])
    }
    expect(made.trace.events(65_500, 65_600)).toEqual(all.slice(65_500, 65_600))
  })

  test('also while events are still being added', () => {
    const made = randomTrace(1, 10)
    const at = made.trace.cursor()
    let seen = 0
    for (let round = 0; round < 3000; round++) {
      while (at.next()) expect(at.index).toBe(seen++)
      made.writer.emit(sched_wakeup, made.contexts[0]!, round)
    }
    while (at.next()) seen++
    expect(seen).toBe(3010)
    expect(made.trace.event(3009).args).toEqual([made.contexts[0], 2999])
  })

  test('a time before the last one is taken as the last one', () => {
    const at: TraceContext = { timeNs: 500, cpu: 0, context: 0, step: 0, p: 0 }
    const writer = new TraceWriter(at)
    writer.emit(ref_get, 1, 1, 0, '')
    at.timeNs = 400
    writer.emit(ref_get, 1, 2, 0, '')
    expect(new Trace(writer.store).events(0, 2).map((e) => e.timeNs)).toEqual([500, 500])
  })

  test('all ones stay all ones in two words', () => {
    const writer = new TraceWriter({ timeNs: 0, cpu: 0, context: 0, step: 0, p: 0 })
    writer.emit(dma_map_err, 0, 2 ** 64, 1, 'NONE')
    expect(writer.store.chunks[0]!.args.slice(1, 3)).toEqual(
      Uint32Array.of(0xffffffff, 0xffffffff),
    )
  })
})

test('a value that an enumeration does not have is a bug of the emitter', () => {
  const writer = new TraceWriter({ timeNs: 0, cpu: 0, context: 0, step: 0, p: 0 })
  expect(() => writer.emit(printk, 'loud' as 'info', 'x')).toThrow(SimBug)
})

test('a writer that is off counts objects and stores nothing', () => {
  const at: TraceContext = { timeNs: 0, cpu: 0, context: 0, step: 0, p: 0 }
  const off = new TraceWriter(at, { on: false })
  const on = new TraceWriter(at)
  for (const writer of [off, on]) {
    expect(writer.defineObject('device', 'a')).toBe(1)
    expect(
      writer.defineContext({ kind: 'task', pid: 1, comm: 'x', prio: 120, cpu: -1, tgid: 1 }),
    ).toBe(2)
    writer.emit(sched_wakeup, 2, 0)
  }
  expect([off.store.length, off.store.tables.strings]).toEqual([0, ['']])
  expect(on.store.length).toBe(1)
})

describe('the hash of a trace', () => {
  test('is the same for the same run and has 16 digits', () => {
    const a = randomTrace(3, 500).writer.traceHash
    expect(a).toMatch(/^[0-9a-f]{16}$/)
    expect(randomTrace(3, 500).writer.traceHash).toBe(a)
  })

  type Change = (at: TraceContext, writer: TraceWriter, i: number) => unknown
  const changes: Record<string, Change> = {
    time: (at, _w, i) => i === 1000 && (at.timeNs += 1),
    step: (at, _w, i) => i === 1000 && (at.step += 1),
    cpu: (at, _w, i) => (at.cpu = i === 1000 ? 1 : 0),
    context: (at, _w, i) => (at.context = i === 1000 ? 2 : 0),
    position: (at, _w, i) => (at.p = i === 1000 ? 7 : 0),
    'an argument': (_at, writer, i) => i === 1000 && writer.emit(ref_get, 9, 1, 0, ''),
    'another argument': (_at, writer, i) => i === 1000 && writer.emit(ref_get, 9, 2, 0, ''),
    'the event': (_at, writer, i) => i === 1000 && writer.emit(sched_switch, 9, 'R', 1),
    'an object': (_at, writer, i) => i === 1000 && writer.defineObject('device', 'x'),
    'its name': (_at, writer, i) => i === 1000 && writer.defineObject('device', 'y'),
    'a string': (_at, writer, i) => i === 1000 && writer.intern('z'),
    'a file': (_at, writer, i) => i === 1000 && writer.defineFile(1, 'driver.ts'),
    nothing: () => undefined,
  }

  test('tells runs apart that differ in one place', () => {
    const hashes = Object.values(changes).map((change) => {
      const at: TraceContext = { timeNs: 0, cpu: 0, context: 0, step: 0, p: 0 }
      const writer = new TraceWriter(at)
      for (let i = 0; i < 2000; i++) {
        change(at, writer, i)
        writer.emit(ref_get, 1, i, 0, '')
      }
      return writer.traceHash
    })
    expect(new Set(hashes).size).toBe(hashes.length)
  })
})

describe('a file that is not a sound trace is refused with one sentence', () => {
  const whole = file(randomTrace(8, 200))

  test('when it is cut anywhere', () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        expect(() => decodeTrace(whole.slice(0, length))).toThrow(TraceFormatError)
      }),
    )
  })

  test('when any byte is changed', () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (i, change) => {
        const bad = whole.slice()
        bad[i]! ^= change
        expect(() => decodeTrace(bad)).toThrow(TraceFormatError)
      }),
    )
  })

  test('when it is of another version, which it names', () => {
    const bad = whole.slice()
    bad[4] = 99
    expect(() => decodeTrace(bad)).toThrow('format version 99')
  })

  test('and one at an odd place in memory is read', () => {
    const shifted = new Uint8Array(whole.length + 3)
    shifted.set(whole, 3)
    expect(decodeTrace(shifted.subarray(3)).store.length).toBe(200)
  })
})

test('every kind has its place in the catalogue and a sentence about it', () => {
  catalogue.forEach((event, kind) => {
    expect(event.kind).toBe(kind)
    expect(event.doc, event.name).toMatch(/^[A-Z].*\.$/)
    expect(event.name).toMatch(/^[a-z][a-z0-9_]*$/)
    expect(event.fields.map((f: { name: string }) => f.name), event.name).not.toContain('at')
  })
})

test('a typical event of two fields takes no more than 24 bytes', () => {
  const at: TraceContext = { timeNs: 0, cpu: 0, context: 1, step: 0, p: 9 }
  const writer = new TraceWriter(at)
  for (let i = 0; i < 4 * 65_536; i++) {
    at.timeNs += 300
    at.step += 2
    writer.emit(sched_wakeup, 1, i)
  }
  const bytes = writer.store.chunks.slice(0, 3).reduce((sum, chunk) => sum + chunk.bytes(), 0)
  expect(bytes / (3 * 65_536)).toBeLessThanOrEqual(24)
})
