/** The part of the time axis that is shown. All arithmetic of zooming and panning is here. */
export interface TimeView {
  readonly fromNs: number
  readonly toNs: number
}

/** Nothing happens faster than this; zooming in further would only lose the place. */
export const VIEW_MIN_NS = 20
/** Empty share of the view that may be left beyond each end of the run. */
const MARGIN = 0.5

export const timeToX = (view: TimeView, widthPx: number, ns: number): number =>
  ((ns - view.fromNs) / (view.toNs - view.fromNs)) * widthPx

export const xToTime = (view: TimeView, widthPx: number, x: number): number =>
  view.fromNs + (x / widthPx) * (view.toNs - view.fromNs)

/** The whole run with a little air, so that the first and last events are not cut. */
export function wholeView(range: TimeView): TimeView {
  const span = Math.max(VIEW_MIN_NS, range.toNs - range.fromNs)
  return { fromNs: range.fromNs - span * 0.01, toNs: range.fromNs + span * 1.01 }
}

/** Scales around the time that is under the pointer; `factor` below 1 zooms in. */
export function zoomAt(view: TimeView, ns: number, factor: number, range: TimeView): TimeView {
  const span = view.toNs - view.fromNs
  const spanMax = (wholeView(range).toNs - wholeView(range).fromNs) * (1 + MARGIN)
  const next = Math.min(spanMax, Math.max(VIEW_MIN_NS, span * factor))
  const share = (ns - view.fromNs) / span
  const fromNs = ns - share * next
  return clampView({ fromNs, toNs: fromNs + next }, range)
}

export function panBy(view: TimeView, ns: number, range: TimeView): TimeView {
  return clampView({ fromNs: view.fromNs + ns, toNs: view.toNs + ns }, range)
}

/** Keeps at least half of the view over the run. */
export function clampView(view: TimeView, range: TimeView): TimeView {
  const span = view.toNs - view.fromNs
  const low = range.fromNs - span * MARGIN
  const high = Math.max(range.toNs, range.fromNs + VIEW_MIN_NS) + span * MARGIN
  const shift = view.fromNs < low ? low - view.fromNs : view.toNs > high ? high - view.toNs : 0
  return shift === 0 ? view : { fromNs: view.fromNs + shift, toNs: view.toNs + shift }
}

/** A view of two times with air around them; of equal times, a short stretch. */
export function fitView(aNs: number, bNs: number, range: TimeView): TimeView {
  const from = Math.min(aNs, bNs)
  const to = Math.max(aNs, bNs)
  const air = Math.max((to - from) * 0.1, VIEW_MIN_NS, (range.toNs - range.fromNs) * 1e-4)
  return clampView({ fromNs: from - air, toNs: to + air }, range)
}

/** Brings a time into view by the smallest shift that leaves it a tenth away from the edge. */
export function reveal(view: TimeView, ns: number, range: TimeView): TimeView {
  const span = view.toNs - view.fromNs
  if (ns >= view.fromNs && ns <= view.toNs) return view
  const fromNs = ns < view.fromNs ? ns - span * 0.1 : ns - span * 0.9
  return clampView({ fromNs, toNs: fromNs + span }, range)
}

/** One step of a smooth move from one view to another, by ratio so that zooming feels even. */
export function approach(now: TimeView, goal: TimeView, share: number): TimeView {
  const span = goal.toNs - goal.fromNs
  const far =
    Math.abs(now.fromNs - goal.fromNs) + Math.abs(now.toNs - goal.toNs) > span * 0.001
  if (!far || share >= 1) return goal
  return {
    fromNs: now.fromNs + (goal.fromNs - now.fromNs) * share,
    toNs: now.toNs + (goal.toNs - now.toNs) * share,
  }
}
