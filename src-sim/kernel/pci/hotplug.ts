import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { point, type Sim } from '../../engine/suspend'
import { SEC } from '../../base/units'
import { hotplug } from '../../trace/events'
import { emit } from '../emit'
import { ENODEV, ERANGE } from '../errno'
import { deleteDevice, deviceLog, putDevice } from '../base/core'
import { releaseDriver } from '../base/bind'
import { scheduleTimeoutNs, WaitList } from '../sched/schedule'
import { pciBus, plug, releaseBars, scanSlot, takeOut } from './bus'
import { PCI_COMMAND_INTX_DISABLE, PCI_COMMAND_MASTER, PCI_COMMAND_SERR, type Slot } from './config'
import { putIntx } from './intx'
import type { pci_dev } from './pci-dev'

const BLINK_NS = 5 * SEC
const POWER_OFF_NS = SEC

/** The mutex around all removing and scanning, and what the ports are doing. */
class Hotplug {
  locked = false
  readonly waiters = new WaitList()
  /** Slots whose button was pressed and that have not acted yet. */
  readonly pressed = new Map<Slot, { cancelled: boolean }>()
}

const hotplugs = service(() => new Hotplug())

function* lock(machine: Machine): Sim {
  const all = hotplugs(machine)
  while (all.locked) yield* all.waiters.waitUntil(() => !all.locked, null, 'pci_rescan_remove_lock')
  all.locked = true
}

function unlock(machine: Machine): void {
  const all = hotplugs(machine)
  all.locked = false
  all.waiters.wakeOne()
}

const portOf = (machine: Machine, slot: Slot): pci_dev | null =>
  pciBus(machine).buses.get(slot.bus)?.self ?? null

/** `pcieport 0000:00:05.0: pciehp: Slot(1): text`, as the hot-plug driver of the port prints it. */
function say(machine: Machine, slot: Slot, text: string): void {
  const port = portOf(machine, slot)
  if (port) deviceLog(port.dev, 6, `pciehp: Slot(${slot.bus}): ${text}`)
}

/** First pass of a removal: the driver goes. A second call does nothing (DM-98). */
function* stopDevice(pdev: pci_dev): Sim {
  if (pdev.$stopped) return
  pdev.$stopped = true
  yield* releaseDriver(pdev.dev)
}

/** Second pass: the device leaves its bus, its addresses are free, the first reference goes. */
function* destroyDevice(machine: Machine, pdev: pci_dev): Sim {
  const all = pciBus(machine)
  const slot = pdev.$slot!
  if (all.found.get(slot) !== pdev) return
  yield* deleteDevice(pdev.dev)
  all.found.delete(slot)
  const list = pdev.bus?.$devices
  if (list?.includes(pdev)) list.splice(list.indexOf(pdev), 1)
  releaseBars(machine, pdev)
  putIntx(machine, slot, pdev.$intx)
  yield* putDevice(pdev.dev)
}

/** `pci_stop_and_remove_bus_device`: both passes, under the mutex. */
export function* stopAndRemove(machine: Machine, pdev: pci_dev): Sim {
  yield* lock(machine)
  yield* stopDevice(pdev)
  yield point(stopAndRemove, pdev)
  yield* destroyDevice(machine, pdev)
  unlock(machine)
}

export function* rescan(machine: Machine): Sim {
  yield* lock(machine)
  for (const slot of pciBus(machine).slots.values())
    if (slot.present) yield* scanSlot(machine, slot)
  unlock(machine)
}

/**
 * Takes a function out of its slot. Orderly: its driver is unbound while it still answers.
 * Surprise: it is gone first, reads give all ones, and `remove` runs against nothing (DM-112).
 */
export function* unplug(machine: Machine, name: string, surprise: boolean): Sim<number> {
  const slot = pciBus(machine).slot(name)
  if (!slot?.present) return -ENODEV
  const pdev = pciBus(machine).found.get(slot)
  if (!pdev) {
    takeOut(machine, slot)
    return 0
  }
  emit(hotplug, pdev, surprise ? 'surprise' : 'remove')
  if (surprise) {
    takeOut(machine, slot)
    say(machine, slot, 'Link Down')
    say(machine, slot, 'Card not present')
    pdev.error_state = 3
  }
  yield* inPortThread(machine, slot, function* () {
    yield* stopAndRemove(machine, pdev)
    if (!surprise) quiesce(slot)
  })
  takeOut(machine, slot)
  return 0
}

/** What the port does to a function before its power goes. */
function quiesce(slot: Slot): void {
  const fn = slot.present
  if (fn)
    fn.command = (fn.command & ~(PCI_COMMAND_MASTER | PCI_COMMAND_SERR)) | PCI_COMMAND_INTX_DISABLE
}

/** The port's interrupt thread does the work; the caller waits for it. */
function* inPortThread(machine: Machine, slot: Slot, body: () => Sim): Sim {
  const port = portOf(machine, slot)
  if (!port) {
    yield* body()
    return
  }
  const done = new WaitList()
  const state = { done: false }
  machine.spawn(
    `irq/${20 + slot.bus}-pciehp`,
    (function* (): Sim {
      yield* body()
      state.done = true
      done.wakeAll()
    })(),
    { kernel: true, priority: 50 },
  )
  yield* done.waitUntil(() => state.done, port, 'hot-plug')
}

/** The attention button of a slot: 5 s to change one's mind, then off (or on) (DM-112). */
export function* pressButton(machine: Machine, name: string): Sim<number> {
  const slot = pciBus(machine).slot(name)
  if (!slot) return -ENODEV
  const { pressed } = hotplugs(machine)
  const on = slot.present === null || !pciBus(machine).found.has(slot)
  const before = pressed.get(slot)
  if (before) {
    before.cancelled = true
    pressed.delete(slot)
    say(machine, slot, `Button press: canceling request to power ${on ? 'on' : 'off'}`)
    return -ERANGE
  }
  const press = { cancelled: false }
  pressed.set(slot, press)
  say(machine, slot, `Button press: will power ${on ? 'on' : 'off'} in 5 sec`)
  yield* scheduleTimeoutNs(BLINK_NS, 'the attention button', 'uninterruptible')
  if (press.cancelled) return 0
  pressed.delete(slot)
  if (!on) {
    const ret = yield* unplug(machine, name, false)
    yield* scheduleTimeoutNs(POWER_OFF_NS, 'power off', 'uninterruptible')
    return ret
  }
  say(machine, slot, 'Card present')
  say(machine, slot, 'Link Up')
  let ret = 0
  yield* inPortThread(machine, slot, function* () {
    yield* lock(machine)
    ret = yield* plug(machine, name)
    unlock(machine)
  })
  return ret
}
