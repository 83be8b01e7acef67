import { kernelCall, quiet } from '../../kernel/api'
import * as power from '../../kernel/pci/power'
import * as state from '../../kernel/pci/state'
import { PCI_D3hot, type pci_dev } from '../../kernel/pci/pci-dev'
import type { ptr } from '../types'

/** Power states, and what is kept across them. */

export { pci_saved_state } from '../../kernel/pci/state'
export type pci_power_t = number

/**
 * Goes to PCI_D0 ... PCI_D3cold: registers answer in D0 only, configuration space in D3hot too.
 * 0 or -errno. May sleep.
 */
export const pci_set_power_state = kernelCall('pci_set_power_state', power.setPowerState)

/** `D0` ... `D3cold`. */
export const pci_power_name = quiet(function pci_power_name(of: pci_power_t): string {
  return power.powerName(of)
})
/** The state for a sleeping system. */
export const pci_choose_state = quiet(function pci_choose_state(
  _pdev: pci_dev,
  _state: unknown,
): pci_power_t {
  return PCI_D3hot
})
/** Puts the device to sleep as deep as it goes. 0 or -errno. May sleep. */
export const pci_prepare_to_sleep = kernelCall('pci_prepare_to_sleep', (pdev: pci_dev) =>
  power.setPowerState(pdev, PCI_D3hot),
)
export const pci_back_from_sleep = kernelCall('pci_back_from_sleep', (pdev: pci_dev) =>
  power.setPowerState(pdev, 0),
)
/** Models send no wake-up messages. */
export const pci_pme_capable = quiet(function pci_pme_capable(
  _pdev: pci_dev,
  _state: pci_power_t,
): boolean {
  return false
})
export function pci_enable_wake(_pdev: pci_dev, _state: pci_power_t, enable: boolean): number {
  return enable ? -22 : 0
}
export function pci_wake_from_d3(pdev: pci_dev, enable: boolean): number {
  return pci_enable_wake(pdev, PCI_D3hot, enable)
}

/** Keeps configuration space for `pci_restore_state`. 0. */
export function pci_save_state(pdev: pci_dev): number {
  return state.saveState(pdev)
}
/** Writes back what was last saved: by the driver, or by the bus when the device was found. */
export function pci_restore_state(pdev: pci_dev): void {
  state.restoreState(pdev)
}
/** A copy of what is saved, for keeping; null when nothing is. Free it with `kfree`. */
export function pci_store_saved_state(pdev: pci_dev): state.pci_saved_state | null {
  return state.storeSavedState(pdev)
}
/** Makes a kept copy count as saved. 0. */
export function pci_load_saved_state(pdev: pci_dev, kept: state.pci_saved_state | null): number {
  return state.loadSavedState(pdev, kept)
}
export function pci_load_and_free_saved_state(
  pdev: pci_dev,
  kept: ptr<state.pci_saved_state | null>,
): number {
  const ret = state.loadSavedState(pdev, kept.value)
  kept.value = null
  return ret
}
