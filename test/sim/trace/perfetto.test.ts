import fc from 'fast-check'
import { expect, test } from 'vitest'
import { catalogue, exporters } from '../../../src-sim/trace'
import { Naive } from './naive'
import { randomTrace } from './support'

/** A reader of protocol buffers that knows nothing of the exporter. */

type Message = Map<number, (bigint | Uint8Array)[]>

function parse(bytes: Uint8Array): Message {
  const out: Message = new Map()
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return BigInt.asUintN(64, value)
    }
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    let value: bigint | Uint8Array
    if (tag % 8 === 0) value = varint()
    else if (tag % 8 === 1) {
      value = new DataView(bytes.buffer, bytes.byteOffset + at).getBigUint64(0, true)
      at += 8
    } else {
      expect(tag % 8).toBe(2)
      const length = Number(varint())
      expect(at + length).toBeLessThanOrEqual(bytes.length)
      value = bytes.subarray(at, at + length)
      at += length
    }
    out.set(tag >> 3, [...(out.get(tag >> 3) ?? []), value])
  }
  return out
}

const int = (m: Message, field: number): number | undefined =>
  m.has(field) ? Number(m.get(field)![0]) : undefined
const sub = (m: Message, field: number): Message[] =>
  (m.get(field) ?? []).map((bytes) => parse(bytes as Uint8Array))
const str = (
  m: Message, field: number): string => new TextDecoder().decode(m.get(field)?.[0] as Uint8Array,
)

const fresh = catalogue.filter(
  (e) => !e.effects.some((x: { op: string }) => ['alloc', 'free', 'name'].includes(x.op)),
)

test('the Perfetto file has every event, balanced slices and joined arrows, for any trace', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 200 }), (seed, length) => {
      const made = randomTrace(seed, length, fresh)
      const naive = new Naive(made.trace)
      for (const record of made.trace.events(0, length)) naive.apply(record)
      const parts = [...exporters.perfetto.export(made.trace)] as Uint8Array[]
      const packets = parts.flatMap((part) => sub(parse(part), 1))
      expect(parts[0]![0]).toBe(0x0a)

      const names = new Map<number, string>()
      const tracks = new Set<number>()
      const stacks = new Map<number, string[]>()
      const indices: number[] = []
      const running = new Map<number, number>()
      let begun = 0
      const [out, into] = [new Set<string>(), new Set<string>()]
      for (const packet of packets) {
        expect(int(packet, 10)).toBeGreaterThan(0)
        expect(packet.has(8)).toBe(true)
        for (const track of sub(packet, 60)) tracks.add(int(track, 1)!)
        for (const data of sub(packet, 12)) {
          for (const entry of sub(data, 3)) names.set(int(entry, 1)!, str(entry, 2))
        }
        for (const task of sub(packet, 117)) {
          expect(running.get(int(task, 3)!)).not.toBe(int(task, 4))
          running.set(int(task, 3)!, int(task, 4)!)
        }
        for (const event of sub(packet, 11)) {
          const track = int(event, 11)!
          expect(tracks.has(track)).toBe(true)
          const stack = stacks.get(track) ?? []
          stacks.set(track, stack)
          if (int(event, 9) === 1) {
            stack.push('')
            begun++
          }
          if (int(event, 9) === 2) expect(stack.pop()).toBe('')
          for (const note of sub(event, 4)) {
            if (names.get(int(note, 1)!) === 'event_index') indices.push(int(note, 3)!)
          }
          for (const id of event.get(47) ?? []) out.add(String(id))
          for (const id of event.get(48) ?? []) into.add(String(id))
        }
      }
      expect(indices).toEqual(made.emitted.map((_, i) => i))
      expect(begun).toBe(naive.spans.length)
      expect([...stacks.values()].reduce((sum, s) => sum + s.length, 0)).toBe(
        naive.spans.filter((s) => s.end < 0).length,
      )
      expect(out).toEqual(into)
      expect(out.size).toBe(naive.arrows.length)
    }),
    { numRuns: 40 },
  )
})
