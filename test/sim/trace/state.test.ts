import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  catalogue, holder_add, lock_acquired, lock_release, object_free, ref_put, timer_start, Trace,
  TraceWriter, workqueue_cancel, workqueue_queue_work, kmalloc, kfree,
} from '../../../src-sim/trace'
import type { AnyEvent, StateView } from '../../../src-sim/trace'
import { Naive } from './naive'
import { randomTrace } from './support'
import type { Made } from './support'

const lifeless = (event: AnyEvent): boolean =>
  !event.effects.some((e: { op: string }) => ['alloc', 'free', 'link', 'name'].includes(e.op))

const byKey = (a: [string, unknown], b: [string, unknown]): number => (a[0] < b[0] ? -1 : 1)

/** The comparable part of a view. */
function summary(view: StateView): unknown {
  const edges = view.edges.map((e): [string, unknown] => [`${e.holder} ${e.held} ${e.why}`, e])
  const subjects = view.objects.map((o): [string, unknown] => {
    const facets = o.facets.map((f): [string, unknown] => [f.facet, [f.value, f.sinceEvent]])
    return [String(o.id), [o.status, o.refs, facets.sort(byKey), o.slices]]
  })
  const cpus = view.cpus.map((c): [string, unknown] => {
    const facets = c.facets.map((f): [string, unknown] => [f.facet, [f.value, f.sinceEvent]])
    return [String(-c.cpu - 1), ['static', null, facets.sort(byKey), []]]
  })
  return { edges: edges.sort(byKey), subjects: [...subjects, ...cpus].sort(byKey) }
}

function naiveSummary(made: Made, event: number): unknown {
  const naive = new Naive(made.trace)
  for (const record of made.trace.events(0, event + 1)) naive.apply(record)
  const edges = naive.edges.map((e): [string, unknown] => [`${e.holder} ${e.held} ${e.why}`, e])
  const used = (id: number) => naive.edges.some((e) => e.holder === id || e.held === id)
  const subjects = [...naive.subjects]
    .filter(([id, s]) => s.status !== 'freed' || s.facets.size > 0 || used(id))
    .map(([id, s]): [string, unknown] => {
      const facets = [
        ...s.facets].map(([facet, f]): [string, unknown] => [facet, [f.value, f.since]],
      )
      return [String(id), [s.status, s.refs, facets.sort(byKey), s.slices]]
    })
  return { edges: edges.sort(byKey), subjects: subjects.sort(byKey) }
}

describe('the state after an event', () => {
  test('is what the catalogue says, for any events and in any order of asking', () => {
    const events = catalogue.filter(lifeless)
    const someEvents = fc.array(fc.nat(399), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(fc.integer(), someEvents, (seed, asked) => {
        const made = randomTrace(seed, 400, events)
        for (const event of asked) {
          expect(summary(made.trace.stateAt(event))).toEqual(naiveSummary(made, event))
        }
      }),
      { numRuns: 40 },
    )
  })

  test('is right before, at and after snapshots', () => {
    const made = randomTrace(77, 40_000, catalogue.filter(lifeless))
    const naive = new Naive(made.trace)
    const wanted = [16_383, 16_384, 20_000, 32_767, 32_768, 39_999]
    const truth = new Map<number, unknown>()
    for (const record of made.trace.events(0, 40_000)) {
      naive.apply(record)
      if (wanted.includes(record.index)) truth.set(record.index, structuredClone(naive.edges))
    }
    const order = [39_999, 16_384, 32_768, 16_383, 20_000, 32_767, 20_000, 39_999]
    for (const event of order) {
      const key =
        (e: { holder: number; held: number; why: string }) => `${e.holder} ${e.held} ${e.why}`
      const sorted = (
        edges: readonly any[]) => [...edges].sort((a, b) => (key(a) < key(b) ? -1 : 1),
      )
      expect(sorted(made.trace.stateAt(event).edges)).toEqual(sorted(truth.get(event) as any[]))
    }
  })
})

function machine() {
  const at = { timeNs: 0, cpu: 0, context: 0, step: 0, p: 0 }
  const writer = new TraceWriter(at)
  const task =
    writer.defineContext({ kind: 'task', pid: 7, comm: 'insmod', prio: 120, cpu: -1, tgid: 7 })
  at.context = task
  return { at, writer, task, trace: new Trace(writer.store) }
}

test('memory that is freed while its work is queued is shown as freed and still held', () => {
  const { writer, trace } = machine()
  const queue = writer.defineObject('workqueue_struct', 'events')
  const demo = writer.defineObject('demo', '')
  const work = writer.defineObject('work_struct', 'work', demo)
  writer.emit(kmalloc, demo, 'demo_probe', 0x1000, 64, 64, 'GFP_KERNEL')
  writer.emit(workqueue_queue_work, work, 'demo_work', queue, -1, 0)
  writer.emit(kfree, demo, 'demo_remove', 0x1000)
  writer.emit(object_free, work)
  const view = trace.stateAt(3)
  expect(view.objects.find((o) => o.id === demo)).toBeUndefined()
  expect(view.objects.find((o) => o.id === work)).toMatchObject({
    status: 'freed', parent: demo, facets: [{ facet: 'queued' }],
  })
  expect(view.edges).toMatchObject([{ holder: queue, held: work, why: 'work queued' }])
  expect(trace.stateAt(2).objects.find((o) => o.id === work)?.status).toBe('static')
  writer.emit(workqueue_cancel, work, queue, true)
  expect(trace.stateAt(4).objects.find((o) => o.id === work)).toBeUndefined()
  expect(trace.stateAt(4).edges).toEqual([])
})

test('a timer armed after its memory was freed is shown as freed', () => {
  const { writer, trace } = machine()
  const timer = writer.defineObject('timer_list', 't')
  writer.emit(kmalloc, timer, 'f', 0x1000, 64, 64, 'GFP_KERNEL')
  writer.emit(kfree, timer, 'f', 0x1000)
  writer.emit(timer_start, timer, 'fn', 10, 0)
  expect(trace.stateAt(2).objects).toMatchObject([
    { id: timer, status: 'freed', allocEvent: 0, freeEvent: 1, facets: [{ facet: 'armed' }] },
  ])
})

test('a lock read-held twice is held until both have left', () => {
  const { writer, trace, task } = machine()
  const lock = writer.defineObject('rw_semaphore', 'sem')
  for (let i = 0; i < 2; i++) writer.emit(lock_acquired, lock, 'shared')
  for (let i = 0; i < 2; i++) writer.emit(lock_release, lock)
  const held = (event: number) => trace.stateAt(event).objects.find((o) => o.id === lock)!.facets
  expect(held(1)).toEqual([{ facet: 'held', value: 'insmod', target: task, sinceEvent: 0 }])
  expect(trace.stateAt(1).edges).toMatchObject([{ holder: task, held: lock, count: 2 }])
  expect(held(2)).toHaveLength(1)
  expect(held(3)).toEqual([])
})

test('the history of an object lists what touched it, and one can go along it', () => {
  const { writer, trace, at, task } = machine()
  const device = writer.defineObject('device', 'd')
  const other = writer.defineObject('device', 'e')
  writer.emit(holder_add, device, other, 'child')
  writer.emit(ref_put, other, 1, 0, '')
  at.context = 0
  writer.emit(ref_put, other, 0, device, '')
  expect([...trace.objectHistory(device)]).toEqual([0, 2])
  expect([...trace.objectHistory(task)]).toEqual([0, 1])
  expect(trace.nextOfObject(device, 0)).toBe(2)
  expect(trace.nextOfObject(device, 2)).toBe(-1)
  expect(trace.nextOfObject(device, 2, true)).toBe(0)
  expect(trace.nextOfObject(device, 0, true)).toBe(-1)
})
