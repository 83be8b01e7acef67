import { defineStore, storeToRefs } from 'pinia'
import { computed, ref, shallowReactive, shallowRef, watch } from 'vue'
import { parseFilter } from '../../src-sim/trace/filter'
import type { EventFilter } from '../../src-sim/trace/types'
import { keep } from '../workbench/place'
import { useCursor, useKernel, useMarks } from '../workbench/stores'
import type { GroupId } from './lane-layout'
import { useQueries, type LanesAnswer } from './queries'
import type { TimeView } from './time-scale'

const LANES_EVERY_MS = 250
/** Groups of which there may be very many and which matter least stay closed at first. */
const COLLAPSED_FIRST: GroupId[] = ['memory', 'other', 'wait', 'rcu', 'process']

interface Kept {
  pinned: string[]
  collapsed: string[]
  dragSelects: boolean
}

/** What the timeline and the event list share: lanes, filter, pins, marks and the selected area. */
export const useTimeline = defineStore('timeline', () => {
  const kernel = useKernel()
  const cursor = useCursor()
  const queries = useQueries()

  const answer = shallowRef<LanesAnswer>({ lanes: [], fromNs: 0, toNs: 0, events: 0 })
  const loading = ref(false)
  const failed = ref('')
  const filterText = ref('')
  const collapsed = shallowReactive(new Set<string>(COLLAPSED_FIRST))
  const pinned = shallowReactive(new Set<string>())
  const marks = useMarks()
  const { bookmarks, markerA, markerB } = storeToRefs(marks)
  const area = shallowRef<TimeView | null>(null)
  const dragSelects = ref(false)
  const allArrows = ref(false)
  /** All events of the selected object, in order. */
  const history = shallowRef<Uint32Array>(new Uint32Array(0))

  const parsed = computed(() => parseFilter(filterText.value))
  const filterError = computed(() => (typeof parsed.value === 'string' ? parsed.value : ''))
  const filter = computed<EventFilter>(() => (typeof parsed.value === 'string' ? {} : parsed.value))
  const range = computed<TimeView>(() => ({ fromNs: answer.value.fromNs, toNs: answer.value.toNs }))
  /** Changes when anything that was read from the trace may be out of date. */
  const version = computed(() => kernel.epoch * 1e9 + answer.value.events)

  let busy = false
  let again = false
  let lastMs = 0

  watch(
    () => [kernel.epoch, kernel.status.events, kernel.link] as const,
    ([epoch], before) => {
      if (before && epoch !== before[0]) forget()
      void refresh()
    },
    { immediate: true },
  )

  async function refresh(): Promise<void> {
    again = true
    if (busy) return
    busy = true
    while (again) {
      again = false
      const wait = lastMs + LANES_EVERY_MS - performance.now()
      if (wait > 0 && answer.value.events > 0) await new Promise((done) => setTimeout(done, wait))
      lastMs = performance.now()
      await read()
    }
    busy = false
  }

  async function read(): Promise<void> {
    if (!kernel.ready || !kernel.hasSession) return
    const { epoch } = kernel
    loading.value = answer.value.events === 0
    try {
      const next = await queries.lanes()
      if (epoch === kernel.epoch) answer.value = next
      failed.value = ''
    } catch (error) {
      failed.value = error instanceof Error ? error.message : String(error)
    } finally {
      loading.value = false
    }
  }

  watch(
    () => [cursor.objectId, version.value] as const,
    async ([id]) => {
      if (id === null || answer.value.events === 0) return void (history.value = new Uint32Array(0))
      try {
        const next = await queries.history(id)
        if (id === cursor.objectId) history.value = next
      } catch {
        // Arrows of the object are an extra; the panels that show it tell what went wrong.
        history.value = new Uint32Array(0)
      }
    },
  )

  function forget(): void {
    answer.value = { lanes: [], fromNs: 0, toNs: 0, events: 0 }
    area.value = null
  }

  function toggleGroup(id: string): void {
    if (!collapsed.delete(id)) collapsed.add(id)
    store()
  }

  function togglePin(key: string): void {
    if (!pinned.delete(key)) pinned.add(key)
    store()
  }

  function store(): void {
    const kept: Kept = { pinned: [...pinned], collapsed: [...collapsed], dragSelects: dragSelects.value }
    void keep.set('timeline', kept)
  }

  void keep.get('timeline').then((saved) => {
    const kept = saved as Partial<Kept> | undefined
    if (!kept || !Array.isArray(kept.pinned) || !Array.isArray(kept.collapsed)) return
    for (const key of kept.pinned) pinned.add(key)
    collapsed.clear()
    for (const id of kept.collapsed) collapsed.add(id)
    dragSelects.value = kept.dragSelects === true
  })
  watch(dragSelects, store)

  return {
    answer, loading, failed, filterText, filterError, filter, collapsed, pinned, bookmarks, markerA,
    markerB, area, dragSelects, allArrows, history, range, version, toggleGroup, togglePin,
    toggleBookmark: marks.toggleBookmark, refresh,
  }
})
