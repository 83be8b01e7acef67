import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import type { Finding } from '../../../src-sim/protocol'
import { useCursor } from './cursor'
import { useKernel } from './kernel'

/** The findings of the session, in the order they were met. */
export const useFindings = defineStore('findings', () => {
  const kernel = useKernel()
  const cursor = useCursor()
  const list = shallowRef<Finding[]>([])
  const loading = shallowRef(false)

  const selected = computed(() =>
    cursor.findingIndex === null ? null : (list.value[cursor.findingIndex] ?? null),
  )

  watch(
    () => [kernel.epoch, kernel.status.findings] as const,
    async ([epoch, count], before) => {
      if (before && epoch !== before[0]) list.value = []
      if (count === 0) return void (list.value = [])
      loading.value = true
      try {
        const next = await kernel.api.findings()
        if (epoch === kernel.epoch) list.value = next
      } catch {
        // The kernel went away; the kernel store tells so, and the list stays as it was.
      } finally {
        loading.value = false
      }
    },
    { immediate: true },
  )

  /** Selects a finding and moves everything to it: moment, object and source line. */
  async function go(index: number): Promise<void> {
    const finding = list.value[index]
    if (!finding) return
    cursor.selectFinding(index)
    cursor.selectObject(finding.objects[0]?.id ?? null)
    if (finding.file) cursor.revealSource(finding.file, finding.line, finding.column)
    await cursor.seek({ step: finding.step })
  }

  return { list, loading, selected, go }
})
