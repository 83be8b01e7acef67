import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { ObjectState, StateView } from '../../src-sim/trace/types'
import { useCursor, useKernel } from '../workbench/stores'
import { useQueries } from './queries'

/** What holds at the cursor: read once for all panels that show it, and only the newest wish. */
export const useTraceState = defineStore('traceState', () => {
  const kernel = useKernel()
  const cursor = useCursor()
  const queries = useQueries()
  const view = shallowRef<StateView | null>(null)
  const failed = ref('')
  const loading = ref(false)
  let busy = false
  let again = false

  const objects = computed(
    () => new Map<number, ObjectState>(view.value?.objects.map((object) => [object.id, object])),
  )

  watch(
    () => [kernel.epoch, kernel.status.state, cursor.event, kernel.status.events] as const,
    ([epoch], before) => {
      if (before && before[0] !== epoch) {
        view.value = null
        failed.value = ''
      }
      void read()
    },
    { immediate: true },
  )

  async function read(): Promise<void> {
    if (!kernel.ready || !kernel.hasSession || kernel.status.events === 0) {
      view.value = null
      return
    }
    again = true
    if (busy) return
    busy = true
    loading.value = view.value === null
    while (again) {
      again = false
      const { epoch } = kernel
      try {
        const next = await queries.state(cursor.event)
        if (epoch === kernel.epoch) view.value = next
        failed.value = ''
      } catch (error) {
        failed.value = error instanceof Error ? error.message : String(error)
      }
    }
    busy = false
    loading.value = false
  }

  return { view, objects, failed, loading, read }
})
