import { call, type Sim } from '../../engine/suspend'
import type { device } from '../base/device'
import { pmGetNoresume, RPM_ACTIVE, type dev_pm_ops } from '../base/pm-runtime'
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

/** After the driver the bus puts the function into D3hot; without a driver it stays on. */
function* suspend(dev: device): Sim<number> {
  const pdev = pciDev(dev)
  if (!pdev.driver) {
    saveState(pdev)
    return 0
  }
  const driver = dev.driver?.pm?.runtime_suspend
  pdev.state_saved = false
  const error = driver ? Number((yield* call(() => driver(dev))) ?? 0) : 0
  if (error) return error
  if (!pdev.state_saved) {
    saveState(pdev)
    yield* goTo(pdev, PCI_D3hot)
  }
  return 0
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
