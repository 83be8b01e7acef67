import { describe, expect, it } from 'vitest'
import type { HoldEdge, ObjectState, StateView } from '../../../src-sim/trace/types'
import { countedObjects, countedOf, whyBusy } from '../../../src-renderer/inspector/holders'

const object = (id: number, type: string, more: Partial<ObjectState> = {}): ObjectState => ({
  id, type, name: `${type}${id}`, parent: 0, status: 'alive', allocEvent: 0, freeEvent: -1,
  refs: 1, facets: [], slices: [], ...more,
})
const edge = (holder: number, held: number, sinceEvent: number, counted = true): HoldEdge => ({
  holder, held, why: `why ${sinceEvent}`, count: 1, counted, sinceEvent,
})
const state = (value: string) => [{ facet: 'state', value, target: 0, sinceEvent: 0 }]
const module = (value: string, refs: number) => object(1, 'module', { refs, facets: state(value) })

describe('who holds what', () => {
  it('lists the counted references, oldest first, and leaves plain pointers out', () => {
    const edges = [edge(3, 1, 9), edge(2, 1, 4), edge(4, 1, 5, false), edge(2, 7, 1)]
    expect(countedOf(edges, 1).map((one) => one.sinceEvent)).toEqual([4, 9])
  })

  it('shows devices and modules with their holders, and none of the structures of drivers', () => {
    const view: StateView = {
      event: 9, timeNs: 0, step: 0, cpus: [], edges: [edge(3, 1, 2)],
      objects: [object(1, 'device'), object(2, 'edu_dev', { refs: null }), module('LIVE', 0)],
    }
    expect(countedObjects(view, 'device').map((one) => one.holders.length)).toEqual([1])
    expect(countedObjects(view, 'module')).toHaveLength(1)
  })
})

describe('why a module cannot be unloaded', () => {
  it.each([
    ['LIVE', 0, null],
    ['LIVE', 2, /EWOULDBLOCK/],
    ['COMING', 1, /EBUSY.*init/],
    ['GOING', 0, /EBUSY.*unloaded already/],
  ] as const)('%s with %i references', (value, refs, expected) => {
    const why = whyBusy(module(value, refs))
    if (expected === null) expect(why).toBeNull()
    else expect(why).toMatch(expected)
  })

  it('says nothing of one that is gone', () => {
    expect(whyBusy(object(1, 'module', { refs: 1, status: 'freed' }))).toBeNull()
  })
})
