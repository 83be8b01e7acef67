import { shallowRef, watch, type ShallowRef } from 'vue'
import { useCursor, useSettings } from '../workbench/stores'
import { useTimeline } from './store'
import { approach, fitView, panBy, reveal, wholeView, zoomAt, type TimeView } from './time-scale'

const EASE_MS = 55

export interface ViewControl {
  /** What is drawn now. */
  view: ShallowRef<TimeView>
  goal(): TimeView
  /** Moves one frame closer to the goal; false when it is reached. */
  advance(elapsedMs: number): boolean
  zoom(ns: number, factor: number): void
  pan(ns: number): void
  /** Moves without easing, for dragging. */
  jump(to: TimeView): void
  go(to: TimeView): void
  whole(): void
  fit(aNs: number, bNs: number): void
  reveal(ns: number): void
}

/** The shown part of time axis: eases towards where it was sent. */
export function useView(moved: () => void): ViewControl {
  const timeline = useTimeline()
  const settings = useSettings()
  const cursor = useCursor()
  const view = shallowRef<TimeView>(wholeView(timeline.range))
  let goal = view.value
  /** While the whole run is shown, it stays so as the run grows. */
  let showsWhole = true

  function go(to: TimeView): void {
    goal = to
    showsWhole = false
    if (settings.reducedMotion) view.value = to
    moved()
  }

  function jump(to: TimeView): void {
    goal = to
    view.value = to
    showsWhole = false
    moved()
  }

  function whole(): void {
    go(wholeView(timeline.range))
    showsWhole = true
  }

  watch(
    () => timeline.range,
    (range, before) => {
      if (range.toNs === before.toNs && range.fromNs === before.fromNs) return
      if (!showsWhole && before.toNs > 0 && range.toNs > 0) return moved()
      goal = wholeView(range)
      showsWhole = true
      if (before.toNs === 0 || range.toNs === 0) view.value = goal
      moved()
    },
  )
  watch(
    () => cursor.timeNs,
    (ns) => {
      if (!showsWhole) goal = reveal(goal, ns, timeline.range)
      moved()
    },
  )

  return {
    view,
    goal: () => goal,
    advance(elapsedMs) {
      if (view.value === goal) return false
      const share = settings.reducedMotion ? 1 : 1 - Math.exp(-elapsedMs / EASE_MS)
      view.value = approach(view.value, goal, share)
      return view.value !== goal
    },
    zoom: (ns, factor) => go(zoomAt(goal, ns, factor, timeline.range)),
    pan: (ns) => go(panBy(goal, ns, timeline.range)),
    jump,
    go,
    whole,
    fit: (aNs, bNs) => go(fitView(aNs, bNs, timeline.range)),
    reveal: (ns) => go(reveal(goal, ns, timeline.range)),
  }
}
