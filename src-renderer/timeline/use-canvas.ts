import { computed, onBeforeUnmount, onMounted, ref, watch, type Ref, type ShallowRef } from 'vue'
import { tokenColour } from '../workbench/theme'
import { useCursor, useFindings, useSettings } from '../workbench/stores'
import { CanvasRenderer } from './canvas-renderer'
import { arrowsOf, findingArrows } from './flow-arrows'
import { rowsBetween, TRACK_HEIGHT, type LaneLayout, type LaneRow } from './lane-layout'
import { drawOverlay, drawRuler, type OverlayInput } from './overlay'
import { readPalette, styleOf, type Palette } from './palette'
import { useQueries } from './queries'
import { ticksOf } from './ruler'
import { drawScene, LANE_TOP } from './scene'
import { useTimeline } from './store'
import { timeToX, type TimeView } from './time-scale'
import type { ViewControl } from './use-view'
import { WindowLoader } from './window-loader'

export interface Selected {
  readonly lane: number
  readonly depth: number
  readonly fromNs: number
  readonly toNs: number
}

export interface CanvasParts {
  main: Ref<HTMLCanvasElement | null>
  overlay: Ref<HTMLCanvasElement | null>
  ruler: Ref<HTMLCanvasElement | null>
  /** The element whose size the lanes fill. */
  box: Ref<HTMLElement | null>
  layout: Ref<LaneLayout>
  scrollTop: Ref<number>
  selected: ShallowRef<Selected | null>
  hoverNs: Ref<number | null>
}

const NO_ARROWS = { count: 0, points: new Float32Array(0) }
const RULER_PX = 26

/** Draws the lanes, what lies over them and the ruler, at most once a frame. */
export function useCanvas(parts: CanvasParts, makeView: (moved: () => void) => ViewControl) {
  const timeline = useTimeline()
  const cursor = useCursor()
  const findings = useFindings()
  const settings = useSettings()
  const queries = useQueries()
  const width = ref(800)
  const height = ref(300)
  const scale = computed(() => settings.values.zoom)
  const loadError = ref('')
  const pending = ref(false)
  let renderer: CanvasRenderer | null = null
  let palette: Palette | null = null
  let frame = 0
  let lastMs = 0
  let stale = true
  let observer: ResizeObserver | null = null
  let settled: ReturnType<typeof setTimeout> | undefined
  const settle = new Set<() => void>()

  const loader = new WindowLoader((request) => queries.window(request), styleOf, () => {
    loadError.value = loader.error ?? ''
    pending.value = loader.busy
    redraw()
  })
  const control = makeView(redraw)

  function redraw(): void {
    stale = true
    invalidate()
  }

  function invalidate(): void {
    if (frame === 0) frame = requestAnimationFrame(draw)
  }

  function draw(nowMs: number): void {
    frame = 0
    if (!renderer || !palette || width.value <= 0) return
    const moving = control.advance(Math.min(50, lastMs === 0 ? 16 : nowMs - lastMs))
    lastMs = moving ? nowMs : 0
    if (stale || moving) {
      drawScene(renderer, {
        layout: parts.layout.value, view: control.view.value, widthPx: width.value, heightPx: height.value,
        scrollTop: parts.scrollTop.value, scale: scale.value, laneData: (id) => loader.lane(id),
      })
      ask()
    }
    stale = false
    drawOver()
    if (moving) {
      stale = true
      invalidate()
    }
  }

  /** Reads what the goal of the move will show, not what it passes. */
  function ask(): void {
    const top = parts.scrollTop.value
    const air = height.value * 0.5
    const rows = rowsBetween(parts.layout.value.rows, top - air, top + height.value + air)
    const lanes = [...new Set(rows.flatMap((row) => (row.row === 'lane' ? [row.lane.id] : [])))]
    if (lanes.length === 0) return
    const widthPx = Math.ceil(width.value)
    loader.want({ view: control.goal(), widthPx, lanes, version: timeline.version })
    pending.value = loader.busy
    clearTimeout(settled)
    settled = setTimeout(() => settle.forEach((tell) => tell()), 250)
  }

  function drawOver(): void {
    const over = parts.overlay.value?.getContext('2d')
    const rule = parts.ruler.value?.getContext('2d')
    if (!over || !rule || !palette) return
    const input = overlayInput()
    const ratio = devicePixelRatio
    over.setTransform(ratio, 0, 0, ratio, 0, 0)
    drawOverlay(over, palette, input)
    rule.setTransform(ratio, 0, 0, ratio, 0, 0)
    drawRuler(rule, palette, { ...input, heightPx: RULER_PX })
  }

  function overlayInput(): OverlayInput {
    const view = control.view.value
    const top = parts.scrollTop.value
    const rows = rowsBetween(parts.layout.value.rows, top, top + height.value)
    const lane = cursor.laneId === null ? undefined : parts.layout.value.byLane.get(cursor.laneId)
    const placing = { layout: parts.layout.value, view, widthPx: width.value, top: -top }
    const { flows } = loader
    const wanted = timeline.allArrows ? null : timeline.history
    const finding = findings.selected
    return {
      view,
      widthPx: width.value,
      heightPx: height.value,
      ticks: ticksOf(view, width.value, 92 * scale.value),
      cursorNs: cursor.timeNs,
      hoverNs: parts.hoverNs.value,
      area: timeline.area,
      markerA: timeline.markerA,
      markerB: timeline.markerB,
      bookmarks: timeline.bookmarks,
      findings: findings.list.map((one, i) => ({ timeNs: one.timeNs, selected: i === cursor.findingIndex })),
      laneBand: lane ? { y: lane.y - top, height: lane.height } : null,
      outline: outlineOf(parts.selected.value, view, top),
      groups: rows.flatMap((row) => (row.row === 'group' ? [{ y: row.y - top, height: row.height }] : [])),
      arrows: flows ? arrowsOf(flows, loader.flowsFromNs, wanted, placing) : NO_ARROWS,
      findingArrows: finding ? findingArrows(finding, timeline.answer.lanes, placing) : NO_ARROWS,
      ends: timeline.range,
    }
  }

  function outlineOf(at: Selected | null, view: TimeView, top: number) {
    const row = at && (parts.layout.value.byLane.get(at.lane) as LaneRow | undefined)
    if (!at || !row) return null
    const track = TRACK_HEIGHT * scale.value
    const x = timeToX(view, width.value, at.fromNs)
    const y = row.y - top + LANE_TOP + at.depth * track
    return { x, y, width: timeToX(view, width.value, at.toNs) - x, height: track }
  }

  function resize(): void {
    const box = parts.box.value
    if (!box || !renderer) return
    const ratio = devicePixelRatio
    width.value = Math.max(1, box.clientWidth)
    height.value = Math.max(1, box.clientHeight)
    renderer.resize(width.value, height.value, ratio)
    for (const [canvas, heightPx] of [[parts.overlay.value, height.value], [parts.ruler.value, RULER_PX]] as const) {
      if (!canvas) continue
      canvas.width = Math.round(width.value * ratio)
      canvas.height = Math.round(heightPx * ratio)
    }
    redraw()
  }

  function themed(): void {
    palette = readPalette(tokenColour)
    renderer?.setPalette(palette)
    redraw()
  }

  onMounted(() => {
    renderer = new CanvasRenderer(parts.main.value!)
    themed()
    observer = new ResizeObserver(resize)
    observer.observe(parts.box.value!)
    resize()
  })
  onBeforeUnmount(() => {
    observer?.disconnect()
    cancelAnimationFrame(frame)
    clearTimeout(settled)
    loader.reset()
  })

  watch(() => settings.theme, themed, { flush: 'post' })
  watch([parts.layout, parts.scrollTop, scale, () => timeline.version], redraw)
  watch(
    () => [
      cursor.timeNs, cursor.laneId, cursor.findingIndex, timeline.area, timeline.markerA, timeline.markerB,
      timeline.bookmarks, timeline.history, timeline.allArrows, findings.list, parts.selected.value,
      parts.hoverNs.value,
    ],
    invalidate,
  )

  return { control, loader, width, height, scale, loadError, pending, redraw, onSettled: (tell: () => void) => settle.add(tell) }
}
