import { computed, onBeforeUnmount, ref, shallowReactive, shallowRef, watch } from 'vue'
import type { ObjectKind } from '../timeline/kinds'
import { useTraceState } from '../timeline/state-store'
import { useKernel } from '../workbench/stores'
import { layOutGraph } from './elk-layout'
import { buildGraph, NODES_MAX, type Graph } from './graph'
import { flowFor, Placement } from './placement'

const EMPTY: Graph = { nodes: [], edges: [], hidden: 0, closed: [] }

/** The graph at the cursor, with a place for each node in a picture of this size. */
export function useTopology(size: () => { width: number; height: number }) {
  const kernel = useKernel()
  const trace = useTraceState()
  const placement = new Placement()

  const graph = shallowRef<Graph>(EMPTY)
  const filter = ref('')
  const opened = shallowReactive(new Set<ObjectKind>())
  const shut = shallowReactive(new Set<ObjectKind>())
  /** Counts complete layouts: the view is fitted after each. */
  const laidOut = ref(0)
  let gone = false
  let placing = false
  let placeAgain = false

  const next = computed(() =>
    trace.view ? buildGraph(trace.view, { filter: filter.value, opened, shut, nodesMax: NODES_MAX }) : EMPTY,
  )

  watch(() => kernel.epoch, reset)
  watch(next, () => void place(), { immediate: true })
  onBeforeUnmount(() => (gone = true))

  function reset(): void {
    placement.clear()
    opened.clear()
    shut.clear()
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
    const { width, height } = size()
    placement.flow = flowFor(width, height)
    try {
      const places = await layOutGraph(wanted, placement.flow, width / height)
      for (const [id, point] of places) placement.set(id, point)
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

  return { graph, filter, laidOut, placement, arrange, toggleKind }
}
