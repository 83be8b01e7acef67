import type { Machine } from '../../engine/machine'
import { call, point, type Sim } from '../../engine/suspend'
import { ENODEV } from '../errno'
import { deviceLog, lockDevice, unlockDevice } from '../base/core'
import { pmGetSync, pmPut } from '../base/pm-runtime'
import { sendUevent } from '../base/uevent'
import { pciBus } from './bus'
import { inPortThread } from './hotplug'
import {
  pci_channel_io_frozen,
  pci_channel_io_normal,
  pci_channel_io_perm_failure,
  PCI_ERS_RESULT_CAN_RECOVER,
  PCI_ERS_RESULT_DISCONNECT,
  PCI_ERS_RESULT_NEED_RESET,
  PCI_ERS_RESULT_NO_AER_DRIVER,
  PCI_ERS_RESULT_NONE,
  PCI_ERS_RESULT_RECOVERED,
  PCI_HEADER_TYPE_BRIDGE,
  type pci_channel_state_t,
  type pci_dev,
  type pci_error_handlers,
} from './pci-dev'
import { devicesBelow, resetSecondaryBus } from './reset'

/** Errors that the bus reports, and the way back: drivers/pci/pcie/{aer,err}.c. */

export type BusError = 'correctable' | 'nonfatal' | 'fatal'

interface ErrorKind {
  severity: string
  layer: string
  bit: number
  status: string
  mask: string
  name: string
}

/** One error of each severity stands for all. */
const KINDS: Record<BusError, ErrorKind> = {
  correctable: {
    severity: 'Correctable',
    layer: 'Physical Layer',
    bit: 0,
    status: '00000001',
    mask: '0000e000',
    name: 'RxErr',
  },
  nonfatal: {
    severity: 'Uncorrectable (Non-Fatal)',
    layer: 'Transaction Layer',
    bit: 14,
    status: '00004000',
    mask: '00000000',
    name: 'CmpltTO',
  },
  fatal: {
    severity: 'Uncorrectable (Fatal)',
    layer: 'Data Link Layer',
    bit: 4,
    status: '00000010',
    mask: '00000000',
    name: 'DLP',
  },
}

const say = (pdev: pci_dev, level: number, text: string): void =>
  deviceLog(pdev.dev, level, `AER: ${text}`)

/** A device reports an error; its root port's interrupt thread deals with it. 0 or -errno. */
export function* reportError(machine: Machine, name: string, kind: BusError): Sim<number> {
  const all = pciBus(machine)
  const slot = all.slot(name)
  const pdev = slot ? all.found.get(slot) : undefined
  if (!slot?.present || !pdev) return -ENODEV
  const port = pdev.bus?.self ?? pdev
  if (kind === 'fatal') for (const inner of all.slotsBehind(port.$slot!)) breakLink(machine, inner)
  yield* inPortThread(machine, slot, 'aerdrv', () => handleError(machine, port, pdev, kind))
  return 0
}

function breakLink(machine: Machine, slot: NonNullable<pci_dev['$slot']>): void {
  if (slot.present) slot.present.linkDown = true
  for (const inner of pciBus(machine).slotsBehind(slot)) breakLink(machine, inner)
}

function* handleError(machine: Machine, port: pci_dev, pdev: pci_dev, kind: BusError): Sim {
  const level = kind === 'correctable' ? 4 : 3
  let root = port
  while (root.bus?.self) root = root.bus.self
  describe(root, pdev, KINDS[kind], level)
  if (kind !== 'correctable') {
    yield* recover(machine, port, kind === 'fatal' ? pci_channel_io_frozen : pci_channel_io_normal)
    return
  }
  yield* lockDevice(pdev.dev)
  const told = handlersOf(pdev)?.cor_error_detected
  if (told) yield* call(() => told(pdev))
  unlockDevice(pdev.dev)
}

function describe(root: pci_dev, pdev: pci_dev, error: ErrorKind, level: number): void {
  const id = (n: number): string => n.toString(16).padStart(4, '0')
  say(root, 6, `${error.severity} error message received from ${pdev.$label}`)
  const agent = error.name === 'CmpltTO' ? 'Requester ID' : 'Receiver ID'
  deviceLog(
    pdev.dev,
    level,
    `PCIe Bus Error: severity=${error.severity}, type=${error.layer}, (${agent})`,
  )
  const device = `[${id(pdev.vendor)}:${id(pdev.device)}]`
  deviceLog(
    pdev.dev,
    level,
    `  device ${device} error status/mask=${error.status}/${error.mask}`,
  )
  const bit = `[${String(error.bit).padStart(2)}]`
  deviceLog(pdev.dev, level, `   ${bit} ${error.name.padEnd(22)} (First)`)
}

const handlersOf = (pdev: pci_dev): pci_error_handlers | null => pdev.driver?.err_handler ?? null

/** `pci_dev_set_io_state`: what has failed for good stays so. */
export function setIoState(pdev: pci_dev, state: pci_channel_state_t): boolean {
  const old = pdev.error_state
  if (state === pci_channel_io_perm_failure) pdev.error_state = state
  else if (old === pci_channel_io_perm_failure) return false
  else pdev.error_state = state
  return true
}

/** The worst vote wins; a device without a say ends the matter. */
export function mergeResult(all: number, vote: number): number {
  if (vote === PCI_ERS_RESULT_NO_AER_DRIVER) return vote
  if (vote === PCI_ERS_RESULT_NONE) return all
  if (all === PCI_ERS_RESULT_CAN_RECOVER || all === PCI_ERS_RESULT_RECOVERED) return vote
  if (all === PCI_ERS_RESULT_DISCONNECT && vote === PCI_ERS_RESULT_NEED_RESET) return vote
  return all
}

/** `pcie_do_recovery`: everything below the port takes part. Answers the merged result. */
function* recover(machine: Machine, port: pci_dev, state: pci_channel_state_t): Sim<number> {
  const all = port.subordinate ? devicesBelow(port.subordinate) : [port]
  for (const pdev of all) yield* pmGetSync(pdev.dev)
  let status = yield* vote(all, PCI_ERS_RESULT_CAN_RECOVER, (p) => errorDetected(p, state))
  if (status === PCI_ERS_RESULT_CAN_RECOVER)
    status = yield* vote(all, PCI_ERS_RESULT_RECOVERED, mmioEnabled)
  if (status === PCI_ERS_RESULT_NEED_RESET || state === pci_channel_io_frozen) {
    const failed = yield* resetSecondaryBus(machine, port)
    const kind = port.bus?.number === 0 ? 'Root' : 'Downstream'
    say(port, 6, `${kind} Port link has been reset (${failed})`)
    if (failed) {
      say(port, 4, 'subordinate device reset failed')
      return yield* giveUp(port, all, status)
    }
  }
  if (status === PCI_ERS_RESULT_NEED_RESET)
    status = yield* vote(all, PCI_ERS_RESULT_RECOVERED, slotReset)
  if (status !== PCI_ERS_RESULT_RECOVERED) return yield* giveUp(port, all, status)
  for (const pdev of all) yield* resume(pdev)
  for (const pdev of all) yield* pmPut(pdev.dev)
  say(port, 6, 'device recovery successful')
  return status
}

/** Asks each device in turn, with its lock held. */
function* vote(
  all: readonly pci_dev[],
  status: number,
  ask: (pdev: pci_dev) => Sim<number>,
): Sim<number> {
  let result = status
  for (const pdev of all) {
    yield point(vote, pdev)
    yield* lockDevice(pdev.dev)
    result = mergeResult(result, yield* ask(pdev))
    unlockDevice(pdev.dev)
  }
  return result
}

function* errorDetected(pdev: pci_dev, state: pci_channel_state_t): Sim<number> {
  const answer = yield* askDetected(pdev, state)
  tellUser(pdev, answer)
  return answer
}

function* askDetected(pdev: pci_dev, state: pci_channel_state_t): Sim<number> {
  if (pdev.error_state === pci_channel_io_perm_failure) return PCI_ERS_RESULT_DISCONNECT
  setIoState(pdev, state)
  const detected = handlersOf(pdev)?.error_detected
  if (detected) return Number(yield* call(() => detected(pdev, state)))
  if (pdev.hdr_type === PCI_HEADER_TYPE_BRIDGE) return PCI_ERS_RESULT_NONE
  say(pdev, 6, "can't recover (no error_detected callback)")
  return PCI_ERS_RESULT_NO_AER_DRIVER
}

function* mmioEnabled(pdev: pci_dev): Sim<number> {
  const enabled = handlersOf(pdev)?.mmio_enabled
  return enabled ? Number(yield* call(() => enabled(pdev))) : PCI_ERS_RESULT_NONE
}

function* slotReset(pdev: pci_dev): Sim<number> {
  const reset = handlersOf(pdev)?.slot_reset
  if (!setIoState(pdev, pci_channel_io_normal) || !reset) return PCI_ERS_RESULT_NONE
  return Number(yield* call(() => reset(pdev)))
}

function* resume(pdev: pci_dev): Sim {
  yield* lockDevice(pdev.dev)
  const go = handlersOf(pdev)?.resume
  if (setIoState(pdev, pci_channel_io_normal) && go) yield* call(() => go(pdev))
  tellUser(pdev, PCI_ERS_RESULT_RECOVERED)
  unlockDevice(pdev.dev)
}

/** Drivers that have a say hear that nothing comes after this. */
function* giveUp(port: pci_dev, all: readonly pci_dev[], status: number): Sim<number> {
  for (const pdev of all) yield* pmPut(pdev.dev)
  for (const pdev of all) {
    yield* lockDevice(pdev.dev)
    const detected = handlersOf(pdev)?.error_detected
    if (detected) yield* call(() => detected(pdev, pci_channel_io_perm_failure))
    tellUser(pdev, PCI_ERS_RESULT_DISCONNECT)
    unlockDevice(pdev.dev)
  }
  say(port, 6, 'device recovery failed')
  return status
}

/** `pci_uevent_ers`. */
function tellUser(pdev: pci_dev, result: number): void {
  if (result === PCI_ERS_RESULT_NO_AER_DRIVER) return
  const event =
    result === PCI_ERS_RESULT_DISCONNECT
      ? ['ERROR_EVENT=FAILED_RECOVERY', 'DEVICE_ONLINE=0']
      : result === PCI_ERS_RESULT_RECOVERED
        ? ['ERROR_EVENT=SUCCESSFUL_RECOVERY', 'DEVICE_ONLINE=1']
        : ['ERROR_EVENT=BEGIN_RECOVERY', 'DEVICE_ONLINE=0']
  sendUevent(pdev.dev.kobj, 'change', event)
}
