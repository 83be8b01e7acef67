import { machine } from '../engine/current'
import { call, type Sim } from '../engine/suspend'
import { kernelCall, quiet } from '../kernel/api'
import { registerDriver, unregisterDriver } from '../kernel/base/bind'
import { modules } from '../kernel/base/module'
import { getDevice, putDevice } from '../kernel/base/core'
import { embedMembers } from '../kernel/mm/embed'
import { pciBus } from '../kernel/pci/bus'
import * as f from '../kernel/pci/functions'
import { pci_dev, pci_driver, type pci_device_id } from '../kernel/pci/pci-dev'
import { mightSleep } from '../kernel/sched/schedule'
import { THIS_MODULE, module_exit, module_init } from './module'
import type { iomem } from './io'
import type { ptr } from './types'

/** Drivers for PCI devices: `linux/pci`. */
export { pci_dev, pci_driver, PCI_ANY_ID, type pci_device_id } from '../kernel/pci/pci-dev'
export { PCI_COMMAND, PCI_COMMAND_INTX_DISABLE, PCI_COMMAND_MASTER, PCI_COMMAND_MEMORY } from '../kernel/pci/pci-dev'

export const PCI_IRQ_INTX = f.IRQ_INTX
export const PCI_IRQ_MSI = f.IRQ_MSI
export const PCI_IRQ_MSIX = f.IRQ_MSIX
export const PCI_IRQ_ALL_TYPES = f.IRQ_INTX | f.IRQ_MSI | f.IRQ_MSIX

/** An entry of an id table. */
export const PCI_DEVICE = quiet(function PCI_DEVICE(vendor: number, device: number): pci_device_id {
  return { vendor, device }
})

/** What a driver writes down instead of filling in a `struct pci_driver`. */
export interface pci_driver_init {
  name: string
  id_table: readonly pci_device_id[]
  probe: (pdev: pci_dev, id: pci_device_id) => number
  remove?: (pdev: pci_dev) => void
  shutdown?: (pdev: pci_dev) => void
}

function driverOf(init: pci_driver | pci_driver_init): pci_driver {
  if (init instanceof pci_driver) return init
  const drv = new pci_driver()
  embedMembers(drv)
  drv.name = init.name
  drv.id_table = init.id_table
  drv.probe = init.probe
  drv.remove = init.remove ?? null
  drv.shutdown = init.shutdown ?? null
  return drv
}

const known = new WeakMap<object, pci_driver>()

function* registerPciDriver(init: pci_driver | pci_driver_init): Sim<number> {
  const drv = driverOf(init)
  known.set(init, drv)
  drv.driver.name = drv.name
  drv.driver.bus = pciBus(machine()).bus
  drv.driver.owner ??= modules(machine()).all.at(-1) ?? null
  drv.driver.probe = drv.probe as never
  drv.driver.remove = drv.remove as never
  return yield* registerDriver(drv.driver)
}

/** Offers a driver to the bus; probes what fits. 0 or -errno. May sleep. Pair below. */
export const pci_register_driver = kernelCall('pci_register_driver', registerPciDriver)

function* unregisterPciDriver(init: pci_driver | pci_driver_init): Sim {
  const drv = init instanceof pci_driver ? init : known.get(init)
  if (drv) yield* unregisterDriver(drv.driver)
}

/** Calls `remove` for every bound device and takes the driver off the bus. May sleep. */
export const pci_unregister_driver = kernelCall('pci_unregister_driver', unregisterPciDriver)

/** A module whose init and exit only register and unregister this driver. */
export function module_pci_driver(init: pci_driver | pci_driver_init): void {
  void THIS_MODULE
  const drv = driverOf(init)
  drv.driver.owner = modules(machine()).loading
  module_init(() => registerPciDriver(drv) as unknown as number)
  module_exit(() => unregisterPciDriver(drv) as unknown as void)
}

/** Switches a device on (memory decoding). 0 or -errno. May sleep. Pair: `pci_disable_device`. */
export function pci_enable_device(pdev: pci_dev): number {
  mightSleep('pci_enable_device')
  return f.enableDevice(pdev)
}
export const pci_enable_device_mem = pci_enable_device

/** Undoes one `pci_enable_device`; the last one ends bus mastering. */
export function pci_disable_device(pdev: pci_dev): void {
  f.disableDevice(pdev)
}

/** Lets the device reach memory. Pair: `pci_clear_master`. */
export function pci_set_master(pdev: pci_dev): void {
  f.setMaster(pdev, true)
}

/** From here on the device reaches no memory any more; its DMA is dropped. */
export function pci_clear_master(pdev: pci_dev): void {
  f.setMaster(pdev, false)
}

/** Claims all BARs for a driver. 0 or -EBUSY. Pair: `pci_release_regions`. */
export function pci_request_regions(pdev: pci_dev, name: string): number {
  return f.requestRegions(pdev, name)
}
export function pci_release_regions(pdev: pci_dev): void {
  f.releaseRegions(pdev)
}

/** Maps a BAR's registers; 0 when there is none. May sleep. Pair: `pci_iounmap`. */
export function pci_iomap(pdev: pci_dev, bar: number, maxlen: number): iomem {
  mightSleep('pci_iomap')
  return f.iomap(pdev, bar, maxlen)
}

/** The mapping is gone: an access through it is a page fault. */
export function pci_iounmap(_pdev: pci_dev, addr: iomem): void {
  f.iounmap(addr)
}

/** Allocates interrupt vectors; their number, or -errno. May sleep. Pair: `pci_free_irq_vectors`. */
export function pci_alloc_irq_vectors(
  pdev: pci_dev,
  min_vecs: number,
  max_vecs: number,
  flags: number,
): number {
  return f.allocVectors(pdev, min_vecs, max_vecs, flags)
}

/** Frees the vectors. Every `request_irq` on them must have been undone before (IRQ-15). */
export function pci_free_irq_vectors(pdev: pci_dev): void {
  f.freeVectors(pdev)
}

/** The interrupt number of a vector, for `request_irq`. */
export const pci_irq_vector = quiet(function pci_irq_vector(pdev: pci_dev, nr: number): number {
  return f.vectorIrq(pdev, nr)
})

/** Keeps the driver's data with the device. */
export function pci_set_drvdata(pdev: pci_dev, data: unknown): void {
  pdev.dev.driver_data = data
}

/** What `pci_set_drvdata` kept. */
export function pci_get_drvdata<T = unknown>(pdev: pci_dev): T {
  return pdev.dev.driver_data as T
}

export const pci_name = quiet(function pci_name(pdev: pci_dev): string {
  return pdev.$label
})

/** Takes a reference; it does not keep the device in its slot. Pair: `pci_dev_put`. */
export function pci_dev_get(pdev: pci_dev | null): pci_dev | null {
  if (pdev) getDevice(pdev.dev)
  return pdev
}

function* putPciDev(pdev: pci_dev | null): Sim {
  if (pdev) yield* putDevice(pdev.dev)
}
export const pci_dev_put = kernelCall('pci_dev_put', putPciDev)

/** Whether the device still answers. False after a surprise removal. */
export function pci_device_is_present(pdev: pci_dev): boolean {
  return !pdev.$gone
}
export function pci_dev_is_disconnected(pdev: pci_dev): boolean {
  return pdev.error_state === 3
}

/** Reads configuration space into `*val`; all ones when the device is gone. 0. */
export function pci_read_config_byte(pdev: pci_dev, where: number, val: ptr<number>): number {
  val.value = f.readConfig(pdev, where, 1)
  return 0
}
export function pci_read_config_word(pdev: pci_dev, where: number, val: ptr<number>): number {
  val.value = f.readConfig(pdev, where, 2)
  return 0
}
export function pci_read_config_dword(pdev: pci_dev, where: number, val: ptr<number>): number {
  val.value = f.readConfig(pdev, where, 4)
  return 0
}
export function pci_write_config_word(pdev: pci_dev, where: number, val: number): number {
  f.writeConfig(pdev, where, 2, val)
  return 0
}

/** Bus address of a BAR. */
export const pci_resource_start = quiet(function pci_resource_start(pdev: pci_dev, bar: number): number {
  return pdev.resource[bar]?.start ?? 0
})
export const pci_resource_len = quiet(function pci_resource_len(pdev: pci_dev, bar: number): number {
  return pdev.$hardware?.bars[bar] ?? 0
})
void call
