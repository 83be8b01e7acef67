import type { Machine } from '../../engine/machine'
import { probing } from './bind'
import { deferredProbes } from './deferred'
import { kobjectDebug } from './kobject'
import { modules } from './module'

/**
 * How the kernel of a machine was built, by the names of Kconfig. What is left out is as in a
 * distribution's kernel.
 */
export interface KernelConfig {
  /** The last put of a kobject runs its release function one to four seconds later (DM-08). */
  DEBUG_KOBJECT_RELEASE?: boolean
  /** Each probe is followed by a removal and a second probe (DM-48). */
  DEBUG_TEST_DRIVER_REMOVE?: boolean
  /** `rmmod -f` takes out a module that is in use (DM-61). */
  MODULE_FORCE_UNLOAD?: boolean
  /** Seconds that deferred probes wait for suppliers; 0 never gives up (DM-25). Default 10. */
  DRIVER_DEFERRED_PROBE_TIMEOUT?: number
}

export function configureKernel(m: Machine, config: KernelConfig): void {
  kobjectDebug(m).delayRelease = config.DEBUG_KOBJECT_RELEASE === true
  probing(m).testRemove = config.DEBUG_TEST_DRIVER_REMOVE === true
  modules(m).forceUnload = config.MODULE_FORCE_UNLOAD === true
  const seconds = config.DRIVER_DEFERRED_PROBE_TIMEOUT
  if (seconds !== undefined) deferredProbes(m).timeout.set(seconds)
}
