import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { EAGAIN, EBUSY } from '../errno'
import { deviceLog } from '../base/core'
import type { device } from '../base/device'
import { pmGetNoresume, RPM_ACTIVE, type dev_pm_ops } from '../base/pm-runtime'
import { symbolOf } from '../printk/symbols'
import { warn } from '../printk/warn'
import { PCI_D0, PCI_D3hot, type pci_dev } from './pci-dev'
import { setPowerState } from './power'
import { restoreState, saveState } from './state'

/** Runtime power management of functions: drivers/pci/pci-driver.c. */

/** A function is on, and nobody lets it sleep before `pm_runtime_allow`. */
export function initRuntimePm({ dev }: pci_dev): void {
  const { power } = dev
  power.runtime_auto = false
  power.runtime_status = RPM_ACTIVE
  power.disable_depth = 0
  pmGetNoresume(dev)
}

const pciDev = (dev: device): pci_dev => dev.$parent as pci_dev

function* goTo(pdev: pci_dev, state: number): Sim {
  const change = setPowerState(pdev, state)
  if (typeof change !== 'number') yield* change
}

/**
 * The driver first; then the bus saves the function's state and puts it into D3hot, unless the
 * driver has done so. Without a driver it stays on.
 */
function* suspend(dev: device): Sim<number> {
  const pdev = pciDev(dev)
  if (!pdev.driver) return saveState(pdev)
  const before = pdev.current_state
  const driver = dev.driver?.pm?.runtime_suspend
  pdev.state_saved = false
  if (driver) {
    const error = Number((yield* call(() => driver(dev))) ?? 0)
    if (error) return refused(dev, driver, error)
    if (!pdev.state_saved && pdev.current_state !== PCI_D0) {
      if (pdev.current_state !== before) notSaved(pdev, driver)
      return 0
    }
  }
  if (pdev.state_saved) return 0
  saveState(pdev)
  yield* goTo(pdev, PCI_D3hot)
  return 0
}

/** Being busy is no error. */
function refused(dev: device, driver: object, error: number): number {
  const text = `can't suspend (${symbolOf(machine(), driver, false)} returned ${error})`
  if (error !== -EBUSY && error !== -EAGAIN) deviceLog(dev, 3, text)
  return error
}

function notSaved(pdev: pci_dev, driver: object): void {
  const who = `${pdev.driver?.name ?? 'pci'} ${pdev.$label}`
  const text = `${who}: PCI PM: State of device not saved by ${symbolOf(machine(), driver, true)}`
  warn(machine(), 'pci-pm', 'drivers/pci/pci-driver.c at pci_pm_runtime_suspend', text, {
    objects: [pdev],
    rules: ['DM-99'],
  })
}

function* resume(dev: device): Sim<number> {
  const pdev = pciDev(dev)
  yield* goTo(pdev, PCI_D0)
  restoreState(pdev)
  const driver = pdev.driver ? dev.driver?.pm?.runtime_resume : null
  return driver ? Number((yield* call(() => driver(dev))) ?? 0) : 0
}

function* idle(dev: device): Sim<number> {
  const driver = pciDev(dev).driver ? dev.driver?.pm?.runtime_idle : null
  return driver ? Number((yield* call(() => driver(dev))) ?? 0) : 0
}

export const PCI_PM_OPS = {
  runtime_suspend: suspend,
  runtime_resume: resume,
  runtime_idle: idle,
} as unknown as dev_pm_ops
