import { MS } from '../../base/units'
import type { Machine } from '../../engine/machine'
import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { EAGAIN, ENOTTY } from '../errno'
import { deviceLog, lockDevice, unlockDevice } from '../base/core'
import { pmGetSync, pmPut } from '../base/pm-runtime'
import { parkedReset } from '../iommu/pci-reset'
import { scheduleTimeoutNs } from '../sched/schedule'
import { pciBus } from './bus'
import { PCI_COMMAND, PCI_COMMAND_INTX_DISABLE } from './config'
import { functionAt, readConfig, writeConfig } from './functions'
import { PCI_D0, pci_channel_io_perm_failure, type pci_bus, type pci_dev } from './pci-dev'
import { setPowerState } from './power'
import { restoreState, saveState } from './state'

/** Resets: drivers/pci/pci.c. Every model can do a function-level reset. */

const SETTLE_NS = 100 * MS
const LINK_UP_NS = 110 * MS
const WAIT_MS = 1000
const READY_MS = 60_000

const supported = (pdev: pci_dev): boolean => pdev.pcie_cap !== 0

/** The upstream bridge is held as well: its configuration must not change (DM-104). */
export function* resetFunction(pdev: pci_dev): Sim<number> {
  if (!supported(pdev)) return -ENOTTY
  const bridge = pdev.bus?.self
  if (bridge) yield* lockDevice(bridge.dev)
  yield* lockDevice(pdev.dev)
  const ret = yield* resetLocked(pdev)
  unlockDevice(pdev.dev)
  if (bridge) unlockDevice(bridge.dev)
  return ret
}

/** The `reset` file: the device is in use while that happens. */
export function* resetFromUser(pdev: pci_dev): Sim<number> {
  yield* pmGetSync(pdev.dev)
  const ret = yield* resetFunction(pdev)
  yield* pmPut(pdev.dev)
  return ret
}

/** As `resetFunction`, without waiting for the device lock: -EAGAIN when somebody has it. */
export function* tryResetFunction(pdev: pci_dev): Sim<number> {
  if (!supported(pdev)) return -ENOTTY
  if (pdev.dev.$locked) return -EAGAIN
  yield* lockDevice(pdev.dev)
  const ret = yield* resetLocked(pdev)
  unlockDevice(pdev.dev)
  return ret
}

/** DM-104: what the driver says, quiet, a function-level reset, everything as it was. */
export function* resetLocked(pdev: pci_dev): Sim<number> {
  if (!supported(pdev)) return -ENOTTY
  yield* saveAndDisable(pdev)
  const ret = yield* functionLevelReset(pdev)
  yield* restoreAfterReset(pdev)
  return ret
}

function* saveAndDisable(pdev: pci_dev): Sim {
  const prepare = pdev.driver?.err_handler?.reset_prepare
  if (prepare) yield* call(() => prepare(pdev))
  else if (pdev.driver) deviceLog(pdev.dev, 4, 'resetting')
  yield* call(() => setPowerState(pdev, PCI_D0) as number)
  saveState(pdev)
  writeConfig(pdev, PCI_COMMAND, 2, PCI_COMMAND_INTX_DISABLE)
}

function* restoreAfterReset(pdev: pci_dev): Sim {
  restoreState(pdev)
  const done = pdev.driver?.err_handler?.reset_done
  if (done) yield* call(() => done(pdev))
  else if (pdev.driver) deviceLog(pdev.dev, 4, 'reset done')
}

/** `pcie_flr`: the reset alone. Configuration space is as after power-on. 0 or -errno. */
export const functionLevelReset = (pdev: pci_dev): Sim<number> =>
  parkedReset(pdev, () => resetAlone(pdev))

function* resetAlone(pdev: pci_dev): Sim<number> {
  functionAt(pdev)?.reset()
  yield* scheduleTimeoutNs(SETTLE_NS, 'function-level reset', 'uninterruptible')
  return yield* waitReady(pdev, 'FLR')
}

/** `pci_dev_wait`: doubles its patience until the device answers. */
function* waitReady(pdev: pci_dev, what: string): Sim<number> {
  const word = { value: 0 }
  let delayMs = 1
  for (;;) {
    if (pdev.error_state === pci_channel_io_perm_failure) return -ENOTTY
    readConfig(pdev, PCI_COMMAND, 4, word)
    if (word.value !== 0xffffffff) break
    if (delayMs > READY_MS) {
      deviceLog(pdev.dev, 4, `not ready ${delayMs - 1}ms after ${what}; giving up`)
      return -ENOTTY
    }
    if (delayMs > WAIT_MS)
      deviceLog(pdev.dev, 6, `not ready ${delayMs - 1}ms after ${what}; waiting`)
    yield* scheduleTimeoutNs(delayMs * MS, what, 'uninterruptible')
    delayMs *= 2
  }
  if (delayMs > WAIT_MS) deviceLog(pdev.dev, 6, `ready ${delayMs - 1}ms after ${what}`)
  return 0
}

/** Everything behind a bridge is reset, whatever it is doing. */
export function* resetSecondaryBus(m: Machine, bridge: pci_dev): Sim<number> {
  const from = bridge.$slot
  if (!from) return -ENOTTY
  resetBehind(m, bridge)
  yield* scheduleTimeoutNs(LINK_UP_NS, 'secondary bus reset', 'uninterruptible')
  const first = bridge.subordinate?.$devices[0]
  return first ? yield* waitReady(first, 'bus reset') : 0
}

function resetBehind(m: Machine, bridge: pci_dev): void {
  for (const slot of pciBus(m).slotsBehind(bridge.$slot!)) {
    slot.present?.reset()
    const pdev = pciBus(m).found.get(slot)
    if (pdev?.subordinate) resetBehind(m, pdev)
  }
}

/** `pci_reset_bus`: the device and all that share its bus. -EAGAIN when a lock is taken. */
export function* resetBus(pdev: pci_dev): Sim<number> {
  const { bus } = pdev
  const bridge = bus?.self
  if (!bus || !bridge) return -ENOTTY
  const all = devicesBelow(bus)
  if (all.some((p) => p.dev.$locked)) return -EAGAIN
  for (const p of all) yield* lockDevice(p.dev)
  for (const p of all) yield* saveAndDisable(p)
  const ret = yield* resetSecondaryBus(machine(), bridge)
  for (const p of all) yield* restoreAfterReset(p)
  for (const p of all.reverse()) unlockDevice(p.dev)
  return ret
}

/** A bus and the buses behind it, each device before what is behind it. */
export function devicesBelow(bus: pci_bus): pci_dev[] {
  return bus.$devices.flatMap((p) => (p.subordinate ? [p, ...devicesBelow(p.subordinate)] : [p]))
}
