import { functionAt } from './functions'
import type { pci_dev } from './pci-dev'

/** Configuration space that is kept by software: drivers/pci/pci.c. */

/** 0. What the device looks like now is what `restoreState` will write. */
export function saveState(pdev: pci_dev): number {
  pdev.$saved = functionAt(pdev)?.keep() ?? null
  pdev.state_saved = true
  return 0
}

export function restoreState(pdev: pci_dev): void {
  const fn = functionAt(pdev)
  if (fn && pdev.$saved) fn.putBack(pdev.$saved)
  pdev.state_saved = false
}

/** A copy of what was saved, for drivers that keep it themselves; null when nothing is saved. */
export class pci_saved_state {
  /** @internal */
  readonly $config: Uint8Array

  constructor(config: Uint8Array) {
    this.$config = config
  }
}

export const storeSavedState = (pdev: pci_dev): pci_saved_state | null =>
  pdev.state_saved && pdev.$saved ? new pci_saved_state(pdev.$saved) : null

/** 0. With null, nothing counts as saved afterwards. */
export function loadSavedState(pdev: pci_dev, state: pci_saved_state | null): number {
  pdev.state_saved = false
  if (!state) return 0
  pdev.$saved = state.$config
  pdev.state_saved = true
  return 0
}
