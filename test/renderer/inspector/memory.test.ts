import { describe, expect, it } from 'vitest'
import type { HoldEdge, ObjectState, StateView } from '../../../src-sim/trace/types'
import { stateOf } from '../../../src-renderer/inspector/lifecycles'
import { memoryAccess } from '../../../src-renderer/inspector/memory'

const object = (id: number, type: string, facets: Record<string, string> = {}, parent = 0): ObjectState => ({
  id, type, name: '', parent, status: 'alive', allocEvent: 0, freeEvent: -1, refs: null, slices: [],
  facets: Object.entries(facets).map(([facet, value]) => ({ facet, value, target: 0, sinceEvent: 0 })),
})
const edge = (holder: number, held: number, why: string): HoldEdge => ({
  holder, held, why, count: 1, counted: false, sinceEvent: 0,
})
const view = (objects: ObjectState[], edges: HoldEdge[]): StateView => ({
  event: 0, timeNs: 0, step: 0, objects, edges, cpus: [],
})
const ids = (list: { id: number }[]): number[] => list.map((one) => one.id)

describe('who reaches which memory', () => {
  const state = view(
    [
      object(1, 'device'), object(2, 'iommu_domain', { iotlb: 'stale' }), object(3, 'dma_mapping', { mapped: 'TO_DEVICE' }),
      object(4, 'device'), object(5, 'dma_buf'), object(6, 'file'),
      object(7, 'dma_buf_attachment', { mapped: '', state: 'invalidated' }, 5), object(8, 'mm_struct'),
      object(9, 'demo_notifier', { registered: 'mmu notifier' }), object(10, 'mm_struct'),
    ],
    [
      edge(1, 2, 'iommu attached'), edge(3, 1, 'dma mapping'), edge(6, 5, 'file of the buffer'),
      edge(8, 9, 'mmu notifier'), edge(4, 1, 'child device'),
    ],
  )
  const { devices, buffers, spaces } = memoryAccess(state)

  it('lists devices with their domain and mappings, and leaves out those that reach nothing', () => {
    expect(devices).toMatchObject([{ object: { id: 1 }, through: 2 }])
    expect(ids(devices[0]!.users)).toEqual([3])
  })

  it('lists shared buffers with their file and attachments', () => {
    expect(buffers).toMatchObject([{ object: { id: 5 }, through: 6 }])
    expect(ids(buffers[0]!.users)).toEqual([7])
  })

  it('lists the address spaces that somebody follows', () => {
    expect(spaces).toMatchObject([{ object: { id: 8 }, through: 0 }])
    expect(ids(spaces[0]!.users)).toEqual([9])
  })
})

describe('the states of memory in reach', () => {
  it.each([
    ['iommu_domain', { iotlb: 'stale' }, 'stale'], ['iommu_domain', {}, 'exact'],
    ['dma_mapping', { mapped: 'FROM_DEVICE' }, 'device'], ['dma_mapping', { mapped: 'FROM_DEVICE', owner: 'cpu' }, 'cpu'],
    ['dma_mapping', { mapped: 'coherent' }, 'both'], ['dma_buf', { vmap: '0' }, 'shared'], ['dma_buf', { vmap: '2' }, 'vmap'],
    ['dma_buf_attachment', { state: 'attached' }, 'attached'], ['dma_buf_attachment', { mapped: '', state: 'attached' }, 'mapped'],
    ['dma_buf_attachment', { mapped: '', state: 'invalidated' }, 'invalidated'],
    ['dma_buf_attachment', { state: 'invalidated' }, 'attached'], ['dma_fence', { state: 'signaled' }, 'signaled'],
    ['mm_struct', { state: 'torn down' }, 'empty'], ['mmu_interval_notifier', { registered: 'x' }, 'registered'],
  ] as const)('%s with %j is %s', (type, facets, id) => {
    expect(stateOf(object(1, type, facets)).id).toBe(id)
  })
})
