import { kernelCall, kernelFrame } from '../../kernel/api'
import { lockDevice, unlockDevice } from '../../kernel/base/core'
import * as reset from '../../kernel/pci/reset'
import type { Sim } from '../../engine/suspend'
import type { pci_dev } from '../../kernel/pci/pci-dev'

/** Resets. */

/**
 * Resets one function: DMA stops, registers are as after power-on. The driver's `reset_prepare` and
 * `reset_done` stand around it. 0 or -errno. May sleep; takes the device lock (DM-104).
 */
export const pci_reset_function = kernelFrame('pci_reset_function', reset.resetFunction)
/** The same for callers that hold the device lock. */
export const pci_reset_function_locked = kernelFrame(
  'pci_reset_function_locked',
  reset.resetLocked,
)
/** The same for those who cannot wait for the lock: -EAGAIN. */
export const pci_try_reset_function = kernelFrame(
  'pci_try_reset_function',
  reset.tryResetFunction,
)
/** The bare reset: nobody is told, and configuration space is not restored. 0 or -ENOTTY. */
export const pcie_flr = kernelFrame('pcie_flr', reset.functionLevelReset)
export const pcie_reset_flr = kernelFrame(
  'pcie_reset_flr',
  function* (pdev: pci_dev, probe: boolean): Sim<number> {
    return probe ? 0 : yield* reset.functionLevelReset(pdev)
  },
)
export const __pci_reset_function_locked = kernelFrame(
  '__pci_reset_function_locked',
  reset.functionLevelReset,
)
/** Resets everything on the bus of a device. 0, -ENOTTY or -EAGAIN. May sleep. */
export const pci_reset_bus = kernelFrame('pci_reset_bus', reset.resetBus)

/** The device lock, as the core holds it around probe, remove and reset. May sleep. */
export const pci_dev_lock = kernelFrame('pci_dev_lock', (pdev: pci_dev) => lockDevice(pdev.dev))
export const pci_dev_unlock = kernelCall('pci_dev_unlock', (pdev: pci_dev) =>
  unlockDevice(pdev.dev),
)
/** 1 when the lock was free and is now ours. */
export function pci_dev_trylock(pdev: pci_dev): number {
  if (pdev.dev.$locked) return 0
  pdev.dev.$locked = true
  return 1
}
