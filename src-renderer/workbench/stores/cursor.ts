import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { SessionStatus } from '../../../src-sim/protocol'
import { useKernel } from './kernel'
import { useToasts } from './toasts'

export type Target = { step: number } | { timeNs: number } | { event: number }

/** A place in the sources that the editor is asked to show; `serial` tells repeated asks apart. */
export interface Reveal {
  file: string
  line: number
  column: number
  /** Move the keyboard focus into the editor too. */
  focus: boolean
  serial: number
}

/**
 * Where the user looks and what is selected. Every panel follows this store and changes it, and no
 * panel talks to another one.
 */
export const useCursor = defineStore('cursor', () => {
  const kernel = useKernel()
  const toasts = useToasts()

  const step = computed(() => kernel.status.cursorStep)
  const timeNs = computed(() => kernel.status.cursorTimeNs)
  const event = computed(() => kernel.status.cursorEvent)
  /** True when the cursor stands before the end of what was executed. */
  const inPast = computed(() => kernel.status.cursorStep < kernel.status.steps)

  const objectId = ref<number | null>(null)
  const findingIndex = ref<number | null>(null)
  const laneId = ref<number | null>(null)
  const reveal = shallowRef<Reveal | null>(null)
  /** Counts the moves after which the editor should show the line that runs there. */
  const follow = ref(0)
  let serial = 0

  // Only the last of many quick seeks matters, e.g. while the scrubber is dragged.
  let wanted: Target | null = null
  let seeking: Promise<void> | null = null

  function seek(target: Target): Promise<void> {
    wanted = target
    seeking ??= drain().finally(() => (seeking = null))
    return seeking
  }

  async function drain(): Promise<void> {
    try {
      while (wanted) {
        const target = wanted
        wanted = null
        const next: SessionStatus = await kernel.api.seek(target)
        if (!wanted) kernel.accept(next)
      }
    } catch (error) {
      wanted = null
      if (kernel.ready) toasts.failed('The cursor could not be moved', error)
    }
  }

  function seekStep(to: number): Promise<void> {
    follow.value++
    return seek({ step: Math.min(Math.max(0, Math.round(to)), kernel.status.steps) })
  }

  function seekTime(to: number): Promise<void> {
    follow.value++
    return seek({ timeNs: Math.max(0, to) })
  }

  function seekEvent(to: number): Promise<void> {
    follow.value++
    return seek({ event: Math.max(0, Math.round(to)) })
  }

  function selectObject(id: number | null): void {
    objectId.value = id
  }

  function selectFinding(index: number | null): void {
    findingIndex.value = index
  }

  function selectLane(id: number | null): void {
    laneId.value = id
  }

  function revealSource(file: string, line: number, column = 1, focus = false): void {
    reveal.value = { file, line, column, focus, serial: ++serial }
  }

  function clear(): void {
    objectId.value = null
    findingIndex.value = null
    laneId.value = null
  }

  return {
    step,
    timeNs,
    event,
    inPast,
    objectId,
    findingIndex,
    laneId,
    reveal,
    follow,
    seek,
    seekStep,
    seekTime,
    seekEvent,
    selectObject,
    selectFinding,
    selectLane,
    revealSource,
    clear,
  }
})
