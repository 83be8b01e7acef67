import type { Machine } from '../../engine/machine'
import { SEC } from '../../base/units'
import type { Sim } from '../../engine/suspend'
import { EINVAL, ENODEV } from '../errno'
import { removeDirectory, sysfs } from '../base/sysfs'
import { scheduleTimeoutNs } from '../sched/schedule'
import { pciBus } from './bus'
import type { Slot } from './config'
import { inPortThread, insert, say, unconfigure } from './hotplug'
import type { pci_bus } from './pci-dev'
import { powerOff } from './removal'

/** What a hot-plug port shows of its slot: /sys/bus/pci/slots/N. */

const POWER_OFF_NS = SEC

const pathOf = (bus: pci_bus): string => `/bus/pci/slots/${bus.number}`

/** The places of the card behind a port. */
const places = (machine: Machine, bus: pci_bus): Slot[] => pciBus(machine).slotsOn(bus.number)

const isOn = (machine: Machine, bus: pci_bus): boolean =>
  places(machine, bus).some((s) => s.present !== null)

export function addSlotFiles(machine: Machine, bus: pci_bus): void {
  const tree = sysfs(machine)
  const directory = tree.ensureDirectory(pathOf(bus))
  const shown = (name: string, text: () => string): number =>
    tree.createFile(directory, name, {
      *show() {
        return `${text()}\n`
      },
    })
  directory.defer(bus, () => {
    shown('address', () => `${bus.name}:00`)
    shown('adapter', () => (places(machine, bus).some((s) => s.seated) ? '1' : '0'))
    tree.createFile(directory, 'power', {
      *show() {
        return isOn(machine, bus) ? '1\n' : '0\n'
      },
      *store(text) {
        const value = text.trim()
        if (value !== '0' && value !== '1') return -EINVAL
        const error = yield* switchSlot(machine, bus, value === '1')
        return error || text.length
      },
    })
  })
}

export function* removeSlotFiles(machine: Machine, bus: pci_bus): Sim {
  const node = sysfs(machine).lookup(pathOf(bus))
  if (node?.kind === 'directory') yield* removeDirectory(node)
}

/** The card stays where it is; without power it does not answer, and nobody finds it. */
function* switchSlot(machine: Machine, bus: pci_bus, on: boolean): Sim<number> {
  const card = places(machine, bus).filter((s) => s.seated)
  const first = card[0]
  if (isOn(machine, bus) === on) {
    if (first) say(machine, first, on ? 'Already enabled' : 'Already disabled')
    return -ENODEV
  }
  if (!first) return -ENODEV
  if (on) return yield* powerUp(machine, first)
  const devices = card.map((s) => pciBus(machine).found.get(s)).filter((p) => p !== undefined)
  yield* inPortThread(machine, first, 'pciehp', function* () {
    yield* unconfigure(machine, devices, false)
    for (const slot of card) powerOff(machine, slot)
    yield* scheduleTimeoutNs(POWER_OFF_NS, 'power off', 'uninterruptible')
  })
  return 0
}

function* powerUp(machine: Machine, slot: Slot): Sim<number> {
  let ret = 0
  say(machine, slot, 'Card present')
  say(machine, slot, 'Link Up')
  yield* inPortThread(machine, slot, 'pciehp', function* () {
    ret = yield* insert(machine, slot.name)
  })
  return ret
}
