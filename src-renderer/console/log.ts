import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { DmesgLine } from '../../src-sim/protocol'
import { useCursor, useKernel } from '../workbench/stores'

const PAGE = 2000

/** Names of the kernel's log levels, by number. */
export const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'] as const

/** The kernel log of the session, fetched as it grows. */
export const useLog = defineStore('log', () => {
  const kernel = useKernel()
  const cursor = useCursor()
  const lines = shallowRef<DmesgLine[]>([])
  const failed = ref('')
  const loading = ref(false)
  const text = ref('')
  /** Show this level and everything graver. */
  const level = ref(7)
  /** Lines before this one were cleared away by the person. */
  const clearedTo = ref(0)
  const follow = ref(true)
  let wanted = 0
  let epoch = -1

  watch(() => [kernel.epoch, kernel.status.dmesgLines] as const, refresh, { immediate: true })

  async function refresh(): Promise<void> {
    if (kernel.epoch !== epoch) {
      epoch = kernel.epoch
      lines.value = []
      clearedTo.value = 0
    }
    wanted = kernel.status.dmesgLines
    if (wanted < lines.value.length) lines.value = lines.value.slice(0, wanted)
    if (loading.value) return
    loading.value = true
    try {
      await fetchMissing()
      failed.value = ''
    } catch (error) {
      failed.value = error instanceof Error ? error.message : String(error)
    } finally {
      loading.value = false
    }
  }

  async function fetchMissing(): Promise<void> {
    while (lines.value.length < wanted) {
      const mine = epoch
      const from = lines.value.length
      const page = await kernel.api.dmesg(from, Math.min(PAGE, wanted - from))
      if (mine !== epoch) continue
      if (page.length === 0) return
      lines.value = lines.value.concat(page)
    }
  }

  const shown = computed<DmesgLine[]>(() => {
    const needle = text.value.trim().toLowerCase()
    const all = lines.value
    if (!needle && level.value >= 7 && clearedTo.value === 0) return all
    return all.filter(
      (line, index) =>
        index >= clearedTo.value &&
        line.level <= level.value &&
        (!needle ||
          line.text.toLowerCase().includes(needle) ||
          line.context.toLowerCase().includes(needle)),
    )
  })

  /** How many of the shown lines had been printed at the cursor. */
  const printed = computed(() => countUpTo(shown.value, cursor.step))

  function clear(): void {
    clearedTo.value = lines.value.length
  }

  function unclear(): void {
    clearedTo.value = 0
  }

  return { lines, shown, printed, failed, loading, text, level, clearedTo, follow, clear, unclear }
})

/** Lines come in the order of steps, so the boundary is found by halving. */
export function countUpTo(lines: readonly DmesgLine[], step: number): number {
  let low = 0
  let high = lines.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (lines[middle]!.step <= step) low = middle + 1
    else high = middle
  }
  return low
}
