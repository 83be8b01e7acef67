import { describe, expect, it } from 'vitest'
import { areaSums } from '../../../src-sim/trace/area-sums'
import { Trace, TraceWriter } from '../../../src-sim/trace'
import { call_begin, call_end } from '../../../src-sim/trace/events'

function traced() {
  const at = { timeNs: 0, cpu: 0, context: 0, step: 0, p: 0 }
  const writer = new TraceWriter(at)
  at.context = writer.defineContext({ kind: 'task', pid: 1, comm: 'init', prio: 120, cpu: -1, tgid: 1 })
  const call = (from: number, to: number, name: string): void => {
    at.timeNs = from
    writer.emit(call_begin, name, 0)
    at.timeNs = to
    writer.emit(call_end, name, 0)
  }
  call(0, 100, 'probe')
  call(200, 250, 'read')
  call(300, 320, 'read')
  call(900, 1200, 'probe')
  const trace = new Trace(writer.store)
  return { trace, lanes: trace.lanes().map((lane) => lane.id) }
}

describe('sums over an area', () => {
  const { trace, lanes } = traced()

  it('adds spans by name, cut at both borders', () => {
    expect(areaSums(trace, { fromNs: 50, toNs: 1000, lanes }).spans).toMatchObject([
      { name: 'probe', category: 'sched', count: 2, totalNs: 150, minNs: 50, maxNs: 100 },
      { name: 'read', count: 2, totalNs: 70, minNs: 20, maxNs: 50 },
    ])
  })

  it('leaves out what only touches the border, and lanes that were not asked for', () => {
    expect(areaSums(trace, { fromNs: 100, toNs: 200, lanes }).spans).toEqual([])
    expect(areaSums(trace, { fromNs: 0, toNs: 1000, lanes: [] }).spans).toEqual([])
  })

  it('counts events by name', () => {
    expect(areaSums(trace, { fromNs: 200, toNs: 320, lanes }).events.map((one) => [one.name, one.count])).toEqual([
      ['call_begin', 2], ['call_end', 1],
    ])
  })
})
