import { onBeforeUnmount } from 'vue'
import { useCommands, type Command } from '../workbench/commands/registry'
import { useCursor, useToasts } from '../workbench/stores'
import { pinKey, type LaneLayout, type LaneRow } from './lane-layout'
import { useQueries, type NeighbourQuery } from './queries'
import { useTimeline } from './store'
import type { ViewControl } from './use-view'

export interface KeyParts {
  control: ViewControl
  layout: () => LaneLayout
  focusFilter: () => void
  showLane: (row: LaneRow) => void
  fitSelection: () => Promise<void>
  escape: () => void
}

const PAN = 0.18
const ZOOM = 0.72

type Action = () => unknown

/** Keys of the timeline while it has the focus, and their entries in the list of shortcuts. */
export function useTimelineKeys(parts: KeyParts): (event: KeyboardEvent) => void {
  const timeline = useTimeline()
  const cursor = useCursor()
  const queries = useQueries()
  const toasts = useToasts()
  const commands = useCommands()

  const pan = (by: number): Action => () => {
    const { fromNs, toNs } = parts.control.goal()
    parts.control.pan((toNs - fromNs) * by)
  }

  /** Zooms at the cursor when it can be seen, else in the middle. */
  const zoom = (factor: number): Action => () => {
    const { fromNs, toNs } = parts.control.goal()
    const inside = cursor.timeNs >= fromNs && cursor.timeNs <= toNs
    parts.control.zoom(inside ? cursor.timeNs : (fromNs + toNs) / 2, factor)
  }

  const neighbour = (query: () => Omit<NeighbourQuery, 'event'> | null, why = ''): Action => async () => {
    const wanted = query()
    if (!wanted) return void toasts.show('info', why)
    const event = await queries.neighbour({ event: cursor.event, ...wanted })
    if (event !== null) await cursor.seekEvent(event)
  }

  /** Without a lane, the next event anywhere. */
  const onLane = (backward: boolean): Action => async () => {
    const lane = cursor.laneId
    if (lane === null) return cursor.seekEvent(cursor.event + (backward ? -1 : 1))
    const event = await queries.neighbour({ event: cursor.event, lane, backward })
    if (event !== null) await cursor.seekEvent(event)
  }
  const ofObject = (backward: boolean): Action =>
    neighbour(
      () => (cursor.objectId === null ? null : { object: cursor.objectId, backward }),
      'Select an object first: click its lane, or a box of the topology.',
    )
  const link = (backward: boolean): Action => neighbour(() => ({ link: true, backward }))

  function moveLane(by: number): void {
    const rows = parts.layout().rows.filter((row): row is LaneRow => row.row === 'lane')
    const at = rows.findIndex((row) => row.lane.id === cursor.laneId)
    const row = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, at + by))]
    if (!row) return
    cursor.selectLane(row.lane.id)
    if (row.lane.subject > 0) cursor.selectObject(row.lane.subject)
    parts.showLane(row)
  }

  function pin(): void {
    const row = cursor.laneId === null ? undefined : parts.layout().byLane.get(cursor.laneId)
    if (row) timeline.togglePin(pinKey(row.lane))
  }

  const table: readonly [id: string, chords: string[], title: string, run: Action][] = [
    ['zoomIn', ['W', '+', '='], 'Zoom in', zoom(ZOOM)],
    ['zoomOut', ['S', '-'], 'Zoom out', zoom(1 / ZOOM)],
    ['left', ['A', 'Left'], 'Move left', pan(-PAN)],
    ['right', ['D', 'Right'], 'Move right', pan(PAN)],
    ['whole', ['0'], 'Show the whole run', () => parts.control.whole()],
    ['fit', ['F'], 'Fit the selection', () => parts.fitSelection()],
    ['bookmark', ['M'], 'Set or remove a bookmark at the cursor', () => timeline.toggleBookmark(cursor.timeNs)],
    ['next', ['.'], 'Next event on this lane', onLane(false)],
    ['previous', [','], 'Previous event on this lane', onLane(true)],
    ['object.next', [']'], 'Next event of the same object', ofObject(false)],
    ['object.previous', ['['], 'Previous event of the same object', ofObject(true)],
    ['link.effect', ['Shift+]'], 'Follow the arrow to the effect', link(false)],
    ['link.cause', ['Shift+['], 'Follow the arrow to the cause', link(true)],
    ['markerA', ['Alt+A'], 'Put marker A at the cursor', () => (timeline.markerA = cursor.timeNs)],
    ['markerB', ['Alt+B'], 'Put marker B at the cursor', () => (timeline.markerB = cursor.timeNs)],
    ['pin', ['P'], 'Pin the lane', pin],
    ['lane.down', ['Down'], 'Next lane', () => moveLane(1)],
    ['lane.up', ['Up'], 'Previous lane', () => moveLane(-1)],
    ['filter', ['/'], 'Filter', () => parts.focusFilter()],
    ['escape', ['Escape'], 'Drop area, markers, then the selection', () => parts.escape()],
  ]
  const actions = new Map(table.flatMap(([, chords, , run]) => chords.map((chord) => [chord, run] as const)))

  const gone = commands.register(
    ...table.map(
      ([id, keys, title, run]): Command => ({ id: `timeline.${id}`, title, group: 'Timeline', keys, local: true, run }),
    ),
  )
  onBeforeUnmount(gone)

  return (event) => {
    const run = actions.get(positionOf(event))
    if (!run || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    event.stopPropagation()
    Promise.resolve(run()).catch((error: unknown) => toasts.failed('The timeline could not go there', error))
  }
}

/** Letters and brackets by where they are on the keyboard, everything else by what it types. */
export function positionOf(event: Pick<KeyboardEvent, 'key' | 'code' | 'altKey' | 'shiftKey'>): string {
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1]
  if (letter) return event.altKey ? `Alt+${letter}` : letter
  const bracket = { BracketLeft: '[', BracketRight: ']' }[event.code]
  if (bracket) return event.shiftKey ? `Shift+${bracket}` : bracket
  return event.key.replace(/^Arrow/, '')
}
