import type { pci_dev } from '../kernel/pci/pci-dev'

/** Error reporting of PCI Express: `linux/aer`. The bus does it all; `pci_error_handlers` hear of it. */

export const AER_NONFATAL = 0
export const AER_FATAL = 1
export const AER_CORRECTABLE = 2

/** Forgets the errors that a device has reported: the core has done so already. 0. */
export function pci_aer_clear_nonfatal_status(_dev: pci_dev): number {
  return 0
}
/** Whether errors of a device are dealt with by the kernel and not by firmware. */
export function pcie_aer_is_native(dev: pci_dev): number {
  return dev.pcie_cap ? 1 : 0
}
