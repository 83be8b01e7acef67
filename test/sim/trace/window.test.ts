import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  catalogue, CATEGORIES, eventNamed, sched_switch, sched_wakeup, Trace, TraceWriter,
  workqueue_execute_start, workqueue_queue_work, parseFilter,
} from '../../../src-sim/trace'
import type { LaneInfo, LaneWindow, WindowData } from '../../../src-sim/trace'
import { Naive } from './naive'
import type { Span } from './naive'
import { randomTrace } from './support'
import type { Made } from './support'

interface Shown {
  row: string
  start: number
  end: number
  label: string
  event: number
  count: number
}

/** The rule written out: spans of a row that start in the same pixel are one. */
function naiveRow(made: Made, spans: readonly Span[], from: number, to: number, width: number) {
  const time = (event: number) => made.emitted[event]!.timeNs
  const pixelOf = (ns: number) => Math.floor((ns - from) / ((to - from) / width))
  const endOf = (s: Span) => (s.end < 0 ? to : time(s.end))
  const seen = spans.filter(
    (s) => time(s.start) < to && (time(s.start) >= from || s.end < 0 || time(s.end) > from),
  )
  const groups: Span[][] = []
  for (const span of seen) {
    const last = groups.at(-1)
    if (last && pixelOf(time(last[0]!.start)) === pixelOf(time(span.start))) last.push(span)
    else groups.push([span])
  }
  return groups.map((group): Shown => {
    const [first, last] = [group[0]!, group.at(-1)!]
    const length = (s: Span) => endOf(s) - time(s.start)
    const show = length(first) >= length(last) ? first : last
    return {
      row: first.row, start: time(first.start), end: endOf(last), label: show.label,
      event: show.start, count: group.length,
    }
  })
}

function shownBy(data: WindowData, lane: LaneWindow, info: LaneInfo): Shown[] {
  return [...lane.starts].map((start, i) => ({
    row: info.rows[lane.depths[i]!]!,
    start: start + data.fromNs,
    end: lane.ends[i]! + data.fromNs,
    label: data.strings[lane.labels[i]!]!,
    event: lane.events[i]!,
    count: lane.counts[i]!,
  }))
}

const fresh = catalogue.filter(
  (e) => !e.effects.some((x: { op: string }) => ['alloc', 'free', 'name'].includes(x.op)),
)

describe('a window', () => {
  test('shows what a plain reduction of all spans shows, for any trace and any part of it', () => {
    fc.assert(
      fc.property(
        fc.integer(), fc.integer({ min: 1, max: 400 }), fc.nat(99),
        fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 50 }),
        (seed, length, low, span, width) => {
          const made = randomTrace(seed, length, fresh)
          const end = made.emitted.at(-1)!.timeNs + 1
          const fromNs = Math.floor((end * low) / 100)
          const toNs = fromNs + Math.max(width, Math.floor((end * span) / 100))
          const naive = new Naive(made.trace)
          for (const record of made.trace.events(0, length)) naive.apply(record)
          const infos = made.trace.lanes()
          const data =
            made.trace.window({ fromNs, toNs, widthPx: width, lanes: infos.map((l) => l.id) })
          for (const lane of data.lanes) {
            const info = infos[lane.lane]!
            const want = info.rows.flatMap((row) => {
              const own = naive.spans.filter((s) => s.subject === info.subject && s.row === row)
              return naiveRow(made, own, fromNs, toNs, width)
            })
            expect(shownBy(data, lane, info)).toEqual(want)
            const categories = [...lane.events].map((e) =>
              CATEGORIES.indexOf(eventNamed(made.emitted[e]!.event.name)!.category),
            )
            expect([...lane.categories]).toEqual(categories)
            expect(lane.counts.length).toBeLessThanOrEqual((width + 1) * info.depth)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('counts every event of a CPU and of a context once', () => {
    const made = randomTrace(4, 5000)
    const { fromNs, toNs } = made.trace.range
    for (const info of made.trace.lanes({ kinds: ['cpu', 'context'] })) {
      const request = { fromNs, toNs: toNs + 1, widthPx: 300, lanes: [info.id] }
      const [lane] = made.trace.window(request).lanes
      const here = made.emitted.filter((e) =>
        info.kind === 'cpu' ? e.cpu === -info.subject - 1 : e.context === info.subject,
      )
      const counted = lane!.pointCounts.reduce((a, b) => a + b, 0)
      if (info.kind === 'cpu') expect(counted).toBe(here.length)
      else expect(counted).toBeGreaterThanOrEqual(here.length)
      expect(lane!.pointTimes.length).toBeLessThanOrEqual(301)
    }
  })

  test('has the arrows that start or arrive in it', () => {
    const made = randomTrace(12, 4000, fresh)
    const naive = new Naive(made.trace)
    for (const record of made.trace.events(0, 4000)) naive.apply(record)
    const time = (event: number) => made.emitted[event]!.timeNs
    const fromNs = time(1000)
    const toNs = time(3000)
    const inside = (event: number) => time(event) >= fromNs && time(event) < toNs
    const lanes = made.trace.lanes().map((l) => l.id)
    const { flows } = made.trace.window({ fromNs, toNs, widthPx: 100, lanes })
    const shown = [...flows.fromEvents].map((from, i) => `${from}>${flows.toEvents[i]}`)
    const want = naive.arrows
      .filter(([a, b]) => inside(a) || inside(b))
      .filter(([a, b]) => made.emitted[a]!.context !== 0 || made.emitted[b]!.context !== 0)
      .map(([a, b]) => `${a}>${b}`)
    expect(shown.sort()).toEqual(want.sort())
    expect(want.length).toBeGreaterThan(10)
  })
})

test('the lanes grow with the trace', () => {
  const at = { timeNs: 0, cpu: 0, context: 0, step: 0, p: 0 }
  const writer = new TraceWriter(at)
  const trace = new Trace(writer.store)
  expect(trace.lanes()).toEqual([])
  const [a, b] = ['a', 'b'].map((comm, i) =>
    writer.defineContext({ kind: 'task', pid: i + 1, comm, prio: 120, cpu: -1, tgid: i + 1 }),
  ) as [number, number]
  at.context = a
  writer.emit(sched_wakeup, b, 0)
  expect(trace.lanes().map((l) => l.name)).toEqual(['b', 'CPU 0', 'a'])
  at.timeNs = 10
  writer.emit(sched_switch, a, 'S', b)
  expect(trace.links(0)).toEqual({ causes: [], effects: [1] })
  expect(trace.links(1)).toEqual({ causes: [0], effects: [] })
  const cpu = trace.laneOf(-1)
  const { lanes, strings } = trace.window({ fromNs: 0, toNs: 20, widthPx: 10, lanes: [cpu] })
  expect(lanes[0]).toMatchObject({ starts: Float64Array.of(10), ends: Float64Array.of(20) })
  expect(strings).toEqual(['b'])
  expect(trace.nextInLane(cpu, 0)).toBe(1)
  expect(trace.nextInLane(cpu, 1)).toBe(-1)
  expect(trace.nextInLane(cpu, 1, true)).toBe(0)
})

test('the filter language selects by kind, object, time and text', () => {
  const at = { timeNs: 0, cpu: 0, context: 0, step: 0, p: 0 }
  const writer = new TraceWriter(at)
  const trace = new Trace(writer.store)
  const work = writer.defineObject('work_struct', 'reset')
  const queue = writer.defineObject('workqueue_struct', 'events')
  for (let i = 0; i < 10; i++) {
    at.timeNs = i * 1e6
    const object = i === 4 ? 0 : work
    if (i % 2 === 0) writer.emit(workqueue_queue_work, object, 'demo_work', queue, -1, 0)
    else writer.emit(workqueue_execute_start, work, i === 3 ? 'other' : 'demo_work', queue)
  }
  const select = (source: string) => {
    const filter = parseFilter(source)
    if (typeof filter === 'string') return filter
    return [...trace.select(filter)]
  }
  expect(select(`kind:workqueue_queue_work & obj:#${work} & t>1ms`)).toEqual([2, 6, 8])
  expect(select('t>2.5ms & t<5ms')).toEqual([3, 4])
  expect(select('OTHER')).toEqual([3])
  expect(select('reset')).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9])
  expect(select('cat:sched')).toEqual([])
  expect(select('obj:x')).toContain('a number is needed')
  expect(select('t>soon')).toContain('write a time')
  expect(trace.next({ names: ['workqueue_queue_work'] }, 4)).toBe(6)
  expect(trace.previous({ names: ['workqueue_queue_work'] }, 4)).toBe(2)
  expect(trace.indexAtTime(2_500_000)).toBe(3)
})
