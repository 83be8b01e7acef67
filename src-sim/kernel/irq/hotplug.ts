import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import type { Cpu } from '../../engine/cpu'
import { call, type Sim } from '../../engine/suspend'
import { EBUSY, EINVAL, ENOSPC } from '../errno'
import { setCpusAllowed } from '../sched/policy'
import { currentStruct } from '../sched/task'

/** What is called on a CPU when it comes and when it goes: 0 or -errno. */
export type CpuFunction = (cpu: number) => number

/** Steps that each CPU takes on its way up. CPUs never go: only the steps do. */
export interface Step {
  name: string
  startup: CpuFunction | null
  teardown: CpuFunction | null
}

/** States that are handed out; the numbers of a 7.0 kernel. */
export const CPUHP = {
  BP_PREPARE_DYN: 38,
  BP_PREPARE_DYN_END: 58,
  AP_ONLINE_DYN: 199,
  AP_ONLINE_DYN_END: 239,
} as const

const steps = service(() => new Map<number, Step>())

/** A free state of the range that begins at `state`, or the one that was asked for. */
function place(state: number): number {
  const taken = steps(machine())
  const end = state === CPUHP.AP_ONLINE_DYN ? CPUHP.AP_ONLINE_DYN_END
    : state === CPUHP.BP_PREPARE_DYN ? CPUHP.BP_PREPARE_DYN_END : null
  if (end === null) return taken.has(state) ? -EBUSY : state
  for (let at = state; at <= end; at++) if (!taken.has(at)) return at
  return -ENOSPC
}

/** Functions of early states run on this CPU, those of late ones on the CPU that they are about. */
function* runFor(cpu: Cpu, state: number, fn: CpuFunction): Sim<number> {
  if (state < CPUHP.AP_ONLINE_DYN) return Number((yield* call(() => fn(cpu.id))) ?? 0)
  const self = currentStruct()
  const before = self.$task.affinity
  yield* setCpusAllowed(self, 1 << cpu.id)
  const ret = Number((yield* call(() => fn(cpu.id))) ?? 0)
  yield* setCpusAllowed(self, before)
  return ret
}

/** The state, 0 for one that was asked for by number, or -errno with all CPUs as before. */
export function* setupState(state: number, step: Step, invoke: boolean): Sim<number> {
  if (!step.name) return -EINVAL
  const at = place(state)
  if (at < 0) return at
  steps(machine()).set(at, step)
  const { startup, teardown } = step
  const done: Cpu[] = []
  for (const cpu of invoke && startup ? machine().cpus : []) {
    const ret = yield* runFor(cpu, at, startup!)
    if (ret) {
      if (teardown) for (const up of done) yield* runFor(up, at, teardown)
      steps(machine()).delete(at)
      return ret
    }
    done.push(cpu)
  }
  return at === state && !isDynamic(state) ? 0 : at
}

const isDynamic = (state: number): boolean =>
  state === CPUHP.AP_ONLINE_DYN || state === CPUHP.BP_PREPARE_DYN

export function* removeState(state: number, invoke: boolean): Sim {
  const step = steps(machine()).get(state)
  if (!step) return
  const { teardown } = step
  if (invoke && teardown) for (const cpu of machine().cpus) yield* runFor(cpu, state, teardown)
  steps(machine()).delete(state)
}
