import { machine as currentMachine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { frame } from '../api'
import { emit } from '../emit'
import { EBUSY, EINVAL, EIO } from '../errno'
import { deviceLog, useDevice } from '../base/core'
import { kernelLog } from '../printk/log'
import { report } from '../report'
import { hex16 } from '../printk/format'
import { warn } from '../printk/warn'
import { faultInjection } from '../mm/fault-injection'
import { allOnes } from '../platform/bus-space'
import { regions, resourceSize, resourceText } from '../platform/resource'
import { mmioSpace } from './mmio'
import {
  PCI_COMMAND,
  PCI_COMMAND_INTX_DISABLE,
  PCI_COMMAND_MASTER,
  PCI_COMMAND_MEMORY,
  type PciFunction,
} from './config'
import { pci_channel_io_perm_failure, PCI_D0, type pci_dev } from './pci-dev'
import { setPowerState, updateState } from './power'

/** What drivers ask of the PCI core: drivers/pci/pci.c, access.c, iomap.c. */

export const PCIBIOS_DEVICE_NOT_FOUND = 0x86
export const PCIBIOS_BAD_REGISTER_NUMBER = 0x87

const hex4 = (n: number): string => n.toString(16).padStart(4, '0')

/** What sits at the address of a device just now: perhaps not what it was made for (DM-97). */
export function functionAt(pdev: pci_dev): PciFunction | null {
  if (pdev.error_state === pci_channel_io_perm_failure) return null
  const present = pdev.$slot?.present ?? null
  return present?.linkDown ? null : present
}

/** 0, or a PCIBIOS code; `out.value` is what was read. */
export function readConfig(
  pdev: pci_dev,
  where: number,
  size: number,
  out: { value: number },
): number {
  if (where % size) {
    out.value = allOnes(size)
    return PCIBIOS_BAD_REGISTER_NUMBER
  }
  const fn = functionAt(pdev)
  out.value = fn ? fn.get(where, size) : allOnes(size)
  emit(ev.pci_config_read, pdev, where, size, out.value)
  return pdev.error_state === pci_channel_io_perm_failure ? PCIBIOS_DEVICE_NOT_FOUND : 0
}

export function writeConfig(pdev: pci_dev, where: number, size: number, value: number): number {
  if (where % size) return PCIBIOS_BAD_REGISTER_NUMBER
  emit(ev.pci_config_write, pdev, where, size, value)
  functionAt(pdev)?.write(where, size, value)
  return pdev.error_state === pci_channel_io_perm_failure ? PCIBIOS_DEVICE_NOT_FOUND : 0
}

function changeCommand(pdev: pci_dev, set: number, clear: number): void {
  const old = { value: 0 }
  readConfig(pdev, PCI_COMMAND, 2, old)
  const value = (old.value | set) & ~clear
  if (value !== old.value) writeConfig(pdev, PCI_COMMAND, 2, value)
}

/** DM-89: only the first one touches the hardware; that may have to be woken, which takes time. */
export function enableDevice(pdev: pci_dev): number | Sim<number> {
  useDevice(pdev.dev, 'pci_enable_device', 'registered')
  if (faultInjection(currentMachine()).shouldFail('pci_enable_device')) return -EINVAL
  updateState(pdev)
  if (++pdev.enable_cnt > 1) return 0
  const power = setPowerState(pdev, PCI_D0)
  return typeof power === 'number'
    ? decodeOrUndo(pdev, power)
    : frame('pci_enable_device', whenPowered(pdev, power))
}

function* whenPowered(pdev: pci_dev, power: Sim<number>): Sim<number> {
  return decodeOrUndo(pdev, yield* power)
}

/** A device whose power cannot be changed is tried all the same. */
function decodeOrUndo(pdev: pci_dev, power: number): number {
  const error = power === 0 || power === -EIO ? decode(pdev) : power
  if (error) pdev.enable_cnt--
  return error
}

/** `do_pci_enable_device`, powered: the registers answer from here on. */
export function decode(pdev: pci_dev): number {
  const bar = pdev.resource.findIndex((r) => r.flags !== 0 && !r.$claimed)
  if (bar >= 0) {
    const text = resourceText(pdev.resource[bar]!)
    deviceLog(pdev.dev, 3, `BAR ${bar} ${text}: not claimed; can't enable device`)
    return -EINVAL
  }
  const old = { value: 0 }
  readConfig(pdev, PCI_COMMAND, 2, old)
  const value = old.value | PCI_COMMAND_MEMORY
  if (value !== old.value) {
    deviceLog(pdev.dev, 6, `enabling device (${hex4(old.value)} -> ${hex4(value)})`)
    writeConfig(pdev, PCI_COMMAND, 2, value)
  }
  if (!pdev.msi_enabled && !pdev.msix_enabled) setIntx(pdev, true)
  emit(ev.pci_enable, pdev, true, pdev.is_busmaster === 1)
  return 0
}

/** The last one ends bus mastering, and nothing else. */
export function disableDevice(pdev: pci_dev): void {
  if (pdev.enable_cnt <= 0)
    warn(
      currentMachine(),
      'pci-disable',
      'drivers/pci/pci.c at pci_disable_device',
      `${pdev.driver?.name ?? 'pci'} ${pdev.$label}: disabling already-disabled device`,
      { objects: [pdev], rules: ['DM-89'], printsOnce: true },
    )
  if (--pdev.enable_cnt !== 0) return
  changeCommand(pdev, 0, PCI_COMMAND_MASTER)
  pdev.is_busmaster = 0
  emit(ev.pci_enable, pdev, false, false)
}

/** DM-90. */
export function setMaster(pdev: pci_dev, on: boolean): void {
  changeCommand(pdev, on ? PCI_COMMAND_MASTER : 0, on ? 0 : PCI_COMMAND_MASTER)
  pdev.is_busmaster = on ? 1 : 0
  emit(ev.pci_enable, pdev, pdev.enable_cnt > 0, on)
}

export function setIntx(pdev: pci_dev, on: boolean): void {
  changeCommand(pdev, on ? 0 : PCI_COMMAND_INTX_DISABLE, on ? PCI_COMMAND_INTX_DISABLE : 0)
}

export function intxEnabled(pdev: pci_dev): boolean {
  const command = { value: 0 }
  readConfig(pdev, PCI_COMMAND, 2, command)
  return (command.value & PCI_COMMAND_INTX_DISABLE) === 0
}

/** Maps a BAR from `offset` on, or `maxLength` bytes of it. 0 when it cannot be. */
export function iomap(pdev: pci_dev, bar: number, maxLength: number, offset = 0): number {
  const machine = currentMachine()
  const r = pdev.resource[bar]
  if (!r || r.flags === 0 || resourceSize(r) <= offset) return 0
  if (faultInjection(machine).shouldFail('pci_iomap')) return 0
  useDevice(pdev.dev, 'pci_iomap')
  const size = resourceSize(r) - offset
  const length = maxLength > 0 ? Math.min(maxLength, size) : size
  const address = mmioSpace(machine).map(r.start + offset, length, pdev)
  emit(ev.mmio_map, pdev, bar, r.start + offset, length, address)
  return address
}

/** The mapping is gone at once; one that is not there is complained about (DM-95). */
export function iounmap(address: number): void {
  const machine = currentMachine()
  if (!address) return
  const mapping = mmioSpace(machine).unmap(address)
  if (mapping) emit(ev.mmio_unmap, mapping.object, address)
  else
    report(machine, {
      kind: 'mmio.bad-unmap',
      title: `iounmap: bad address ${hex16(address)}`,
      rules: ['DM-95'],
      help: 'mmio-lifetime',
    })
}

/** Claims one BAR: 0, -EINVAL or -EBUSY (DM-94). */
export function requestBar(pdev: pci_dev, bar: number, name: string): number {
  if (bar < 0 || bar > 5) return -EINVAL
  const r = pdev.resource[bar]
  if (!r || r.flags === 0) return 0
  const machine = currentMachine()
  const refused = faultInjection(machine).shouldFail('pci_request_region')
  if (!refused && regions(machine).request(r.start, resourceSize(r), name, pdev)) return 0
  deviceLog(pdev.dev, 4, `BAR ${bar}: can't reserve ${resourceText(r)}`)
  return -EBUSY
}

export function releaseBar(pdev: pci_dev, bar: number): void {
  const r = pdev.resource[bar]
  if (!r || r.flags === 0) return
  if (regions(currentMachine()).release(r.start, resourceSize(r))) return
  const end = r.end.toString(16).padStart(16, '0')
  const start = r.start.toString(16).padStart(16, '0')
  kernelLog(currentMachine()).print(4, `Trying to free nonexistent resource <${start}-${end}>\n`)
}

const ALL_BARS = 0x3f
const bars = (mask: number): number[] =>
  Array.from({ length: 6 }, (_, bar) => bar).filter((bar) => (mask >> bar) & 1)

/** Claims the BARs of a mask, or none. */
export function requestRegions(pdev: pci_dev, name: string, mask = ALL_BARS): number {
  const taken: number[] = []
  for (const bar of bars(mask)) {
    const error = requestBar(pdev, bar, name)
    if (error) {
      for (const other of taken.reverse()) releaseBar(pdev, other)
      return -EBUSY
    }
    taken.push(bar)
  }
  return 0
}

export function releaseRegions(pdev: pci_dev, mask = ALL_BARS): void {
  for (const bar of bars(mask)) releaseBar(pdev, bar)
}
