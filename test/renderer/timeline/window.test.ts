import { describe, expect, it } from 'vitest'
import type { WindowData, WindowRequest } from '../../../src-sim/trace/types'
import { density } from '../../../src-renderer/timeline/density'
import { arrowsOf, has } from '../../../src-renderer/timeline/flow-arrows'
import { pointAt, snap, spanAt } from '../../../src-renderer/timeline/hit-test'
import { layOut } from '../../../src-renderer/timeline/lane-layout'
import { prepare } from '../../../src-renderer/timeline/prepared'
import { paintPoints, paintSpans, wideSpans } from '../../../src-renderer/timeline/raster'
import { requestFor, WindowLoader, type Need } from '../../../src-renderer/timeline/window-loader'
import { lane, laneWindow, NO_FLOWS, windowData } from './lanes'

const prepared = (spans: Parameters<typeof laneWindow>[1], points: number[] = [], fromNs = 1000) =>
  prepare(windowData(fromNs, fromNs + 1000, [laneWindow(7, spans, points)]), 1000, () => 1)[0]!

describe('finding what is under the pointer', () => {
  const one = prepared([[0, 100], [200, 210], [300, 900], [50, 60, 1]], [10, 500])

  it('finds the span of the row that is asked for', () => {
    expect(spanAt(one, 0, 1050, 0)).toMatchObject({ index: 0, event: 10 })
    expect(spanAt(one, 1, 1055, 0)).toMatchObject({ index: 3 })
    expect(spanAt(one, 0, 1150, 5)).toBeNull()
    expect(spanAt(one, 2, 1050, 5)).toBeNull()
  })

  it('takes the nearest thing within reach', () => {
    expect(spanAt(one, 0, 1197, 5)).toMatchObject({ index: 1 })
    expect(spanAt(one, 0, 1104, 5)).toMatchObject({ index: 0 })
    expect(pointAt(one, 1504, 5)).toMatchObject({ index: 1, event: 51 })
    expect(pointAt(one, 1520, 5)).toBeNull()
  })

  it('snaps to edges', () => {
    expect(snap(one, 0, 1103, 5)).toBe(1100)
    expect(snap(one, 0, 1298, 5)).toBe(1300)
    expect(snap(one, 0, 1150, 5)).toBe(1150)
  })
})

describe('painting', () => {
  const view = { fromNs: 1000, toNs: 1100 }
  const colours = Uint32Array.of(0, 9, 0)

  it('fills the columns of each span and at least one', () => {
    const out = new Uint32Array(100)
    paintSpans(prepared([[10, 20], [50, 50.01]]), 0, view, 100, colours, colours, out, 0, 8, wideSpans())
    expect([...out.keys()].filter((i) => out[i] === 9)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 50])
  })

  it('cuts spans at both ends of the view and tells which are wide', () => {
    const out = new Uint32Array(300).fill(5)
    const wide = wideSpans()
    paintSpans(prepared([[0, 500]], [], 900), 0, view, 100, colours, colours, out, 100, 8, wide)
    expect(out[99]).toBe(5)
    expect(out[100]).toBe(9)
    expect(out[199]).toBe(9)
    expect(out[200]).toBe(5)
    expect(wide.count).toBe(1)
    expect(wide.width[0]).toBe(100)
  })

  it('gives lone events a shape and crowded ones a column', () => {
    const out = new Uint32Array(100)
    const lone = wideSpans()
    paintPoints(prepared([], [10, 50, 51, 90]), view, 100, Uint32Array.of(0, 4), out, 0, 5, lone)
    expect([...lone.x.subarray(0, lone.count)]).toEqual([10, 90])
    expect([...out.keys()].filter((i) => out[i] === 4)).toEqual([50, 51])
  })
})

describe('reading windows', () => {
  const need = (fromNs: number, toNs: number, more: Partial<Need> = {}): Need => ({
    view: { fromNs, toNs }, widthPx: 100, lanes: [1, 2], version: 1, ...more,
  })

  function loader() {
    const asked: WindowRequest[] = []
    const waiting: ((data: WindowData) => void)[] = []
    let changes = 0
    const windows = new WindowLoader(
      (request) => {
        asked.push(request)
        return new Promise((resolve) => waiting.push(resolve))
      },
      () => 0,
      () => changes++,
    )
    const answer = async (): Promise<void> => {
      const request = asked[asked.length - waiting.length]!
      waiting.shift()!(windowData(request.fromNs, request.toNs, request.lanes.map((id) => laneWindow(id, []))))
      await Promise.resolve()
      await Promise.resolve()
    }
    return { windows, asked, waiting, answer, changes: () => changes }
  }

  it('asks for more than is seen, and not again while that suits', async () => {
    const { windows, asked, answer } = loader()
    windows.want(need(1000, 2000))
    await answer()
    expect(asked).toEqual([{ fromNs: 0, toNs: 3000, widthPx: 300, lanes: [1, 2], flows: true }])
    windows.want(need(1500, 2500))
    expect(asked).toHaveLength(1)
    windows.want(need(2500, 3500))
    expect(asked).toHaveLength(2)
  })

  it('has at most one question out and then asks only the newest', async () => {
    const { windows, asked, answer } = loader()
    windows.want(need(1000, 2000))
    windows.want(need(10_000, 12_000))
    windows.want(need(50_000, 51_000))
    expect(asked).toHaveLength(1)
    await answer()
    expect(asked).toHaveLength(2)
    expect(asked[1]!.fromNs).toBe(49_000)
  })

  it('keeps the old data until the new is there', async () => {
    const { windows, answer } = loader()
    windows.want(need(1000, 2000))
    await answer()
    windows.want(need(90_000, 91_000))
    expect(windows.lane(1)!.fromNs).toBe(0)
    await answer()
    expect(windows.lane(1)!.fromNs).toBe(89_000)
  })

  it('asks again for finer data, for a longer trace and for new lanes', async () => {
    const { windows, asked, answer } = loader()
    windows.want(need(0, 100_000))
    await answer()
    windows.want(need(1000, 2000))
    expect(asked).toHaveLength(2)
    await answer()
    windows.want(need(1000, 2000, { version: 2 }))
    expect(asked).toHaveLength(3)
    await answer()
    windows.want(need(1000, 2000, { version: 2, lanes: [1, 5] }))
    expect(asked).toHaveLength(4)
  })

  it('forgets an answer that comes after a reset', async () => {
    const { windows, answer, changes } = loader()
    windows.want(need(1000, 2000))
    windows.reset()
    await answer()
    expect(windows.lane(1)).toBeUndefined()
    expect(changes()).toBe(0)
  })

  it('never asks for time before the start', () => {
    expect(requestFor(need(-500, 500)).fromNs).toBe(0)
  })
})

describe('the density of events', () => {
  it('shows how much happens when', () => {
    const values = density(windowData(0, 100, [laneWindow(1, [], [5, 5, 5, 5, 95])]), 10)
    expect([...values]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0.5])
  })
})

describe('arrows', () => {
  const layout = layOut([lane(1), lane(2)], { collapsed: new Set(), pinned: new Set(), filter: {}, scale: 1 })
  const at = { layout, view: { fromNs: 0, toNs: 100 }, widthPx: 100, top: 0 }
  const flows = {
    ...NO_FLOWS,
    fromTimes: Float64Array.of(10, 20), toTimes: Float64Array.of(50, 60), fromLanes: Int32Array.of(1, 1),
    toLanes: Int32Array.of(2, 9), fromEvents: Uint32Array.of(3, 4), toEvents: Uint32Array.of(8, 9),
  }

  it('joins lanes that are shown', () => {
    const arrows = arrowsOf(flows, 0, null, at)
    expect(arrows.count).toBe(1)
    expect([arrows.points[0], arrows.points[2]]).toEqual([10, 50])
  })

  it('keeps to the selected object', () => {
    expect(arrowsOf(flows, 0, Uint32Array.of(3, 8), at).count).toBe(1)
    expect(arrowsOf(flows, 0, Uint32Array.of(3, 9), at).count).toBe(0)
    expect(has(Uint32Array.of(1, 4, 9), 4)).toBe(true)
    expect(has(Uint32Array.of(1, 4, 9), 5)).toBe(false)
    expect(has(new Uint32Array(0), 0)).toBe(false)
  })
})
