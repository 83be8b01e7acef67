import { machine as currentMachine } from '../../engine/current'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EBUSY, EINVAL } from '../errno'
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
import type { pci_dev } from './pci-dev'

/** What drivers ask of the PCI core: drivers/pci/pci.c, access.c, iomap.c. */

export const PCIBIOS_DEVICE_NOT_FOUND = 0x86

const hex4 = (n: number): string => n.toString(16).padStart(4, '0')

/** What sits at the address of a device just now: perhaps not what it was made for (DM-97). */
export const functionAt = (pdev: pci_dev): PciFunction | null =>
  pdev.error_state === 3 ? null : (pdev.$slot?.present ?? null)

/** 0, or a PCIBIOS code; `out.value` is what was read. */
export function readConfig(
  pdev: pci_dev,
  where: number,
  size: number,
  out: { value: number },
): number {
  const fn = functionAt(pdev)
  out.value = fn ? fn.get(where, size) : allOnes(size)
  emit(ev.pci_config_read, pdev, where, size, out.value)
  return pdev.error_state === 3 ? PCIBIOS_DEVICE_NOT_FOUND : 0
}

export function writeConfig(pdev: pci_dev, where: number, size: number, value: number): number {
  emit(ev.pci_config_write, pdev, where, size, value)
  functionAt(pdev)?.write(where, size, value)
  return pdev.error_state === 3 ? PCIBIOS_DEVICE_NOT_FOUND : 0
}

function changeCommand(pdev: pci_dev, set: number, clear: number): void {
  const old = { value: 0 }
  readConfig(pdev, PCI_COMMAND, 2, old)
  const value = (old.value | set) & ~clear
  if (value !== old.value) writeConfig(pdev, PCI_COMMAND, 2, value)
}

/** DM-89: only the first one touches the hardware. */
export function enableDevice(pdev: pci_dev): number {
  useDevice(pdev.dev, 'pci_enable_device', 'registered')
  if (faultInjection(currentMachine()).shouldFail('pci_enable_device')) return -EINVAL
  if (pdev.enable_cnt++ > 0) return 0
  if (pdev.resource.some((r) => r.flags !== 0 && !r.$claimed)) {
    pdev.enable_cnt--
    return -EINVAL
  }
  pdev.current_state = 0
  const old = { value: 0 }
  readConfig(pdev, PCI_COMMAND, 2, old)
  const value = old.value | PCI_COMMAND_MEMORY
  if (value !== old.value) {
    deviceLog(pdev.dev, 6, `enabling device (${hex4(old.value)} -> ${hex4(value)})`)
    writeConfig(pdev, PCI_COMMAND, 2, value)
  }
  emit(ev.pci_enable, pdev, true, pdev.is_busmaster === 1)
  return 0
}

/** The last one ends bus mastering, and nothing else. */
export function disableDevice(pdev: pci_dev): void {
  if (pdev.enable_cnt <= 0) {
    warn(
      currentMachine(),
      'pci-disable',
      'drivers/pci/pci.c at pci_disable_device',
      `${pdev.driver?.name ?? 'pci'} ${pdev.$label}: disabling already-disabled device`,
      {
        objects: [pdev],
        rules: ['DM-89'],
      },
    )
    pdev.enable_cnt = 0
    return
  }
  if (--pdev.enable_cnt > 0) return
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

/** Maps a BAR, or the start of one. 0 when it cannot be. */
export function iomap(pdev: pci_dev, bar: number, maxLength: number): number {
  const machine = currentMachine()
  const r = pdev.resource[bar]
  if (!r || r.flags === 0) return 0
  if (faultInjection(machine).shouldFail('pci_iomap')) return 0
  useDevice(pdev.dev, 'pci_iomap')
  const size = resourceSize(r)
  const length = maxLength > 0 ? Math.min(maxLength, size) : size
  const address = mmioSpace(machine).map(r.start, length, pdev)
  emit(ev.mmio_map, pdev, bar, r.start, length, address)
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

/** Claims all BARs, or none. */
export function requestRegions(pdev: pci_dev, name: string): number {
  for (let bar = 0; bar < pdev.resource.length; bar++) {
    const error = requestBar(pdev, bar, name)
    if (!error) continue
    while (--bar >= 0) releaseBar(pdev, bar)
    return error
  }
  return 0
}

export function releaseRegions(pdev: pci_dev): void {
  for (let bar = 0; bar < pdev.resource.length; bar++) releaseBar(pdev, bar)
}
