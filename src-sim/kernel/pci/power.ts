import { MS } from '../../base/units'
import type { Sim } from '../../engine/suspend'
import { EINVAL, EIO } from '../errno'
import { deviceLog } from '../base/core'
import { scheduleTimeoutNs } from '../sched/schedule'
import { PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK } from './config'
import { readConfig, writeConfig } from './functions'
import {
  pci_channel_io_perm_failure,
  PCI_D0,
  PCI_D1,
  PCI_D2,
  PCI_D3cold,
  PCI_D3hot,
  type pci_dev,
} from './pci-dev'

/** Power states of a function: drivers/pci/pci.c. Models have D0 and D3hot. */

const D3_DELAY_NS = 10 * MS
const GONE = 0xffff

const NAMES = ['D0', 'D1', 'D2', 'D3hot', 'D3cold', 'unknown'] as const

export const powerName = (state: number): string => NAMES[state] ?? 'error'

function control(pdev: pci_dev): number {
  const word = { value: 0 }
  readConfig(pdev, pdev.pm_cap + PCI_PM_CTRL, 2, word)
  return word.value
}

/** `pci_update_current_state`: asks the hardware. */
export function updateState(pdev: pci_dev): void {
  if (!pdev.pm_cap) return
  const word = control(pdev)
  pdev.current_state = word === GONE ? PCI_D3cold : word & PCI_PM_CTRL_STATE_MASK
}

/** 0, or -errno. The hardware needs 10 ms between D0 and D3hot: a change sleeps, the rest not. */
export function setPowerState(pdev: pci_dev, wanted: number): number | Sim<number> {
  const state = Math.max(PCI_D0, Math.min(PCI_D3cold, wanted))
  if (pdev.current_state === state) return 0
  if (state === PCI_D0) return powerUp(pdev)
  return powerDown(pdev, state === PCI_D3cold ? PCI_D3hot : state)
}

function powerUp(pdev: pci_dev): number | Sim<number> {
  if (!pdev.pm_cap) return -EIO
  if (pdev.error_state === pci_channel_io_perm_failure) {
    pdev.current_state = PCI_D3cold
    return -EIO
  }
  const word = control(pdev)
  if (word === GONE) return inaccessible(pdev, PCI_D0)
  if ((word & PCI_PM_CTRL_STATE_MASK) !== PCI_D0) return change(pdev, word, PCI_D0)
  pdev.current_state = PCI_D0
  return 0
}

function powerDown(pdev: pci_dev, state: number): number | Sim<number> {
  if (!pdev.pm_cap) return -EIO
  const { current_state: before } = pdev
  if (before <= PCI_D3cold && before > state) return -EINVAL
  if (state === PCI_D1 || state === PCI_D2) return -EIO
  const word = control(pdev)
  return word === GONE ? inaccessible(pdev, state) : change(pdev, word, state)
}

function inaccessible(pdev: pci_dev, state: number): number {
  const way = `from ${powerName(pdev.current_state)} to ${powerName(state)}`
  deviceLog(pdev.dev, 3, `Unable to change power state ${way}, device inaccessible`)
  pdev.current_state = PCI_D3cold
  return -EIO
}

function* change(pdev: pci_dev, word: number, state: number): Sim<number> {
  writeConfig(pdev, pdev.pm_cap + PCI_PM_CTRL, 2, (word & ~PCI_PM_CTRL_STATE_MASK) | state)
  yield* scheduleTimeoutNs(D3_DELAY_NS, 'a change of the power state', 'uninterruptible')
  updateState(pdev)
  return 0
}
