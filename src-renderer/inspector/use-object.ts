import { computed, shallowRef, watch } from 'vue'
import { catalogue } from '../../src-sim/trace/catalogue'
import type { Effect } from '../../src-sim/trace/declare'
import type { HoldEdge, ObjectState } from '../../src-sim/trace/types'
import { placeOf, type Place } from '../timeline/event-text'
import { useQueries } from '../timeline/queries'
import { useTraceState } from '../timeline/state-store'
import { useTimeline } from '../timeline/store'
import { useCursor } from '../workbench/stores'
import { countedOf } from './holders'

/** Where an object was allocated or freed. */
export interface Birth {
  event: number
  timeNs: number
  name: string
  context: string
  place: Place | null
}

export type Presence = 'here' | 'not yet' | 'gone'

const namesWith = (op: Effect['op']): string[] =>
  catalogue.filter((event) => event.effects.some((effect: Effect) => effect.op === op)).map((event) => event.name)
const ALLOC_NAMES = namesWith('alloc')
const FREE_NAMES = namesWith('free')

/** Everything the inspector knows of the selected object at the cursor. */
export function useObject() {
  const cursor = useCursor()
  const timeline = useTimeline()
  const trace = useTraceState()
  const queries = useQueries()
  const known = shallowRef<{ type: string; name: string } | null>(null)
  const births = shallowRef<Birth[]>([])
  const deaths = shallowRef<Birth[]>([])

  const live = computed(() => (cursor.objectId === null ? undefined : trace.objects.get(cursor.objectId)))
  const presence = computed<Presence>(() => {
    if (live.value) return 'here'
    const first = timeline.history[0]
    return first !== undefined && cursor.event < first ? 'not yet' : 'gone'
  })
  /** A freed object that nothing points to is not part of the state any more. */
  const object = computed<ObjectState | null>(() => {
    if (live.value) return live.value
    if (cursor.objectId === null || !known.value) return null
    return {
      id: cursor.objectId, ...known.value, parent: 0, status: presence.value === 'gone' ? 'freed' : 'static',
      allocEvent: -1, freeEvent: -1, refs: null, facets: [], slices: [],
    }
  })

  const edges = computed(() => trace.view?.edges ?? [])
  const counted = computed<HoldEdge[]>(() => countedOf(edges.value, cursor.objectId ?? 0))
  const pointers = computed<HoldEdge[]>(() =>
    edges.value.filter((edge) => !edge.counted && edge.held === cursor.objectId),
  )
  const holds = computed<HoldEdge[]>(() => edges.value.filter((edge) => edge.holder === cursor.objectId))
  const parts = computed(() => trace.view?.objects.filter((one) => one.parent > 0 && one.parent === cursor.objectId) ?? [])

  watch(() => [cursor.objectId, timeline.version] as const, ([id]) => void read(id), { immediate: true })

  async function read(id: number | null): Promise<void> {
    if (id === null || timeline.answer.events === 0) {
      known.value = null
      births.value = deaths.value = []
      return
    }
    try {
      const [first, alloc, free] = await Promise.all([
        queries.events(0, 1, { object: id }),
        birthsOf(id, ALLOC_NAMES),
        birthsOf(id, FREE_NAMES),
      ])
      if (id !== cursor.objectId) return
      known.value = first.objects[id] ?? null
      births.value = alloc
      deaths.value = free
    } catch {
      // The state store tells what is wrong with the trace.
      known.value = null
    }
  }

  async function birthsOf(id: number, names: string[]): Promise<Birth[]> {
    const page = await queries.events(0, 20, { object: id, names })
    return page.records
      .filter((record) => !isOther(record.name, record.args, id))
      .map((record) => ({
        event: record.index, timeNs: record.timeNs, name: record.name,
        context: page.objects[record.context]?.name ?? '', place: placeOf(record, page),
      }))
  }

  async function touch(backward: boolean): Promise<void> {
    if (cursor.objectId === null) return
    const event = await queries.neighbour({ event: cursor.event, object: cursor.objectId, backward })
    if (event !== null) await cursor.seekEvent(event)
  }

  return { object, presence, counted, pointers, holds, parts, births, deaths, touch }
}

/** True when the event gives life to (or ends) another object that it names beside this one. */
function isOther(name: string, args: readonly unknown[], id: number): boolean {
  const event = catalogue.find((one) => one.name === name)
  const effect = event?.effects.find((one: Effect) => one.op === 'alloc' || one.op === 'free')
  if (!event || !effect) return false
  const index = event.fields.findIndex((field: { name: string }) => field.name === effect.subject)
  return index >= 0 && args[index] !== id
}
