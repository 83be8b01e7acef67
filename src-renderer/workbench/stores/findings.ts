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

  let loadedEpoch = -1

  watch(() => [kernel.epoch, kernel.status.findings] as const, refresh, { immediate: true })

  async function refresh(): Promise<void> {
    const epoch = kernel.epoch
    if (epoch !== loadedEpoch || kernel.status.findings === 0) list.value = []
    loadedEpoch = epoch
    if (kernel.status.findings === 0) return
    loading.value = true
    try {
      const next = await kernel.api.findings()
      if (epoch === kernel.epoch) list.value = next
    } catch {
      // The kernel went away; the kernel store tells so, and the list stays as it was.
    } finally {
      loading.value = false
    }
  }

  /** Selects a finding and moves everything to it: moment, object and source line. */
  async function go(index: number): Promise<void> {
    const finding = list.value[index]
    if (!finding) return
    cursor.selectFinding(index)
    cursor.selectObject(finding.objects[0]?.id ?? null)
    if (finding.file) cursor.revealSource(finding.file, finding.line, finding.column)
    await cursor.seek({ step: finding.step })
  }

  /** Goes to the finding with this signature, once the kernel has told of it. */
  const goTo = (signature: string): Promise<void> => goToFirst((one) => one.signature === signature)

  /** Goes to the first finding of a kind. */
  const goToKind = (kind: string): Promise<void> => goToFirst((one) => one.kind === kind)

  async function goToFirst(wanted: (one: Finding) => boolean): Promise<void> {
    await refresh()
    const index = list.value.findIndex(wanted)
    if (index >= 0) await go(index)
  }

  return { list, loading, selected, refresh, go, goTo, goToKind }
})
