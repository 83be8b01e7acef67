import { call, type Sim } from '../../engine/suspend'
import { ENOTTY } from '../errno'
import { deviceLog, lockDevice, unlockDevice } from '../base/core'
import { scheduleTimeoutNs } from '../sched/schedule'
import { MS } from '../../base/units'
import { PCI_COMMAND_INTX_DISABLE } from './config'
import { functionAt } from './functions'
import type { pci_dev } from './pci-dev'

const SETTLE_NS = 100 * MS

/** DM-104: what the driver says, quiet, a function-level reset, everything as it was. */
export function* resetFunction(pdev: pci_dev): Sim<number> {
  if (!functionAt(pdev)) return -ENOTTY
  const bridge = pdev.bus?.self
  if (bridge) yield* lockDevice(bridge.dev)
  yield* lockDevice(pdev.dev)
  const ret = yield* resetLocked(pdev)
  unlockDevice(pdev.dev)
  if (bridge) unlockDevice(bridge.dev)
  return ret
}

export function* resetLocked(pdev: pci_dev): Sim<number> {
  const handlers = pdev.driver?.err_handler
  const prepare = handlers?.reset_prepare
  if (prepare) yield* call(() => prepare(pdev))
  else if (pdev.driver) deviceLog(pdev.dev, 4, 'resetting')
  const fn = functionAt(pdev)
  if (!fn) return -ENOTTY
  const saved = fn.config.slice()
  fn.command = PCI_COMMAND_INTX_DISABLE
  fn.model.reset()
  fn.powerOn()
  yield* scheduleTimeoutNs(SETTLE_NS, 'function-level reset', 'uninterruptible')
  fn.config.set(saved)
  const done = handlers?.reset_done
  if (done) yield* call(() => done(pdev))
  else if (pdev.driver) deviceLog(pdev.dev, 4, 'reset done')
  return 0
}
