import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  catalogue, exporters, irq_handler_entry, irq_handler_exit, irq_raise, sched_switch, Trace,
  TraceWriter,
} from '../../../src-sim/trace'
import { Naive } from './naive'
import { randomTrace } from './support'
import type { Made } from './support'

/** Written against the description of the format, not against the exporter. */

interface Item {
  ph: string; name: string; cat?: string; pid: number; tid: number; ts?: number; dur?: number
  id?: string | number; bp?: string; s?: string; args?: any
}

const fresh = catalogue.filter(
  (e) => !e.effects.some((x: { op: string }) => ['alloc', 'free', 'name'].includes(x.op)),
)

const text = (trace: Trace): string => [...exporters.chrome.export(trace)].join('')

/** Times as whole nanoseconds, from the text, so that no rounding hides a mistake. */
function read(json: string): Item[] {
  expect(json.trimStart().startsWith('{"')).toBe(true)
  for (const [, digits] of json.matchAll(/"(?:ts|dur)":([\d.]+)/g)) {
    expect(digits).toMatch(/^\d+\.\d{3}$/)
  }
  const file = JSON.parse(json)
  expect(file.displayTimeUnit).toBe('ns')
  return file.traceEvents.map((item: Item) => {
    const ns = (us: number | undefined) => (us === undefined ? undefined : Math.round(us * 1000))
    return { ...item, ts: ns(item.ts), dur: ns(item.dur) }
  })
}

function checkShape(items: Item[]): void {
  for (const item of items) {
    expect('XiMbesf').toContain(item.ph)
    expect(Number.isInteger(item.pid) && Number.isInteger(item.tid) && item.tid !== 0).toBe(true)
    if (item.ph === 'M') expect(['process_name', 'thread_name']).toContain(item.name)
    else expect(item.ts).toBeGreaterThanOrEqual(0)
    if (item.ph === 'i') expect(['g', 'p', 't']).toContain(item.s)
    if (item.ph === 'f') expect(item.bp).toBe('e')
  }
  const named = (name: string) =>
    new Set(items.filter((m) => m.ph === 'M' && m.name === name).map((m) => `${m.pid}`))
  for (const item of items) expect(named('process_name').has(`${item.pid}`)).toBe(true)
}

function checkOrder(items: Item[]): void {
  const timed = items.filter((item) => item.ph !== 'M')
  for (let i = 1; i < timed.length; i++) {
    const [a, b] = [timed[i - 1]!, timed[i]!]
    expect(a.ts!).toBeLessThanOrEqual(b.ts!)
    if (a.ts === b.ts && b.ph === 'X') {
      expect(a.ph).toBe('X')
      expect(a.dur!).toBeGreaterThanOrEqual(b.dur!)
    }
  }
}

/** Slices of one thread either contain each other or do not meet. */
function checkNesting(items: Item[]): void {
  const stacks = new Map<number, number[]>()
  for (const { ph, tid, ts, dur } of items) {
    if (ph !== 'X') continue
    const stack = stacks.get(tid) ?? []
    stacks.set(tid, stack)
    const over = (end: number) => end < ts! || (end === ts && dur !== 0)
    while (stack.length > 0 && over(stack.at(-1)!)) stack.pop()
    if (stack.length > 0) expect(ts! + dur!).toBeLessThanOrEqual(stack.at(-1)!)
    stack.push(ts! + dur!)
  }
}

/** Answers the arrows as pairs of times and threads. */
function checkFlows(items: Item[]): number {
  const starts = new Map<string | number, Item>()
  const slices = new Map<number, Item[]>()
  for (const item of items) {
    if (item.ph === 'X') slices.set(item.tid, [...(slices.get(item.tid) ?? []), item])
  }
  const inSlice = (flow: Item) =>
    slices.get(flow.tid)?.some((s) => s.ts! <= flow.ts! && flow.ts! <= s.ts! + s.dur!)
  let pairs = 0
  for (const item of items) {
    if (item.ph !== 's' && item.ph !== 'f') continue
    expect(inSlice(item)).toBe(true)
    if (item.ph === 's') {
      expect(starts.has(item.id!)).toBe(false)
      starts.set(item.id!, item)
      continue
    }
    const start = starts.get(item.id!)!
    expect([start.name, start.cat]).toEqual([item.name, item.cat])
    starts.delete(item.id!)
    pairs++
  }
  expect(starts.size).toBe(0)
  return pairs
}

/** Each `e` ends the `b` before it with the same name, category and id. Answers how many began. */
function checkAsync(items: Item[]): { began: number; open: number } {
  const open = new Map<string, number>()
  let began = 0
  for (const { ph, cat, id, name } of items) {
    const key = JSON.stringify([cat, id, name])
    if (ph === 'b') {
      expect(open.get(key) ?? 0).toBe(0)
      open.set(key, 1)
      began++
    }
    if (ph === 'e') {
      expect(open.get(key)).toBe(1)
      open.set(key, 0)
    }
  }
  return { began, open: [...open.values()].filter((n) => n === 1).length }
}

function checkAll(made: Made): void {
  const items = read(text(made.trace))
  checkShape(items)
  checkOrder(items)
  checkNesting(items)
  const naive = new Naive(made.trace)
  for (const record of made.trace.events(0, made.trace.length)) naive.apply(record)
  expect(checkFlows(items)).toBe(naive.arrows.length)
  const slices =
    naive.spans.filter((s) => s.row.startsWith('depth') || (s.subject < 0 && s.row === 'current'))
  const facets = naive.spans.length - slices.length
  const open = naive.spans.filter((s) => s.end < 0 && !slices.includes(s)).length
  expect(checkAsync(items)).toEqual({ began: facets, open })
  const shown = items.filter((item) => item.args?.at !== undefined)
  expect(shown.map((item) => item.args.at.event).sort((a, b) => a - b)).toEqual(
    made.emitted.map((_, i) => i),
  )
  for (const item of shown) expect(item.ts).toBe(made.emitted[item.args.at.event]!.timeNs)
  const key = (ts: number, name: string) => `${ts} ${name}`
  const xs = items.filter((item) => item.ph === 'X').map((item) => key(item.ts!, item.name))
  for (const s of slices) expect(xs).toContain(key(made.emitted[s.start]!.timeNs, s.label))
}

describe('the Chrome JSON', () => {
  test('has every event, pairs every span and arrow, and is in order, for any trace', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(250), (seed, length) => {
        checkAll(randomTrace(seed, length, fresh))
      }),
      { numRuns: 50 },
    )
  })

  test('of a handled interrupt is a slice with what came before and after it', () => {
    const at = { timeNs: 1_000, cpu: 0, context: 0, step: 0, p: 0 }
    const writer = new TraceWriter(at)
    const task =
      writer.defineContext({ kind: 'task', pid: 42, comm: 'cat', prio: 120, cpu: -1, tgid: 40 })
    const hard =
      writer.defineContext({ kind: 'hardirq', pid: 0, comm: 'hardirq/0', prio: 0, cpu: 0, tgid: 0 })
    const line = writer.defineObject('irq_desc', 'irq 33')
    const action = writer.defineObject('irqaction', 'demo')
    at.context = task
    writer.emit(irq_raise, line, 33, 0)
    at.context = hard
    at.timeNs = 1_250
    writer.emit(irq_handler_entry, 33, 'demo', action, line, 'demo_irq')
    at.timeNs = 2_001
    writer.emit(irq_handler_exit, 33, 'handled', action)
    const items = read(text(new Trace(writer.store)))
    const slice = items.find((item) => item.ph === 'X' && item.name === 'demo')!
    expect(slice).toMatchObject(
      { ts: 1250, dur: 751, args: { at: { event: 1, end_event: 2 }, irq: 33 } },
    )
    expect(slice.args.at.end).toMatchObject({ ret: 'handled' })
    expect(items.find((item) => item.name === 'irq_raise')).toMatchObject({ pid: 40, tid: 42 })
    expect(checkFlows(items)).toBe(1)
  })

  test('of an empty trace is still a file', () => {
    const writer = new TraceWriter({ timeNs: 0, cpu: 0, context: 0, step: 0, p: 0 })
    expect(read(text(new Trace(writer.store))).filter((item) => item.ph !== 'M')).toEqual([])
  })
})

test('every line of the ftrace text can be taken apart the way its readers do', () => {
  const made = randomTrace(6, 400)
  const names = made.emitted.map((e) => e.event.name)
  const plain = randomTrace(6, 400, [sched_switch])
  const lines = (trace: Trace) => [...exporters.ftrace.export(trace)].join('').split('\n')
  expect(lines(made.trace)[0]).toContain('# tracer')
  const who = /^\s*(.+)-(\d+)\s+(?:\(\s*[\d-]+\)\s+)?\[(\d+)\]\s*([a-zA-Z0-9.]{4,5})?\s+/
  const line = new RegExp(`${who.source}(\\d+\\.\\d+):\\s+(\\S+):\\s?(.*)$`)
  const body = lines(plain.trace).filter((l) => l !== '' && !l.startsWith('#'))
  expect(body.length).toBe(400)
  for (const l of body) {
    expect(line.exec(l)![7]).toMatch(
      /^prev_comm=.* prev_pid=\d+ prev_prio=\d+ prev_state=\S+ ==> next_comm=.* next_pid=\d+ /,
    )
  }
  const rows = lines(made.trace).filter((l) => l !== '' && !l.startsWith('#'))
  expect(rows.map((l) => line.exec(l)?.[6])).toEqual(names)
})

test('each line of the JSON lines is one event with its names', () => {
  const made = randomTrace(9, 300)
  const lines = [...exporters.ndjson.export(made.trace)].join('').trimEnd().split('\n')
  expect(lines.length).toBe(300)
  lines.forEach((line, i) => {
    const { event, timeNs, step } = made.emitted[i]!
    expect(JSON.parse(line)).toMatchObject({ index: i, event: event.name, time_ns: timeNs, step })
  })
})
