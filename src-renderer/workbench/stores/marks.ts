import { defineStore } from 'pinia'
import { ref, shallowRef, watch } from 'vue'
import type { TraceMarks } from '../../../src-sim/protocol'
import { useCursor } from './cursor'
import { useKernel } from './kernel'

/** What the person marked in the run that is shown. It travels with a bundle of that run. */
export const useMarks = defineStore('marks', () => {
  const kernel = useKernel()
  const cursor = useCursor()

  /** Moments in virtual nanoseconds, in order. */
  const bookmarks = shallowRef<readonly number[]>([])
  const markerA = ref<number | null>(null)
  const markerB = ref<number | null>(null)

  // Before anything else hears of the new run, which may bring marks of its own.
  watch(() => kernel.epoch, clear, { flush: 'sync' })

  function clear(): void {
    bookmarks.value = []
    markerA.value = null
    markerB.value = null
  }

  function toggleBookmark(ns: number): void {
    const rest = bookmarks.value.filter((one) => one !== ns)
    const had = rest.length < bookmarks.value.length
    bookmarks.value = had ? rest : [...bookmarks.value, ns].sort((a, b) => a - b)
  }

  function all(): TraceMarks {
    return {
      bookmarks: [...bookmarks.value],
      markerA: markerA.value,
      markerB: markerB.value,
      step: cursor.inPast ? cursor.step : null,
    }
  }

  /** Takes over the marks of somebody else, and looks where they looked. */
  async function take(marks: TraceMarks): Promise<void> {
    bookmarks.value = [...marks.bookmarks].sort((a, b) => a - b)
    markerA.value = marks.markerA
    markerB.value = marks.markerB
    if (marks.step !== null) await cursor.seekStep(marks.step)
  }

  return { bookmarks, markerA, markerB, toggleBookmark, all, take }
})
