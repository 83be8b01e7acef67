import { describe, expect, it } from 'vitest'
import { position } from '../../../src-sim/engine/position'
import type { EventRecord } from '../../../src-sim/trace/types'
import { EventPages, PAGE_ROWS } from '../../../src-renderer/timeline/event-pages'
import { eventLines, eventSummary, placeOf } from '../../../src-renderer/timeline/event-text'
import { luminance, mix, parseColour, readPalette, styleOf } from '../../../src-renderer/timeline/palette'
import { positionOf } from '../../../src-renderer/timeline/use-keys'
import type { EventsAnswer } from '../../../src-renderer/timeline/queries'

const record = (index: number, more: Partial<EventRecord> = {}): EventRecord => ({
  index, timeNs: index * 10, step: index, cpu: 0, context: 1, position: position(1, 12, 3), name: 'timer_start',
  category: 'timer', args: [7, 'demo_timer', 100, 255, 0], ...more,
})
const page = (records: EventRecord[], total = 1000): EventsAnswer => ({
  records,
  fields: {
    timer_start: [
      { name: 'timer', type: 'obj', unit: '' }, { name: 'function', type: 'sym', unit: '' },
      { name: 'expires', type: 'u64', unit: 'jiffies' }, { name: 'flags', type: 'hex', unit: '' },
      { name: 'extra', type: 'obj', unit: '' },
    ],
  },
  objects: { 7: { type: 'timer_list', name: 'demo' } },
  files: { 1: 'driver.ts' },
  total,
})

describe('events in words', () => {
  it('shows names, units and hexadecimal numbers, and leaves nothing out but nothing', () => {
    expect(eventLines(record(1), page([]))).toEqual([
      { name: 'timer', value: 'demo #7', object: 7 }, { name: 'function', value: 'demo_timer', object: 0 },
      { name: 'expires', value: '100 jiffies', object: 0 }, { name: 'flags', value: '0xff', object: 0 },
    ])
    expect(eventSummary(record(1), page([]))).toContain('expires=100 jiffies')
  })

  it('knows the place in the sources', () => {
    expect(placeOf(record(1), page([]))).toEqual({ file: 'driver.ts', line: 12, column: 3 })
    expect(placeOf(record(1, { position: 0 }), page([]))).toBeNull()
  })
})

describe('pages of events', () => {
  it('reads a page once, from its first event', async () => {
    const asked: [number, number][] = []
    const pages = new EventPages(
      (from, limit) => {
        asked.push([from, limit])
        return Promise.resolve(page(Array.from({ length: limit }, (_, i) => record(from + i))))
      },
      () => undefined,
    )
    expect(pages.at(130, (row) => row)).toBeUndefined()
    await new Promise((resolve) => setImmediate(resolve))
    expect(asked).toEqual([[PAGE_ROWS, PAGE_ROWS]])
    expect(pages.at(130, (row) => row)!.record.index).toBe(130)
    expect(asked).toHaveLength(1)
  })

  it('with a filter starts at the event of the first row', async () => {
    const asked: unknown[] = []
    const pages = new EventPages(
      (...query) => {
        asked.push(query)
        return Promise.resolve(page([record(5), record(9)]))
      },
      () => undefined,
    )
    pages.at(1, (row) => [5, 9][row]!, { object: 7 })
    await new Promise((resolve) => setImmediate(resolve))
    expect(asked).toEqual([[5, PAGE_ROWS, { object: 7 }]])
    expect(pages.at(1, (row) => [5, 9][row]!, { object: 7 })!.record.index).toBe(9)
  })

  it('tells why it failed', async () => {
    const pages = new EventPages(() => Promise.reject(new Error('gone')), () => undefined)
    pages.at(0, (row) => row)
    await new Promise((resolve) => setImmediate(resolve))
    expect(pages.error).toBe('gone')
  })
})

describe('colours', () => {
  it('reads hexadecimal and rgb() colours', () => {
    expect(parseColour('#1b84bd')).toEqual([27, 132, 189])
    expect(parseColour(' #fff')).toEqual([255, 255, 255])
    expect(parseColour('rgb(1, 2 3)')).toEqual([1, 2, 3])
    expect(mix([0, 0, 0], [100, 200, 50], 0.5)).toEqual([50, 100, 25])
  })

  it('gives every span a colour with readable text', () => {
    for (const panel of ['#1b1e25', '#ffffff']) {
      const palette = readPalette((name) => (name === 'panel' ? panel : name.startsWith('cat') ? '#1b84bd' : '#146c43'))
      for (let category = 0; category < 17; category++) {
        for (const label of ['demo', 'running', 'zombie', 'R', 'S', 'no driver']) {
          expect(palette.css[styleOf(category, label)]).toBeDefined()
        }
      }
      palette.css.forEach((css, i) => {
        const [a, b] = [luminance(parseColour(css)), luminance(parseColour(palette.text[i]!))].sort((x, y) => x - y)
        expect((b! + 0.05) / (a! + 0.05)).toBeGreaterThan(3)
      })
    }
  })

  it('shows the same state the same way everywhere', () => {
    expect(styleOf(3, 'running')).toBe(styleOf(9, 'running'))
    expect(styleOf(3, 'demo')).not.toBe(styleOf(9, 'demo'))
  })
})

describe('keys', () => {
  const key = (key: string, code: string, more = {}) => positionOf({ key, code, altKey: false, shiftKey: false, ...more })

  it('go by position for letters and brackets', () => {
    expect(key('z', 'KeyW')).toBe('W')
    expect(key('å', 'KeyA', { altKey: true })).toBe('Alt+A')
    expect(key('{', 'BracketLeft', { shiftKey: true })).toBe('Shift+[')
    expect(key('ArrowUp', 'ArrowUp')).toBe('Up')
    expect(key('/', 'Slash')).toBe('/')
  })
})
