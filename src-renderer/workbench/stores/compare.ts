import { defineStore } from 'pinia'
import { computed, reactive, ref, shallowRef, watch } from 'vue'
import {
  compareOrder,
  DISTURBANCE,
  type CompareCell,
  type CompareColumn,
  type CompareProgress,
  type CompareResult,
  type LabSource,
  type LabSummary,
} from '../../../src-sim/protocol'
import { host } from '../place'
import { useKernel } from './kernel'
import { useLab } from './lab'

export const cellKey = (lab: string, disturbance: string): string => `${lab}\n${disturbance}`

/** A lab that can be compared, and what it can be disturbed by. */
export interface Model extends CompareColumn {
  disturbances: CompareColumn[]
}

function modelOf(id: string, title: string, params: LabSummary['params']): Model | null {
  const param = params[DISTURBANCE]
  if (!param) return null
  // The usual value is the undisturbed run, which the costs are measured with.
  const disturbances = Object.entries(param.values)
    .filter(([key]) => key !== param.default)
    .map(([key, text]) => ({ id: key, title: text }))
  return { id, title, disturbances }
}

/** One driver written in several models, tried under the same disturbances. */
export const useCompare = defineStore('compare', () => {
  const kernel = useKernel()
  const lab = useLab()

  const form = reactive({ schedules: 40, seed: 0 })
  /** Models that the person took out of the comparison. */
  const left = ref(new Set<string>())
  const state = ref<'idle' | 'running' | 'cancelling' | 'done' | 'failed'>('idle')
  const error = ref('')
  const progress = shallowRef<CompareProgress | null>(null)
  const cells = shallowRef(new Map<string, CompareCell>())
  const result = shallowRef<CompareResult | null>(null)
  /** What the table shows: the models and disturbances of the last start. */
  const asked = shallowRef<Model[]>([])
  const active = computed(() => state.value === 'running' || state.value === 'cancelling')

  /** The built-in models, and the open lab where it is one of them or somebody's own. */
  const models = computed<Model[]>(() => {
    const own = lab.isOpen && lab.trusted ? ownModel() : null
    const others = lab.gallery.filter((one) => one.id !== own?.id)
    const known = others.map((one) => modelOf(one.id, one.title, one.params))
    return [own, ...known].filter((one) => one !== null).sort((a, b) => compareOrder(a.id, b.id))
  })
  const chosen = computed(() => models.value.filter((one) => !left.value.has(one.id)))
  const compared = computed(() => (asked.value.length > 0 ? asked.value : chosen.value))
  const disturbances = computed(() => {
    const all = new Map<string, CompareColumn>()
    for (const model of compared.value) for (const one of model.disturbances) all.set(one.id, one)
    return [...all.values()]
  })

  function ownModel(): Model | null {
    return modelOf(lab.id, lab.title, lab.manifest?.params ?? {})
  }

  function toggle(id: string): void {
    const next = new Set(left.value)
    if (!next.delete(id)) next.add(id)
    left.value = next
    if (!active.value) forget()
  }

  /** What is typed counts: the open lab goes as it is in the editor. */
  const sourceOf = (id: string): Promise<LabSource> =>
    id === lab.id ? Promise.resolve(lab.source()) : host().loadBuiltin(id)

  async function start(): Promise<void> {
    if (active.value || !kernel.ready || chosen.value.length === 0) return
    forget()
    asked.value = chosen.value
    state.value = 'running'
    try {
      const labs = await Promise.all(asked.value.map((one) => sourceOf(one.id)))
      result.value = await kernel.api.compare(labs, { ...form })
      state.value = 'done'
    } catch (thrown) {
      error.value = thrown instanceof Error ? thrown.message : String(thrown)
      state.value = 'failed'
    }
  }

  watch(
    () => kernel.compared,
    (now) => {
      if (!active.value || now === null) return
      progress.value = now
      if (now.cell === null) return
      const { cell } = now
      cells.value = new Map(cells.value).set(cellKey(cell.lab, cell.disturbance), cell)
    },
    { flush: 'sync' },
  )

  async function cancel(): Promise<void> {
    if (state.value !== 'running') return
    state.value = 'cancelling'
    await kernel.api.cancelCompare()
  }

  function forget(): void {
    state.value = 'idle'
    error.value = ''
    progress.value = null
    cells.value = new Map()
    result.value = null
    asked.value = []
  }

  return {
    form,
    left,
    state,
    error,
    progress,
    cells,
    result,
    active,
    models,
    chosen,
    compared,
    disturbances,
    toggle,
    start,
    cancel,
    forget,
  }
})
