import type { Machine } from '../../engine/machine'
import { buffers } from '../dma-buf/buffer-list'
import { dmaPools } from '../dma/pool'
import { locking } from '../locking/locking'
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
  /** Importers of shared buffers get tables without pages (DBUF-17). */
  DMABUF_DEBUG?: boolean
  /** Now and then `ww_mutex_lock` makes up a deadlock (WW-08). */
  DEBUG_WW_MUTEX_SLOWPATH?: boolean
  /** Free memory is poisoned and looked at when it is used again; of DMA pools here. */
  SLUB_DEBUG_ON?: boolean
  /** Seconds that deferred probes wait for suppliers; 0 never gives up (DM-25). Default 10. */
  DRIVER_DEFERRED_PROBE_TIMEOUT?: number
}

export function configureKernel(m: Machine, config: KernelConfig): void {
  kobjectDebug(m).delayRelease = config.DEBUG_KOBJECT_RELEASE === true
  probing(m).testRemove = config.DEBUG_TEST_DRIVER_REMOVE === true
  modules(m).forceUnload = config.MODULE_FORCE_UNLOAD === true
  if (config.DMABUF_DEBUG) buffers(m).debug = true
  if (config.DEBUG_WW_MUTEX_SLOWPATH) locking(m).wwInjection = true
  if (config.SLUB_DEBUG_ON) dmaPools(m).debug = true
  const seconds = config.DRIVER_DEFERRED_PROBE_TIMEOUT
  if (seconds !== undefined) deferredProbes(m).timeout.set(seconds)
}
