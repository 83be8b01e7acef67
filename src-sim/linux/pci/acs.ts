import { machine } from '../../engine/current'
import { acsEnabled, acsPathEnabled, requestAcs } from '../../kernel/pci/acs'
import type { pci_dev } from '../../kernel/pci/pci-dev'

/** Isolation of neighbours from each other. */

/** Ports that are found from now on isolate what is behind them, as far as they can. */
export function pci_request_acs(): void {
  requestAcs(machine())
}
/** Whether a function keeps all of these services (PCI_ACS_*) towards its neighbours (P2P-03). */
export function pci_acs_enabled(pdev: pci_dev, acs_flags: number): boolean {
  return acsEnabled(pdev, acs_flags)
}
/** The same for each function from `start` up to `end`; null: up to the root. */
export function pci_acs_path_enabled(
  start: pci_dev,
  end: pci_dev | null,
  acs_flags: number,
): boolean {
  return acsPathEnabled(start, end, acs_flags)
}
