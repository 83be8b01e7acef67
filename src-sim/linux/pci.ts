import { machine } from '../engine/current'
import type { Sim } from '../engine/suspend'
import { kernelCall, quiet } from '../kernel/api'
import { registerDriver, unregisterDriver } from '../kernel/base/bus'
import { modules } from '../kernel/base/module'
import { getDevice, putDevice } from '../kernel/base/core'
import type { attribute_group } from '../kernel/base/attributes'
import type { dev_pm_ops } from '../kernel/base/pm-runtime'
import { pciBus } from '../kernel/pci/bus'
import * as f from '../kernel/pci/functions'
import * as managed from '../kernel/pci/managed'
import * as msi from '../kernel/pci/msi'
import { resetFunction, resetLocked } from '../kernel/pci/reset'
import { stopAndRemove } from '../kernel/pci/hotplug'
import {
  pci_dev,
  pci_driver,
  type pci_device_id,
  type pci_error_handlers,
} from '../kernel/pci/pci-dev'
import { mightSleep } from '../kernel/sched/schedule'
import { resourceSize } from '../kernel/platform/resource'
import { module_exit, module_init } from './module'
import { ERR_PTR } from './err'
import type { iomem } from './io'
import type { ptr } from './types'

/** Drivers for PCI devices: `linux/pci`. */
export {
  pci_bus,
  pci_dev,
  pci_driver,
  PCI_ANY_ID,
  type pci_device_id,
  type pci_error_handlers,
} from '../kernel/pci/pci-dev'
export * from '../kernel/pci/registers'

export const PCI_IRQ_INTX = msi.IRQ_INTX
export const PCI_IRQ_MSI = msi.IRQ_MSI
export const PCI_IRQ_MSIX = msi.IRQ_MSIX
export const PCI_IRQ_AFFINITY = 8
export const PCI_IRQ_ALL_TYPES = msi.IRQ_INTX | msi.IRQ_MSI | msi.IRQ_MSIX
export const PCIBIOS_SUCCESSFUL = 0
export const PCIBIOS_DEVICE_NOT_FOUND = f.PCIBIOS_DEVICE_NOT_FOUND

/** An entry of an id table. */
export const PCI_DEVICE = quiet(function PCI_DEVICE(vendor: number, device: number): pci_device_id {
  return { vendor, device }
})
/** An entry that matches a class of devices from anybody. */
export const PCI_DEVICE_CLASS = quiet(function PCI_DEVICE_CLASS(
  cls: number,
  mask: number,
): pci_device_id {
  return { vendor: 0xffffffff, device: 0xffffffff, class: cls, class_mask: mask }
})
/** What a read gives when nobody answers: the device may be gone. */
export const PCI_POSSIBLE_ERROR = quiet(function PCI_POSSIBLE_ERROR(value: number): boolean {
  return value === 0xffffffff
})

/** What a driver writes down instead of filling in a `struct pci_driver`. */
export interface pci_driver_init {
  name: string
  id_table: readonly pci_device_id[]
  probe: (pdev: pci_dev, id: pci_device_id) => number
  remove?: (pdev: pci_dev) => void
  shutdown?: (pdev: pci_dev) => void
  err_handler?: pci_error_handlers
  groups?: readonly attribute_group[]
  dev_groups?: readonly attribute_group[]
  /** As `driver` of the C structure: what the driver core itself looks at. */
  driver?: { pm?: dev_pm_ops; probe_type?: number; suppress_bind_attrs?: boolean }
}

const known = new WeakMap<object, pci_driver>()

function driverOf(init: pci_driver | pci_driver_init): pci_driver {
  if (init instanceof pci_driver) return init
  let drv = known.get(init)
  if (drv) return drv
  drv = new pci_driver()
  const { driver: core, ...own } = init
  Object.assign(drv, own)
  Object.assign(drv.driver, core)
  known.set(init, drv)
  return drv
}

function* registerPciDriver(init: pci_driver | pci_driver_init): Sim<number> {
  const drv = driverOf(init)
  const { driver } = drv
  driver.name = drv.name
  driver.bus = pciBus(machine()).bus
  driver.owner ??= modules(machine()).current
  driver.groups = drv.groups
  driver.dev_groups = drv.dev_groups
  driver.$probe = drv.probe as typeof driver.$probe
  driver.$remove = drv.remove as typeof driver.$remove
  return yield* registerDriver(driver)
}

/** Offers a driver to the bus; probes what fits. 0 or -errno. May sleep. */
export const pci_register_driver = kernelCall('pci_register_driver', registerPciDriver)

function* unregisterPciDriver(init: pci_driver | pci_driver_init): Sim {
  yield* unregisterDriver(driverOf(init).driver)
}

/** Calls `remove` for every bound device and takes the driver off the bus. May sleep. */
export const pci_unregister_driver = kernelCall('pci_unregister_driver', unregisterPciDriver)

/** A module whose init and exit only register and unregister this driver. */
export function module_pci_driver(init: pci_driver | pci_driver_init): void {
  const drv = driverOf(init)
  drv.driver.owner = modules(machine()).loading
  module_init(() => registerPciDriver(drv) as unknown as number)
  module_exit(() => unregisterPciDriver(drv) as unknown as void)
}

/**
 * Switches a device on (memory decoding). 0 or -errno. May sleep. Pair: `pci_disable_device`
 * (DM-89).
 */
export function pci_enable_device(pdev: pci_dev): number {
  mightSleep('pci_enable_device')
  return f.enableDevice(pdev)
}
/** As `pci_enable_device`, without I/O ports. */
export function pci_enable_device_mem(pdev: pci_dev): number {
  mightSleep('pci_enable_device_mem')
  return f.enableDevice(pdev)
}

/** Undoes one `pci_enable_device`; the last one ends bus mastering, and only that. */
export function pci_disable_device(pdev: pci_dev): void {
  f.disableDevice(pdev)
}
export function pci_is_enabled(pdev: pci_dev): boolean {
  return pdev.enable_cnt > 0
}

/** Lets the device reach memory and send messages. Pair: `pci_clear_master` (DM-90). */
export function pci_set_master(pdev: pci_dev): void {
  f.setMaster(pdev, true)
}

/** From here on the device reaches no memory any more; its DMA is dropped. */
export function pci_clear_master(pdev: pci_dev): void {
  f.setMaster(pdev, false)
}
/** Lets the device pull its interrupt line, or not. */
export function pci_intx(pdev: pci_dev, enable: number | boolean): void {
  f.setIntx(pdev, !!enable)
}

/** Claims all BARs for a driver. 0 or -EBUSY. Pair: `pci_release_regions` (DM-94). */
export function pci_request_regions(pdev: pci_dev, name: string): number {
  return f.requestRegions(pdev, name)
}
export function pci_release_regions(pdev: pci_dev): void {
  f.releaseRegions(pdev)
}
export function pci_request_region(pdev: pci_dev, bar: number, name: string): number {
  return f.requestBar(pdev, bar, name)
}
export function pci_release_region(pdev: pci_dev, bar: number): void {
  f.releaseBar(pdev, bar)
}
export const pci_request_mem_regions = pci_request_regions
export const pci_release_mem_regions = pci_release_regions

/** Maps a BAR's registers; 0 when there is none. May sleep. Pair: `pci_iounmap`. */
export function pci_iomap(pdev: pci_dev, bar: number, maxlen: number): iomem {
  mightSleep('pci_iomap')
  return f.iomap(pdev, bar, maxlen)
}
export function pci_ioremap_bar(pdev: pci_dev, bar: number): iomem {
  mightSleep('pci_ioremap_bar')
  return f.iomap(pdev, bar, 0)
}

/** The mapping is gone: an access through it is a page fault. May sleep. */
export function pci_iounmap(_pdev: pci_dev, addr: iomem): void {
  f.iounmap(addr)
}

/**
 * Allocates interrupt vectors; their number, or -errno. May sleep. Pair: `pci_free_irq_vectors`.
 */
export function pci_alloc_irq_vectors(
  pdev: pci_dev,
  min_vecs: number,
  max_vecs: number,
  flags: number,
): number {
  return msi.allocVectors(pdev, min_vecs, max_vecs, flags)
}

/** Frees the vectors. Every `request_irq` on them must have been undone before (IRQ-15). */
export function pci_free_irq_vectors(pdev: pci_dev): void {
  msi.freeVectors(pdev)
}

/** The interrupt number of a vector, for `request_irq`. */
export const pci_irq_vector = quiet(function pci_irq_vector(pdev: pci_dev, nr: number): number {
  return msi.vectorIrq(pdev, nr)
})
/**
 * One message interrupt; afterwards `pdev.irq` is its number. 0 or -errno. Pair:
 * `pci_disable_msi`.
 */
export function pci_enable_msi(pdev: pci_dev): number {
  const ret = msi.allocVectors(pdev, 1, 1, msi.IRQ_MSI)
  return ret < 0 ? ret : 0
}
export function pci_disable_msi(pdev: pci_dev): void {
  msi.freeVectors(pdev)
}

// Managed (DM-100)

/** As `pci_enable_device`; undone when the driver goes. */
export function pcim_enable_device(pdev: pci_dev): number {
  mightSleep('pcim_enable_device')
  return managed.enableManaged(pdev)
}
/** The device stays enabled when the driver goes. */
export function pcim_pin_device(pdev: pci_dev): void {
  pdev.pinned = 1
}
export function pcim_request_region(pdev: pci_dev, bar: number, name: string): number {
  return managed.requestManaged(pdev, bar, name)
}
export function pcim_iomap(pdev: pci_dev, bar: number, maxlen: number): iomem {
  mightSleep('pcim_iomap')
  return managed.iomapManaged(pdev, bar, maxlen)
}
export function pcim_iounmap(pdev: pci_dev, addr: iomem): void {
  managed.iounmapManaged(pdev, addr)
}
/** Claims and maps one BAR; an address or an error pointer. */
export function pcim_iomap_region(pdev: pci_dev, bar: number, name: string): iomem {
  mightSleep('pcim_iomap_region')
  const ret = managed.iomapRegion(pdev, bar, name)
  return ret < 0 ? ERR_PTR<iomem>(ret) : ret
}
/** Claims and maps the BARs of a mask. 0 or -errno. Addresses: `pcim_iomap_table`. */
export function pcim_iomap_regions(pdev: pci_dev, mask: number, name: string): number {
  mightSleep('pcim_iomap_regions')
  return managed.iomapRegions(pdev, mask, name)
}
export function pcim_iomap_table(pdev: pci_dev): iomem[] {
  return pdev.$iomap
}

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
/** The `pci_dev` around a device of this bus. */
export const to_pci_dev = quiet(function to_pci_dev(dev: { $parent: object | null }): pci_dev {
  return dev.$parent as pci_dev
})

/** Takes a reference; it does not keep the device in its slot. Pair: `pci_dev_put`. */
export function pci_dev_get<T extends pci_dev | null>(pdev: T): T {
  if (pdev) getDevice(pdev.dev)
  return pdev
}

/** Drops a reference. May run the release function here and now. */
export const pci_dev_put = kernelCall('pci_dev_put', function* (pdev: pci_dev | null): Sim {
  if (pdev) yield* putDevice(pdev.dev)
})

/** The next device with this id behind `from`, whose reference is given back. May sleep. */
export const pci_get_device = kernelCall(
  'pci_get_device',
  function* (vendor: number, device: number, from: pci_dev | null): Sim<pci_dev | null> {
    const list = [...pciBus(machine()).found.values()]
    const fits = (p: pci_dev): boolean =>
      (vendor === 0xffffffff || p.vendor === vendor) &&
      (device === 0xffffffff || p.device === device)
    const next = list.slice(from ? list.indexOf(from) + 1 : 0).find(fits) ?? null
    if (next) getDevice(next.dev)
    if (from) yield* putDevice(from.dev)
    return next
  },
)

/** Whether the device still answers in configuration space. */
export function pci_device_is_present(pdev: pci_dev): boolean {
  return f.functionAt(pdev) !== null
}
/** Whether the device was marked as torn out: not so after an orderly removal (DM-97). */
export function pci_dev_is_disconnected(pdev: pci_dev): boolean {
  return pdev.error_state === 3
}

/** Reads configuration space into `*val`; all ones when nothing answers. 0 or a PCIBIOS code. */
export function pci_read_config_byte(pdev: pci_dev, where: number, val: ptr<number>): number {
  return f.readConfig(pdev, where, 1, val)
}
export function pci_read_config_word(pdev: pci_dev, where: number, val: ptr<number>): number {
  return f.readConfig(pdev, where, 2, val)
}
export function pci_read_config_dword(pdev: pci_dev, where: number, val: ptr<number>): number {
  return f.readConfig(pdev, where, 4, val)
}
export function pci_write_config_byte(pdev: pci_dev, where: number, val: number): number {
  return f.writeConfig(pdev, where, 1, val)
}
export function pci_write_config_word(pdev: pci_dev, where: number, val: number): number {
  return f.writeConfig(pdev, where, 2, val)
}
export function pci_write_config_dword(pdev: pci_dev, where: number, val: number): number {
  return f.writeConfig(pdev, where, 4, val)
}
/** Offset of a capability in configuration space, or 0. */
export function pci_find_capability(pdev: pci_dev, cap: number): number {
  return f.functionAt(pdev)?.capability(cap) ?? 0
}

/**
 * Resets one function: DMA stops, registers are as after power-on. 0 or -errno. May sleep
 * (DM-104).
 */
export const pci_reset_function = kernelCall('pci_reset_function', resetFunction)
/** The same for callers that hold the device lock. */
export const pci_reset_function_locked = kernelCall('pci_reset_function_locked', resetLocked)
export const pcie_flr = pci_reset_function_locked

/** Removes a device in an orderly way. May sleep; not from its own probe or remove. */
export const pci_stop_and_remove_bus_device_locked = kernelCall(
  'pci_stop_and_remove_bus_device_locked',
  (pdev: pci_dev): Sim => stopAndRemove(machine(), pdev),
)

/** Keeps configuration space for `pci_restore_state`. 0. */
export function pci_save_state(pdev: pci_dev): number {
  pdev.$saved = f.functionAt(pdev)?.config.slice() ?? null
  return 0
}
export function pci_restore_state(pdev: pci_dev): void {
  const fn = f.functionAt(pdev)
  if (fn && pdev.$saved) fn.config.set(pdev.$saved)
}
/** 0 is D0, 3 is D3hot: registers answer in D0 only. 0. May sleep. */
export function pci_set_power_state(pdev: pci_dev, state: number): number {
  pdev.current_state = state
  return 0
}
export const PCI_D0 = 0
export const PCI_D3hot = 3

/** Bus address of a BAR. */
export const pci_resource_start = quiet(function pci_resource_start(
  pdev: pci_dev,
  bar: number,
): number {
  return pdev.resource[bar]?.start ?? 0
})
export const pci_resource_len = quiet(function pci_resource_len(
  pdev: pci_dev,
  bar: number,
): number {
  const r = pdev.resource[bar]
  return r && r.flags !== 0 ? resourceSize(r) : 0
})
export const pci_resource_flags = quiet(function pci_resource_flags(
  pdev: pci_dev,
  bar: number,
): number {
  return pdev.resource[bar]?.flags ?? 0
})
