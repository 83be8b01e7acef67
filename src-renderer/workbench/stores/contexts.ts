import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import type { ContextView, Frame } from '../../../src-sim/protocol'
import { useCursor } from './cursor'
import { useKernel } from './kernel'

/** Every context at the cursor with its stack, and the source line that is running there. */
export const useContexts = defineStore('contexts', () => {
  const kernel = useKernel()
  const cursor = useCursor()
  const list = shallowRef<ContextView[]>([])
  let followed = 0
  let fetching = false
  let again = false

  const running = computed(() => list.value.find((context) => context.running) ?? null)
  /** Innermost frame in the lab's own sources of what runs at the cursor. */
  const place = computed<Frame | null>(
    () => running.value?.stack.find((frame) => frame.file !== null) ?? null,
  )

  watch(
    () => [kernel.epoch, kernel.status.state, cursor.step, kernel.status.steps] as const,
    () => void refresh(),
    { immediate: true },
  )

  async function refresh(): Promise<void> {
    const { state } = kernel.status
    if (state === 'empty') list.value = []
    // A machine at full speed has no line to show; the next stop asks again.
    if (state === 'empty' || state === 'running' || !kernel.ready) return
    again = true
    if (fetching) return
    fetching = true
    try {
      while (again) {
        again = false
        list.value = await kernel.api.contexts()
      }
      follow()
    } catch {
      // The kernel store tells when the kernel is gone; old contexts would only mislead.
      list.value = []
    } finally {
      fetching = false
    }
  }

  function follow(): void {
    if (cursor.follow === followed) return
    followed = cursor.follow
    const here = place.value
    if (here?.file) cursor.revealSource(here.file, here.line, here.column)
  }

  return { list, running, place, refresh }
})
