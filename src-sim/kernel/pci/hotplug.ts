import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { SEC } from '../../base/units'
import { hotplug } from '../../trace/events'
import { emit } from '../emit'
import { ENODEV, ERANGE } from '../errno'
import { deviceLog } from '../base/core'
import { scheduleTimeoutNs, WaitList } from '../sched/schedule'
import { pciBus } from './bus'
import { PCI_COMMAND_INTX_DISABLE, PCI_COMMAND_MASTER, PCI_COMMAND_SERR, type Slot } from './config'
import { pci_channel_io_perm_failure, type pci_dev } from './pci-dev'
import { lockRescanRemove, stopAndRemove, takeOut, unlockRescanRemove } from './removal'
import { devicesBelow } from './reset'
import { findDevices, powerOn } from './scan'

/** The hot-plug port and its driver: drivers/pci/hotplug/pciehp*.c. */

const BLINK_NS = 5 * SEC
const POWER_OFF_NS = SEC

/** Slots whose button was pressed and that have not acted yet. */
const pressedSlots = service(() => new Map<Slot, { cancelled: boolean }>())

const portOf = (machine: Machine, slot: Slot): pci_dev | null =>
  pciBus(machine).buses.get(slot.bus)?.self ?? null

/** `pcieport 0000:00:05.0: pciehp: Slot(1): text`, as the hot-plug driver of the port prints it. */
export function say(machine: Machine, slot: Slot, text: string): void {
  const port = portOf(machine, slot)
  if (port) deviceLog(port.dev, 6, `pciehp: Slot(${slot.bus}): ${text}`)
}

/** Puts the card of a slot in, all its functions, and offers them to the drivers. 0 or -errno. */
export function* insert(machine: Machine, name: string): Sim<number> {
  const all = pciBus(machine)
  const slot = all.slot(name)
  if (!slot) return -ENODEV
  for (const own of all.card(slot)) {
    own.seated = true
    powerOn(machine, own)
  }
  const bus = all.buses.get(slot.bus)
  if (!slot.present || !bus) return 0
  yield* lockRescanRemove(machine)
  yield* findDevices(machine, bus, () => {
    const [, number] = bus.name.split(':')
    if (bus.self) deviceLog(bus.self.dev, 6, `PCI bridge to [bus ${number}]`)
  })
  unlockRescanRemove(machine)
  return 0
}

/**
 * Takes a card out of its slot. Orderly: drivers are unbound while it still answers. Surprise: it
 * is gone first, with all that is behind it; reads give all ones, and `remove` runs against
 * nothing (DM-112).
 */
export function* unplug(machine: Machine, name: string, surprise: boolean): Sim<number> {
  const all = pciBus(machine)
  const slot = all.slot(name)
  if (!slot?.present) return -ENODEV
  const card = all.card(slot).filter((s) => s.present)
  const devices = card.map((s) => all.found.get(s)).filter((p) => p !== undefined)
  for (const pdev of devices) emit(hotplug, pdev, surprise ? 'surprise' : 'remove')
  if (surprise) tearOut(machine, slot, card, devices)
  if (devices.length > 0)
    yield* inPortThread(machine, slot, 'pciehp', () => unconfigure(machine, devices, surprise))
  for (const own of card) takeOut(machine, own)
  return 0
}

function tearOut(machine: Machine, slot: Slot, card: Slot[], devices: pci_dev[]): void {
  for (const own of card) takeOut(machine, own)
  if (devices.length === 0) return
  say(machine, slot, 'Link Down')
  say(machine, slot, 'Card not present')
  for (const pdev of devices) {
    pdev.error_state = pci_channel_io_perm_failure
    if (!pdev.subordinate) continue
    for (const inner of devicesBelow(pdev.subordinate))
      inner.error_state = pci_channel_io_perm_failure
  }
}

/** Last function first; what is still there is made quiet before its power goes. */
export function* unconfigure(machine: Machine, devices: pci_dev[], surprise: boolean): Sim {
  yield* lockRescanRemove(machine)
  for (const pdev of devices.reverse()) {
    yield* stopAndRemove(machine, pdev)
    const fn = pdev.$slot?.present
    if (!surprise && fn)
      fn.command =
        (fn.command & ~(PCI_COMMAND_MASTER | PCI_COMMAND_SERR)) | PCI_COMMAND_INTX_DISABLE
  }
  unlockRescanRemove(machine)
}

/** An interrupt thread of the port does the work; the caller waits for it. */
export function* inPortThread(
  machine: Machine,
  slot: Slot,
  service: string,
  body: () => Sim<unknown>,
): Sim {
  const port = portOf(machine, slot)
  if (!port) {
    yield* body()
    return
  }
  const done = new WaitList()
  const state = { done: false }
  machine.spawn(
    `irq/${20 + slot.bus}-${service}`,
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
  const pressed = pressedSlots(machine)
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
  yield* inPortThread(machine, slot, 'pciehp', function* () {
    ret = yield* insert(machine, name)
  })
  return ret
}
