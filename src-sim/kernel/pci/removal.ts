import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { point, type Sim } from '../../engine/suspend'
import { deleteDevice, putDevice } from '../base/core'
import { releaseDriver } from '../base/bind'
import { setLevel } from '../irq/lines'
import { busSpace } from '../platform/bus-space'
import { WaitList } from '../sched/schedule'
import { pciBus } from './bus'
import type { Slot } from './config'
import { putIntx } from './intx'
import type { pci_bus, pci_dev } from './pci-dev'
import { findDevices } from './scan'
import { removeSlotFiles } from './slot-files'

/** Taking devices off their bus: drivers/pci/remove.c. */

/** The mutex around all removing and scanning. */
class RescanRemove {
  locked = false
  readonly waiters = new WaitList()
}

const rescanRemove = service(() => new RescanRemove())

/** `pci_lock_rescan_remove`. */
export function* lockRescanRemove(machine: Machine): Sim {
  const mutex = rescanRemove(machine)
  while (mutex.locked)
    yield* mutex.waiters.waitUntil(() => !mutex.locked, null, 'pci_rescan_remove_lock')
  mutex.locked = true
}

export function unlockRescanRemove(machine: Machine): void {
  const mutex = rescanRemove(machine)
  mutex.locked = false
  mutex.waiters.wakeOne()
}

/** First pass, last child first: drivers go. What is stopped already stays so (DM-98). */
function* stopDevice(pdev: pci_dev): Sim {
  for (const child of [...(pdev.subordinate?.$devices ?? [])].reverse()) yield* stopDevice(child)
  if (pdev.$stopped) return
  pdev.$stopped = true
  yield* releaseDriver(pdev.dev)
}

/** Second pass, first child first: out of sysfs, addresses free, the first reference goes. */
function* removeDevice(machine: Machine, pdev: pci_dev): Sim {
  const below = pdev.subordinate
  if (below) {
    for (const child of [...below.$devices]) yield* removeDevice(machine, child)
    yield* removeSlotFiles(machine, below)
    pciBus(machine).buses.delete(below.number)
    pdev.subordinate = null
  }
  yield* destroyDevice(machine, pdev)
}

function* destroyDevice(machine: Machine, pdev: pci_dev): Sim {
  const all = pciBus(machine)
  const slot = pdev.$slot!
  if (all.found.get(slot) !== pdev) return
  yield* deleteDevice(pdev.dev)
  all.found.delete(slot)
  const list = pdev.bus?.$devices
  if (list?.includes(pdev)) list.splice(list.indexOf(pdev), 1)
  releaseBars(machine, pdev)
  if (pdev.$intx) putIntx(machine, slot, pdev.$intx)
  yield* putDevice(pdev.dev)
}

/** Its windows close and its addresses are free for others. */
function releaseBars(machine: Machine, pdev: pci_dev): void {
  pdev.resource.forEach((r, bar) => {
    const window = pdev.$windows[bar]
    if (window) busSpace(machine).remove(window)
    pdev.$windows[bar] = null
    if (r.$claimed) pciBus(machine).giveAddress(r.start)
    r.$claimed = false
  })
}

/** `pci_stop_and_remove_bus_device`: both passes over the device and all behind it. */
export function* stopAndRemove(machine: Machine, pdev: pci_dev): Sim {
  yield* stopDevice(pdev)
  yield point(stopAndRemove, pdev)
  yield* removeDevice(machine, pdev)
}

/** The same, taking the mutex. */
export function* stopAndRemoveLocked(machine: Machine, pdev: pci_dev): Sim {
  yield* lockRescanRemove(machine)
  yield* stopAndRemove(machine, pdev)
  unlockRescanRemove(machine)
}

/** Scans one bus, or all; answers the highest bus number met. */
export function* rescan(machine: Machine, bus: pci_bus | null = null): Sim<number> {
  yield* lockRescanRemove(machine)
  const highest = yield* findDevices(machine, bus ?? pciBus(machine).root)
  unlockRescanRemove(machine)
  return highest
}

/** The hardware leaves, and what is behind it: all they did stops, lines are let go. */
export function takeOut(machine: Machine, slot: Slot): void {
  slot.seated = false
  powerOff(machine, slot)
}

/** The same for a card that stays in its slot. */
export function powerOff(machine: Machine, slot: Slot): void {
  const fn = slot.present
  if (!fn) return
  for (const inner of pciBus(machine).slotsBehind(slot)) powerOff(machine, inner)
  slot.present = null
  const pdev = pciBus(machine).found.get(slot)
  if (pdev?.$intx) setLevel(machine, pdev.$intx, pdev, false)
  fn.model.reset()
}
