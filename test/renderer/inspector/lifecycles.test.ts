import { describe, expect, it } from 'vitest'
import type { ContextView } from '../../../src-sim/protocol'
import { CATEGORIES } from '../../../src-sim/trace/declare'
import * as device from '../../../src-sim/trace/events/device'
import * as module from '../../../src-sim/trace/events/module'
import type { ObjectState } from '../../../src-sim/trace/types'
import { byCpu, waiting } from '../../../src-renderer/inspector/contexts'
import { boxLeft, boxTop, BOX_HEIGHT, BOX_WIDTH, diagramOf } from '../../../src-renderer/inspector/diagram'
import { lifecycleOf, nextStates, stateOf } from '../../../src-renderer/inspector/lifecycles'
import { CATEGORY_LOOK, KIND_ORDER } from '../../../src-renderer/timeline/kinds'

const object = (type: string, facets: Record<string, string> = {}, status: ObjectState['status'] = 'alive'): ObjectState => ({
  id: 1, type, name: '', parent: 0, status, allocEvent: 0, freeEvent: -1, refs: null, slices: [],
  facets: Object.entries(facets).map(([name, value]) => ({ facet: name, value, target: 0, sinceEvent: 0 })),
})

const TYPES = [
  'pci_dev', 'pci_driver', 'module', 'work_struct', 'timer_list', 'hrtimer', 'irqaction', 'file', 'mutex', 'task', 'demo', 'bus_type', 'dma_buf',
  'dma_mapping', 'iommu_domain', 'dma_buf_attachment', 'dma_fence', 'mm_struct', 'mmu_notifier', 'dma_pool',
]

describe('lifecycle tables', () => {
  it.each(TYPES)('of %s are sound', (type) => {
    const { states, moves } = lifecycleOf(type)
    const ids = new Set(states.map((state) => state.id))
    expect(ids.size).toBe(states.length)
    expect(new Set(states.map((state) => `${state.x},${state.y}`)).size).toBe(states.length)
    for (const [from, to, why] of moves) {
      expect(ids.has(from), from).toBe(true)
      expect(ids.has(to), to).toBe(true)
      expect(why).not.toBe('')
    }
    for (const state of states.slice(1)) expect(moves.some(([, to]) => to === state.id), state.id).toBe(true)
  })

  it.each(TYPES)('draw boxes of %s that do not overlap and arrows between them', (type) => {
    const lifecycle = lifecycleOf(type)
    const { width, height, arrows } = diagramOf(lifecycle)
    for (const state of lifecycle.states) {
      expect(boxLeft(state) + BOX_WIDTH).toBeLessThanOrEqual(width)
      expect(boxTop(state) + BOX_HEIGHT).toBeLessThanOrEqual(height)
    }
    expect(arrows).toHaveLength(lifecycle.moves.length)
    for (const arrow of arrows) expect(arrow.path).toMatch(/^M-?[\d.]+ -?[\d.]+Q[-\d. ]+$/)
  })

  it('know every state that the trace can tell of devices and modules', () => {
    for (const value of device.device_state.fields[1]!.values) {
      expect(stateOf(object('pci_dev', { state: value })).id).toBe(value)
    }
    for (const value of module.module_state.fields[1]!.values) {
      expect(stateOf(object('module', { state: value })).id).toBe(value)
    }
  })

  it.each([
    ['work_struct', { queued: 'queued' }, 'queued'], ['work_struct', { running: 'kworker' }, 'running'],
    ['work_struct', { running: 'kworker', queued: 'queued' }, 'again'], ['work_struct', {}, 'idle'],
    ['work_struct', { delayed: 'delayed' }, 'delayed'], ['timer_list', { armed: 'armed' }, 'armed'],
    ['timer_list', { state: 'shut down' }, 'shut down'], ['hrtimer', { running: 'x', armed: 'x' }, 'rearmed'],
    ['irqaction', { running: 'running' }, 'running'], ['file', { open: '/dev/x' }, 'open'], ['mutex', { held: 'a' }, 'held'],
    ['task', { state: 'running' }, 'running'], ['task', { state: 'R+' }, 'R'], ['demo', {}, 'alive'],
  ] as const)('%s with %o is %s', (type, facets, state) => {
    expect(stateOf(object(type, facets)).id).toBe(state)
  })

  it('show what is freed as freed, whatever still points to it', () => {
    expect(stateOf(object('work_struct', { queued: 'queued' }, 'freed')).id).toBe('freed')
    expect(stateOf(object('pci_dev', { state: 'bound' }, 'freed')).id).toBe('released')
  })

  it('tell what may follow', () => {
    expect(nextStates(lifecycleOf('pci_dev'), 'bound')).toEqual([{ to: 'unbinding', why: 'remove' }])
  })
})

describe('looks', () => {
  it('differ in shape where they share a colour', () => {
    const looks = CATEGORIES.map((category) => `${CATEGORY_LOOK[category].colour}/${CATEGORY_LOOK[category].glyph}`)
    expect(new Set(looks).size).toBe(CATEGORIES.length)
    expect(KIND_ORDER[0]).toBe('cpu')
  })
})

describe('contexts', () => {
  const context = (id: number, more: Partial<ContextView>): ContextView => ({
    id, cpu: 0, kind: 'task', name: `t${id}`, pid: id, state: 'running', waitsFor: null, running: false, stack: [],
    locks: [], preemptCount: 0, irqsOff: false, ...more,
  })
  const list = [
    context(1, { running: true }), context(2, { kind: 'hardirq', running: true, irqsOff: true }),
    context(3, { cpu: 2, state: 'interruptible', waitsFor: 'a lock' }), context(4, { state: 'dead' }), context(5, {}),
  ]

  it('stack what runs on each CPU, the innermost first', () => {
    const cpus = byCpu(list)
    expect(cpus.map((cpu) => cpu.running.map((one) => one.id))).toEqual([[2, 1], [], []])
    expect(cpus[0]).toMatchObject({ irqsOff: true, preemptOff: false })
  })

  it('list the others, those that wait first and the dead last', () => {
    expect(waiting(list).map((one) => one.id)).toEqual([3, 5, 4])
  })
})
