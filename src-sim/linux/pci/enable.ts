import { quiet } from '../../kernel/api'
import * as f from '../../kernel/pci/functions'
import * as managed from '../../kernel/pci/managed'
import type { pci_dev } from '../../kernel/pci/pci-dev'
import { mightSleep } from '../../kernel/sched/schedule'

/** Switching a device on and off. */

/**
 * Switches a device on: power, then memory decoding. 0 or -errno. May sleep. Pair:
 * `pci_disable_device` (DM-89).
 */
export function pci_enable_device(pdev: pci_dev): number {
  mightSleep('pci_enable_device')
  return f.enableDevice(pdev) as number
}
/** As `pci_enable_device`, without I/O ports. */
export function pci_enable_device_mem(pdev: pci_dev): number {
  mightSleep('pci_enable_device_mem')
  return f.enableDevice(pdev) as number
}
/** For a device that was enabled and lost its state: decodes again; the count stays. 0. */
export function pci_reenable_device(pdev: pci_dev): number {
  mightSleep('pci_reenable_device')
  return pdev.enable_cnt > 0 ? f.decode(pdev) : 0
}

/** Undoes one `pci_enable_device`; the last one ends bus mastering, and only that. */
export function pci_disable_device(pdev: pci_dev): void {
  f.disableDevice(pdev)
}
export function pci_is_enabled(pdev: pci_dev): boolean {
  return pdev.enable_cnt > 0
}

/** Lets the device reach memory and send messages. Pair: `pci_clear_master` (DM-90). */
export function pci_set_master(pdev: pci_dev): void {
  f.setMaster(pdev, true)
}

/** From here on the device reaches no memory any more; its DMA is dropped. */
export function pci_clear_master(pdev: pci_dev): void {
  f.setMaster(pdev, false)
}
/** Lets the device pull its interrupt line, or not. */
export function pci_intx(pdev: pci_dev, enable: number | boolean): void {
  f.setIntx(pdev, !!enable)
}
/** Memory-write-invalidate: nothing here that it could speed up. 0. */
export const pci_set_mwi = quiet(function pci_set_mwi(_pdev: pci_dev): number {
  return 0
})
export const pci_try_set_mwi = quiet(function pci_try_set_mwi(_pdev: pci_dev): number {
  return 0
})
export const pci_clear_mwi = quiet(function pci_clear_mwi(_pdev: pci_dev): void {})

/** As `pci_enable_device`; undone when the driver goes (DM-100). */
export function pcim_enable_device(pdev: pci_dev): number {
  mightSleep('pcim_enable_device')
  return managed.enableManaged(pdev) as number
}
/** The device stays enabled when the driver goes. */
export function pcim_pin_device(pdev: pci_dev): void {
  pdev.pinned = 1
}
/** `pci_intx` until the driver goes. 0. */
export function pcim_intx(pdev: pci_dev, enable: number | boolean): number {
  managed.intxManaged(pdev, !!enable)
  return 0
}
export const pcim_set_mwi = quiet(function pcim_set_mwi(_pdev: pci_dev): number {
  return 0
})
