import { describe, expect, it } from 'vitest'
import { kindOf } from '../../../src-renderer/timeline/kinds'
import { layOut, pinKey, rowIndexAt, rowsBetween, type LayoutOptions } from '../../../src-renderer/timeline/lane-layout'
import { lane } from './lanes'

const options: LayoutOptions = { collapsed: new Set(), pinned: new Set(), filter: {}, scale: 1 }
const lanes = [
  lane(0, { type: 'timer_list', name: 't' }),
  lane(1, { kind: 'cpu', subject: -2, type: 'cpu', name: 'CPU 1' }),
  lane(2, { kind: 'context', type: 'task', name: 'insmod', subject: 5 }),
  lane(3, { kind: 'cpu', subject: -1, type: 'cpu', name: 'CPU 0' }),
  lane(4, { depth: 3 }),
]
const titles = (rows: ReturnType<typeof layOut>['rows']): string[] =>
  rows.map((row) => (row.row === 'group' ? `[${row.title}]` : row.lane.name))

describe('the layout of lanes', () => {
  it('groups by kind in a fixed order, CPUs by number', () => {
    expect(titles(layOut(lanes, options).rows)).toEqual([
      '[CPUs]', 'CPU 0', 'CPU 1', '[Tasks]', 'insmod', '[Work items]', 'w4', '[Timers]', 't',
    ])
  })

  it('hides the lanes of a closed group and keeps its count', () => {
    const { rows } = layOut(lanes, { ...options, collapsed: new Set(['cpu']) })
    expect(titles(rows).slice(0, 2)).toEqual(['[CPUs]', '[Tasks]'])
    expect(rows[0]).toMatchObject({ count: 2, collapsed: true })
  })

  it('shows a pinned lane on top and in its group', () => {
    const { rows, byLane } = layOut(lanes, { ...options, pinned: new Set([pinKey(lanes[4]!)]) })
    expect(titles(rows).slice(0, 2)).toEqual(['[Pinned]', 'w4'])
    expect(rows.filter((row) => row.row === 'lane' && row.lane.id === 4)).toHaveLength(2)
    expect(byLane.get(4)!.group).toBe('pinned')
  })

  it('stacks rows without gaps, higher for deeper lanes', () => {
    const { rows, height } = layOut(lanes, options)
    let y = 0
    for (const row of rows) {
      expect(row.y).toBe(y)
      y += row.height
    }
    expect(height).toBe(y)
    const [shallow, deep] = [rows.find((r) => r.row === 'lane' && r.lane.id === 0)!, rows.find((r) => r.row === 'lane' && r.lane.id === 4)!]
    expect(deep.height).toBeGreaterThan(shallow.height)
  })

  it('filters by name, number and CPU', () => {
    expect(titles(layOut(lanes, { ...options, filter: { text: 'INS' } }).rows)).toEqual(['[Tasks]', 'insmod'])
    expect(titles(layOut(lanes, { ...options, filter: { text: '#104' } }).rows)).toEqual(['[Work items]', 'w4'])
    expect(titles(layOut(lanes, { ...options, filter: { cpu: 1 } }).rows)).not.toContain('CPU 0')
  })

  it('finds the row at every height', () => {
    const { rows, height } = layOut(lanes, options)
    for (let y = 0; y < height; y++) {
      const row = rows[rowIndexAt(rows, y)]!
      expect(y >= row.y && y < row.y + row.height).toBe(true)
    }
    expect(rowIndexAt(rows, -1)).toBe(-1)
    expect(rowsBetween(rows, 30, 31)).toHaveLength(1)
  })
})

describe('kinds of objects', () => {
  it.each([
    ['work_struct', 'work'], ['delayed_work', 'work'], ['workqueue_struct', 'queue'], ['timer_list', 'timer'],
    ['hrtimer', 'hrtimer'], ['pci_dev', 'device'], ['pci_driver', 'driver'], ['irqaction', 'irq'], ['mutex', 'lock'],
    ['spinlock', 'lock'], ['module', 'module'], ['cdev', 'file'], ['task', 'task'], ['bus_type', 'bus'], ['demo', 'memory'],
  ])('%s is a %s', (type, kind) => expect(kindOf(type)).toBe(kind))
})
