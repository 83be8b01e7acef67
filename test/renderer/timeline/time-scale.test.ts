import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { duration, exactTime, niceStep, ticksOf } from '../../../src-renderer/timeline/ruler'
import {
  approach, clampView, fitView, panBy, reveal, timeToX, VIEW_MIN_NS, wholeView, xToTime, zoomAt,
} from '../../../src-renderer/timeline/time-scale'

const range = { fromNs: 0, toNs: 1_000_000 }
const anyView = fc
  .tuple(fc.double({ min: 0, max: 9e5, noNaN: true }), fc.double({ min: 100, max: 1e5, noNaN: true }))
  .map(([fromNs, span]) => ({ fromNs, toNs: fromNs + span }))

describe('the time scale', () => {
  it('turns times into places and back', () => {
    fc.assert(
      fc.property(anyView, fc.double({ min: 0, max: 1200, noNaN: true }), (view, x) => {
        expect(timeToX(view, 1200, xToTime(view, 1200, x))).toBeCloseTo(x, 3)
      }),
    )
  })

  it('keeps the time under the pointer when it zooms', () => {
    fc.assert(
      fc.property(anyView, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0.3, max: 3, noNaN: true }), (view, at, factor) => {
        const ns = view.fromNs + at * (view.toNs - view.fromNs)
        const next = zoomAt(view, ns, factor, range)
        const inner = next.fromNs > range.fromNs - 1 && next.toNs < range.toNs + 1
        if (inner) expect(timeToX(next, 1000, ns)).toBeCloseTo(at * 1000, 2)
      }),
    )
  })

  it('stops zooming in at the smallest stretch', () => {
    let view = wholeView(range)
    for (let i = 0; i < 100; i++) view = zoomAt(view, 500_000, 0.5, range)
    expect(view.toNs - view.fromNs).toBeCloseTo(VIEW_MIN_NS)
  })

  it('never loses the run when it moves', () => {
    fc.assert(
      fc.property(anyView, fc.double({ min: -1e8, max: 1e8, noNaN: true }), (view, by) => {
        const next = panBy(view, by, range)
        expect(next.toNs).toBeGreaterThan(range.fromNs)
        expect(next.fromNs).toBeLessThan(range.toNs)
        expect(next.toNs - next.fromNs).toBeCloseTo(view.toNs - view.fromNs, 3)
      }),
    )
  })

  it('reveals a time by the smallest move and leaves a shown one alone', () => {
    const view = { fromNs: 1000, toNs: 2000 }
    expect(reveal(view, 1500, range)).toBe(view)
    expect(reveal(view, 5000, range)).toEqual({ fromNs: 4100, toNs: 5100 })
    expect(reveal(view, 900, range)).toEqual({ fromNs: 800, toNs: 1800 })
  })

  it('fits two times in either order', () => {
    const view = fitView(7000, 3000, range)
    expect(view.fromNs).toBeLessThan(3000)
    expect(view.toNs).toBeGreaterThan(7000)
    expect(clampView(view, range)).toBe(view)
  })

  it('reaches its goal', () => {
    let view = wholeView(range)
    const goal = { fromNs: 10, toNs: 40 }
    for (let i = 0; i < 200 && view !== goal; i++) view = approach(view, goal, 0.3)
    expect(view).toBe(goal)
  })
})

describe('the ruler', () => {
  it('takes steps of 1, 2 and 5', () => {
    expect([0.2, 1, 1.5, 3, 7, 15, 400].map(niceStep)).toEqual([1, 1, 2, 5, 10, 20, 500])
  })

  it('labels ticks in the unit of their step', () => {
    expect(ticksOf({ fromNs: 0, toNs: 10_000_000 }, 1000).map((t) => t.label).slice(0, 3)).toEqual(['0 ms', '1 ms', '2 ms'])
    expect(ticksOf({ fromNs: 1_234_000, toNs: 1_234_100 }, 1000)[1]!.label).toBe('1\u2009234\u2009010 ns')
    expect(ticksOf({ fromNs: 0, toNs: 20e9 }, 1000)[1]!.label).toBe('2 s')
  })

  it('keeps ticks apart and never before zero', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e9, noNaN: true }), fc.double({ min: 20, max: 1e10, noNaN: true }), (fromNs, span) => {
        const view = { fromNs, toNs: fromNs + span }
        const xs = ticksOf(view, 1000).map((tick) => timeToX(view, 1000, tick.ns))
        expect(xs.length).toBeLessThan(14)
        for (let i = 1; i < xs.length; i++) expect(xs[i]! - xs[i - 1]!).toBeGreaterThan(45)
        for (const tick of ticksOf(view, 1000)) expect(tick.ns).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  it('writes lengths with about four digits', () => {
    expect([0, 999, 1000, 12_345, 1.5e6, 2e9, -1500].map(duration)).toEqual(['0 ns', '999 ns', '1 µs', '12.35 µs', '1.5 ms', '2 s', '-1.5 µs'])
  })
})

describe('exact times', () => {
  it('keep every nanosecond', () => {
    expect([0, 1, 1_500_000_000, 503_634_217].map(exactTime)).toEqual(['0.000000000', '0.000000001', '1.500000000', '0.503634217'])
  })
})
