import { ref, shallowRef, type Ref } from 'vue'
import type { LaneRow, LaneLayout } from './lane-layout'
import { rowIndexAt } from './lane-layout'
import { pointAt, snap, spanAt, type Hit } from './hit-test'
import type { PreparedLane } from './prepared'
import { partAt } from './scene'
import { useTimeline } from './store'
import { panBy, xToTime } from './time-scale'
import type { ViewControl } from './use-view'

const CLICK_PX = 4
const SLACK_PX = 5
const WHEEL_ZOOM = 0.0016

export interface Hover {
  readonly x: number
  readonly y: number
  readonly row: LaneRow
  readonly hit: Hit
  /** Name of the span, empty for a single event. */
  readonly label: string
  readonly fromNs: number
  readonly toNs: number
  readonly depth: number
}

export interface PointerParts {
  control: ViewControl
  layout: Ref<LaneLayout>
  scrollTop: Ref<number>
  width: Ref<number>
  scale: Ref<number>
  hoverNs: Ref<number | null>
  laneData: (id: number) => PreparedLane | undefined
  scrollBy: (px: number) => void
  /** A click: on something, or on an empty place. */
  choose: (hover: Hover | null, row: LaneRow | null, ns: number) => void
}

interface Drag {
  readonly kind: 'pan' | 'area'
  readonly x: number
  readonly y: number
  readonly ns: number
  moved: boolean
  lastX: number
  lastY: number
}

/** Wheel, dragging, hovering and clicking over the lanes and the ruler. */
export function usePointer(parts: PointerParts) {
  const timeline = useTimeline()
  const hover = shallowRef<Hover | null>(null)
  const dragging = ref(false)
  let drag: Drag | null = null

  const timeAt = (x: number): number => xToTime(parts.control.view.value, parts.width.value, x)
  const slackNs = (): number => {
    const { fromNs, toNs } = parts.control.view.value
    return ((toNs - fromNs) / parts.width.value) * SLACK_PX
  }

  function rowAt(y: number): LaneRow | null {
    const row = parts.layout.value.rows[rowIndexAt(parts.layout.value.rows, y + parts.scrollTop.value)]
    if (row?.row !== 'lane' || y + parts.scrollTop.value >= row.y + row.height) return null
    return row
  }

  function find(x: number, y: number): Hover | null {
    const row = rowAt(y)
    const lane = row && parts.laneData(row.lane.id)
    if (!row || !lane) return null
    const part = partAt(row, y + parts.scrollTop.value - row.y, parts.scale.value)
    const ns = timeAt(x)
    if (part === 'points') {
      const hit = pointAt(lane, ns, slackNs())
      const at = hit ? lane.window.pointTimes[hit.index]! + lane.fromNs : 0
      return hit && { x, y, row, hit, label: '', fromNs: at, toNs: at, depth: -1 }
    }
    const hit = spanAt(lane, part.depth, ns, slackNs())
    if (!hit) return null
    const { starts, ends, labels } = lane.window
    return {
      x, y, row, hit, label: lane.strings[labels[hit.index]!] ?? '', depth: part.depth,
      fromNs: starts[hit.index]! + lane.fromNs, toNs: ends[hit.index]! + lane.fromNs,
    }
  }

  /** Times that are set by hand snap to the edges of what is there. */
  function snapped(x: number, y: number): number {
    const ns = Math.max(0, timeAt(x))
    const row = rowAt(y)
    const lane = row && parts.laneData(row.lane.id)
    if (!row || !lane) return ns
    const part = partAt(row, y + parts.scrollTop.value - row.y, parts.scale.value)
    return snap(lane, part === 'points' ? 0 : part.depth, ns, slackNs())
  }

  function place(event: PointerEvent | WheelEvent | MouseEvent): { x: number; y: number } {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }

  function onWheel(event: WheelEvent): void {
    event.preventDefault()
    const { x } = place(event)
    const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit]
    if (event.altKey) return parts.scrollBy(dy)
    const { fromNs, toNs } = parts.control.goal()
    const perPx = (toNs - fromNs) / parts.width.value
    if (event.shiftKey) return parts.control.pan((dx || dy) * perPx)
    if (Math.abs(dx) > Math.abs(dy)) return parts.control.pan(dx * perPx)
    const ns = xToTime(parts.control.goal(), parts.width.value, x)
    parts.control.zoom(ns, Math.exp(Math.max(-240, Math.min(240, dy)) * WHEEL_ZOOM))
  }

  function onDown(event: PointerEvent, onRuler = false): void {
    if (event.button !== 0 && event.button !== 1) return
    const { x, y } = place(event)
    const selects = event.button === 0 && (onRuler || event.shiftKey !== timeline.dragSelects)
    const ns = onRuler ? Math.max(0, timeAt(x)) : snapped(x, y)
    drag = { kind: selects ? 'area' : 'pan', x, y, ns, moved: false, lastX: x, lastY: y }
    ;(event.currentTarget as HTMLElement).setPointerCapture(event.pointerId)
    hover.value = null
  }

  function onMove(event: PointerEvent, onRuler = false): void {
    const { x, y } = place(event)
    parts.hoverNs.value = timeAt(x)
    if (!drag) {
      hover.value = onRuler ? null : find(x, y)
      return
    }
    if (!drag.moved && Math.hypot(x - drag.x, y - drag.y) < CLICK_PX) return
    drag.moved = true
    dragging.value = true
    if (drag.kind === 'area') {
      const end = onRuler ? Math.max(0, timeAt(x)) : snapped(x, y)
      timeline.area = { fromNs: Math.min(drag.ns, end), toNs: Math.max(drag.ns, end) }
    } else {
      const { control } = parts
      const view = control.view.value
      const perPx = (view.toNs - view.fromNs) / parts.width.value
      control.jump(panBy(view, (drag.lastX - x) * perPx, timeline.range))
      parts.scrollBy(drag.lastY - y)
    }
    drag.lastX = x
    drag.lastY = y
  }

  function onUp(event: PointerEvent, onRuler = false): void {
    const { x, y } = place(event)
    if (drag && !drag.moved) {
      if (drag.kind === 'area') timeline.area = null
      parts.choose(onRuler ? null : find(x, y), onRuler ? null : rowAt(y), onRuler ? timeAt(x) : snapped(x, y))
    }
    drag = null
    dragging.value = false
  }

  function onLeave(): void {
    if (drag) return
    hover.value = null
    parts.hoverNs.value = null
  }

  function onDouble(event: MouseEvent): void {
    const { x, y } = place(event)
    const found = find(x, y)
    if (found) parts.control.fit(found.fromNs, found.toNs)
  }

  return { hover, dragging, onWheel, onDown, onMove, onUp, onLeave, onDouble, timeAt }
}
