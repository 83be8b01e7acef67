import { machine as currentMachine } from '../../engine/current'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EBUSY, EINVAL, ENODEV, ENOSPC } from '../errno'
import { kernelLog } from '../printk/log'
import { allocIrqs, freeIrqs } from '../irq/lines'
import { mightSleep } from '../sched/schedule'
import { faultInjection } from '../mm/fault-injection'
import { mmioSpace } from './mmio'
import {
  commandOf,
  PCI_COMMAND_MASTER,
  PCI_COMMAND_MEMORY,
  setCommand,
  type pci_dev,
} from './pci-dev'

/** What drivers ask of the PCI core; drivers/pci/pci.c and msi. */

function say(pdev: pci_dev, level: number, text: string): void {
  const who = pdev.driver?.name ?? 'pci'
  kernelLog(currentMachine()).print(level, `${who} ${pdev.$label}: ${text}\n`)
}

const hex4 = (n: number): string => n.toString(16).padStart(4, '0')

export function enableDevice(pdev: pci_dev): number {
  if (pdev.$gone) return -ENODEV
  if (faultInjection(currentMachine()).shouldFail('pci_enable_device')) return -EINVAL
  if (pdev.enable_cnt++ > 0) return 0
  const old = commandOf(pdev)
  const value = old | PCI_COMMAND_MEMORY
  if (value !== old) {
    say(pdev, 6, `enabling device (${hex4(old)} -> ${hex4(value)})`)
    setCommand(pdev, value)
  }
  emit(ev.pci_enable, pdev, true, pdev.is_busmaster === 1)
  return 0
}

export function disableDevice(pdev: pci_dev): void {
  if (pdev.enable_cnt <= 0) return
  if (--pdev.enable_cnt > 0) return
  if (!pdev.$gone) setCommand(pdev, commandOf(pdev) & ~PCI_COMMAND_MASTER)
  pdev.is_busmaster = 0
  emit(ev.pci_enable, pdev, false, false)
}

export function setMaster(pdev: pci_dev, on: boolean): void {
  if (!pdev.$gone) {
    const value = commandOf(pdev)
    setCommand(pdev, on ? value | PCI_COMMAND_MASTER : value & ~PCI_COMMAND_MASTER)
  }
  pdev.is_busmaster = on ? 1 : 0
}

export function iomap(pdev: pci_dev, bar: number, maxLength: number): number {
  const machine = currentMachine()
  const size = pdev.$hardware?.bars[bar] ?? 0
  if (size === 0) return 0
  if (faultInjection(machine).shouldFail('pci_iomap')) return 0
  const length = maxLength > 0 ? Math.min(maxLength, size) : size
  const address = mmioSpace(machine).map(
    {
      object: pdev,
      read: (offset, width) => (answers(pdev) ? pdev.$hardware!.read(bar, offset, width) : ones(width)),
      write: (offset, width, value) => {
        if (answers(pdev)) pdev.$hardware!.write(bar, offset, width, value)
      },
    },
    length,
  )
  emit(ev.mmio_map, pdev, bar, pdev.resource[bar]?.start ?? 0, length, address)
  return address
}

/** A device that is gone, or does not decode memory, answers with all ones. */
const answers = (pdev: pci_dev): boolean =>
  !pdev.$gone && (commandOf(pdev) & PCI_COMMAND_MEMORY) !== 0

const ones = (width: number): number => (width >= 8 ? 2 ** 53 - 1 : 2 ** (8 * width) - 1)

export function iounmap(address: number): void {
  const machine = currentMachine()
  if (address && mmioSpace(machine).unmap(address)) emit(ev.mmio_unmap, 0, address)
}

export function requestRegions(pdev: pci_dev, name: string): number {
  if (pdev.$regions.size > 0) return -EBUSY
  pdev.resource.forEach((_, bar) => pdev.$regions.set(bar, name))
  return 0
}

export function releaseRegions(pdev: pci_dev): void {
  pdev.$regions.clear()
}

export const IRQ_INTX = 1
export const IRQ_MSI = 2
export const IRQ_MSIX = 4

/** How many vectors were allocated, or -errno. May sleep. */
export function allocVectors(pdev: pci_dev, min: number, max: number, flags: number): number {
  mightSleep('pci_alloc_irq_vectors')
  const machine = currentMachine()
  const offered = pdev.$hardware?.vectors ?? 0
  if (pdev.$gone) return -ENODEV
  if (pdev.$vectors) return -EINVAL
  if (faultInjection(machine).shouldFail('pci_alloc_irq_vectors')) return -ENOSPC
  if (flags & (IRQ_MSI | IRQ_MSIX) && offered >= min) {
    const count = Math.min(max, offered)
    pdev.$vectors = { first: allocIrqs(machine, count, `MSI ${pdev.$label}`, 'msi'), count }
    pdev.msi_enabled = 1
    pdev.irq = pdev.$vectors.first
    return count
  }
  if (flags & IRQ_INTX && min === 1) return 1
  return -ENOSPC
}

export function freeVectors(pdev: pci_dev): void {
  const vectors = pdev.$vectors
  if (!vectors) return
  freeIrqs(currentMachine(), vectors.first, vectors.count)
  pdev.$vectors = null
  pdev.msi_enabled = 0
  pdev.msix_enabled = 0
  pdev.irq = pdev.$intx
}

export function vectorIrq(pdev: pci_dev, nr: number): number {
  if (pdev.$vectors) return nr < pdev.$vectors.count ? pdev.$vectors.first + nr : -EINVAL
  return nr === 0 ? pdev.irq : -EINVAL
}

export function readConfig(pdev: pci_dev, where: number, size: number): number {
  let value = ones(size)
  if (!pdev.$gone) {
    value = 0
    for (let i = size - 1; i >= 0; i--) value = value * 256 + (pdev.$config[where + i] ?? 0xff)
  }
  emit(ev.pci_config_read, pdev, where, size, value)
  return value
}

export function writeConfig(pdev: pci_dev, where: number, size: number, value: number): void {
  emit(ev.pci_config_write, pdev, where, size, value)
  if (pdev.$gone) return
  for (let i = 0; i < size; i++) pdev.$config[where + i] = Math.floor(value / 256 ** i) & 0xff
}
