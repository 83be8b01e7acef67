import { KernelObject } from '../../engine/object'
import { bus_type, device, device_driver } from '../base/device'
import type { attribute_group } from '../base/attributes'
import type { dev_pm_ops } from '../base/pm-runtime'
import type { BusRegion } from '../platform/bus-space'
import { resource } from '../platform/resource'
import type { PciFunction, Slot } from './config'

export interface pci_device_id {
  vendor: number
  device: number
  subvendor?: number
  subdevice?: number
  class?: number
  class_mask?: number
  driver_data?: any
  override_only?: number
}

export const PCI_ANY_ID = 0xffffffff

/** What the bus needs of a device model behind it. */
export interface PciHardware {
  vendorId: number
  deviceId: number
  revision: number
  /** Class, subclass and programming interface: 24 bits. */
  classCode: number
  subsystemVendorId?: number
  subsystemId?: number
  /** Sizes of the BARs in bytes; 0 = not there. */
  bars: number[]
  /** Message-signalled interrupts (MSI) it can send; 0 = none. */
  vectors: number
  /** The same for MSI-X. */
  vectorsX?: number
  read(bar: number, offset: number, size: number): number
  write(bar: number, offset: number, size: number, value: number): void
  /** It sits in a slot now and has a place in configuration space. */
  attach(pdev: pci_dev): void
  /** Function-level reset, or it is taken out: everything under way stops. */
  reset(): void
}

export { resource } from '../platform/resource'

/** One bus below a bridge. */
export class pci_bus extends KernelObject {
  number = 0
  name = ''
  /** The bridge above; null for the root bus. */
  self: pci_dev | null = null
  /** @internal */
  readonly $devices: pci_dev[] = []
}

/** A PCI function. */
export class pci_dev extends KernelObject {
  dev = new device()
  bus: pci_bus | null = null
  subordinate: pci_bus | null = null
  vendor = 0
  device = 0
  subsystem_vendor = 0
  subsystem_device = 0
  revision = 0
  class = 0
  devfn = 0
  irq = 0
  pin = 1
  driver: pci_driver | null = null
  msi_enabled = 0
  msix_enabled = 0
  is_busmaster = 0
  is_managed = 0
  pinned = 0
  enable_cnt = 0
  /** 0 is D0; 3 is D3hot. */
  current_state = 0
  /** 1 normal, 2 frozen, 3 permanently failed. */
  error_state = 1
  resource: resource[] = []
  dma_mask = 0xffffffff
  /** @internal The place it was found in. */
  $slot: Slot | null = null
  /** @internal The hardware it was made for. */
  $function: PciFunction | null = null
  /** @internal Physical windows, while its BARs are assigned. */
  $windows: (BusRegion | null)[] = []
  /** @internal First stage of removal done. */
  $stopped = false
  /** @internal First vector and how many, while vectors are allocated. */
  $vectors: { first: number; count: number } | null = null
  /** @internal Interrupt number of the INTx line. */
  $intx = 0
  /** @internal Managed mappings by BAR. */
  readonly $iomap: number[] = []
  /** @internal What `pci_save_state` has kept. */
  $saved: Uint8Array | null = null

  constructor() {
    super()
    this.dev.$parent = this
    this.dev.$field = 'dev'
  }

  get $label(): string {
    return this.dev.kobj.name ?? ''
  }

  /** @internal Not there any more, or another one is in its place. */
  get $gone(): boolean {
    return this.error_state === 3 || this.$slot?.present !== this.$function
  }
}

export interface pci_error_handlers {
  reset_prepare?: ((pdev: pci_dev) => void) | null
  reset_done?: ((pdev: pci_dev) => void) | null
}

/**
 * A driver for PCI functions. `probe` answers 0 or -errno; after `remove` nothing may touch them.
 */
export class pci_driver extends KernelObject {
  name = ''
  id_table: readonly pci_device_id[] = []
  probe: ((pdev: pci_dev, id: pci_device_id) => number) | null = null
  remove: ((pdev: pci_dev) => void) | null = null
  shutdown: ((pdev: pci_dev) => void) | null = null
  err_handler: pci_error_handlers | null = null
  groups: readonly attribute_group[] | null = null
  dev_groups: readonly attribute_group[] | null = null
  pm: dev_pm_ops | null = null
  driver = new device_driver()
  /** @internal Ids added through sysfs. */
  readonly $newIds: pci_device_id[] = []

  constructor(init?: Partial<Omit<pci_driver, 'driver'>>) {
    super()
    if (init) Object.assign(this, init)
    this.driver.$parent = this
    this.driver.$field = 'driver'
  }
}

export class PciBusType extends bus_type {
  override name = 'pci'
  override driver_override = true
}
