import { computed, onBeforeUnmount, ref, shallowReactive, shallowRef, watch } from 'vue'
import type { StateView } from '../../src-sim/trace/types'
import type { ObjectKind } from '../timeline/kinds'
import { useQueries } from '../timeline/queries'
import { useCursor, useKernel } from '../workbench/stores'
import { layOutGraph } from './elk-layout'
import { buildGraph, NODES_MAX, type Graph } from './graph'
import { Placement } from './placement'

const EMPTY: Graph = { nodes: [], edges: [], hidden: 0, closed: [] }

/** The graph at the cursor, with a place for each node. */
export function useTopology() {
  const kernel = useKernel()
  const cursor = useCursor()
  const queries = useQueries()
  const placement = new Placement()

  const state = shallowRef<StateView | null>(null)
  const graph = shallowRef<Graph>(EMPTY)
  const filter = ref('')
  const opened = shallowReactive(new Set<ObjectKind>())
  const shut = shallowReactive(new Set<ObjectKind>())
  const failed = ref('')
  const loading = ref(false)
  /** Counts complete layouts: the view is fitted after each. */
  const laidOut = ref(0)
  let busy = false
  let again = false
  let gone = false
  let placing = false
  let placeAgain = false

  const next = computed(() =>
    state.value ? buildGraph(state.value, { filter: filter.value, opened, shut, nodesMax: NODES_MAX }) : EMPTY,
  )

  watch(
    () => [kernel.epoch, kernel.status.state, cursor.event, kernel.status.events] as const,
    ([epoch], before) => {
      if (before && before[0] !== epoch) reset()
      void read()
    },
    { immediate: true },
  )
  watch(next, () => void place(), { immediate: true })
  onBeforeUnmount(() => (gone = true))

  function reset(): void {
    state.value = null
    placement.clear()
    opened.clear()
    shut.clear()
    failed.value = ''
  }

  async function read(): Promise<void> {
    if (!kernel.ready || !kernel.hasSession || kernel.status.events === 0) {
      state.value = null
      return
    }
    again = true
    if (busy) return
    busy = true
    loading.value = state.value === null
    while (again && !gone) {
      again = false
      const { epoch } = kernel
      try {
        const view = await queries.state(cursor.event)
        if (epoch === kernel.epoch) state.value = view
        failed.value = ''
      } catch (error) {
        failed.value = error instanceof Error ? error.message : String(error)
      }
    }
    busy = false
    loading.value = false
  }

  async function place(): Promise<void> {
    placeAgain = true
    if (placing) return
    placing = true
    while (placeAgain && !gone) {
      placeAgain = false
      const wanted = next.value
      if (placement.needsLayout(wanted)) await layOut(wanted)
      else placement.placeMissing(wanted)
      graph.value = wanted
    }
    placing = false
  }

  async function layOut(wanted: Graph): Promise<void> {
    try {
      for (const [id, point] of await layOutGraph(wanted)) placement.set(id, point)
      laidOut.value++
    } catch {
      // Without the layout engine the simple placing still gives a readable picture.
      placement.placeMissing(wanted)
    }
  }

  /** Starts the arrangement afresh. */
  async function arrange(): Promise<void> {
    placement.clear()
    await place()
  }

  function toggleKind(kind: ObjectKind): void {
    const closed = graph.value.closed.some((one) => one.kind === kind)
    if (closed) {
      shut.delete(kind)
      opened.add(kind)
    } else {
      opened.delete(kind)
      shut.add(kind)
    }
  }

  return { state, graph, filter, failed, loading, laidOut, placement, arrange, toggleKind, read }
}
