import type { Sim } from '../engine/suspend'
import { kernelCall } from '../kernel/api'
import { CPUHP, removeState, setupState, type CpuFunction } from '../kernel/irq/hotplug'

/** Brought along, as by the C header. */
export * from './types'

/**
 * Steps of CPUs on their way up and down: `linux/cpuhotplug`. CPUs of this machine are up all the
 * time: `startup` runs for each when the step is set up, `teardown` when it is removed.
 */
export const CPUHP_BP_PREPARE_DYN = CPUHP.BP_PREPARE_DYN
export const CPUHP_BP_PREPARE_DYN_END = CPUHP.BP_PREPARE_DYN_END
export const CPUHP_AP_ONLINE_DYN = CPUHP.AP_ONLINE_DYN
export const CPUHP_AP_ONLINE_DYN_END = CPUHP.AP_ONLINE_DYN_END

type Fn = CpuFunction | null

const sets = (name: string, invoke: boolean) =>
  kernelCall(
    name,
    (state: number, text: string, startup: Fn, teardown: Fn): Sim<number> =>
      setupState(state, { name: text, startup, teardown }, invoke),
  )
/**
 * Adds a step and takes it on all CPUs; when one fails it is undone. A CPUHP_..._DYN state answers
 * the one that was handed out, others 0; or -errno. May sleep.
 */
export const cpuhp_setup_state = sets('cpuhp_setup_state', true)
/** The same without calling `startup`. */
export const cpuhp_setup_state_nocalls = sets('cpuhp_setup_state_nocalls', false)
/** Undoes the step on all CPUs and removes it. May sleep. */
export const cpuhp_remove_state = kernelCall('cpuhp_remove_state', (state: number): Sim =>
  removeState(state, true),
)
export const cpuhp_remove_state_nocalls = kernelCall(
  'cpuhp_remove_state_nocalls', (state: number): Sim => removeState(state, false),
)
