import { KernelObject } from '../../engine/object'
import { bus_type, device, device_driver } from '../base/device'
import type { attribute_group } from '../base/attributes'
import type { dev_pm_ops } from '../base/pm-runtime'
import type { BusRegion } from '../platform/bus-space'
import { resource } from '../platform/resource'
import type { PciFunction, Slot } from './config'
import type { P2pdma } from './p2pdma'

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
  /** The bus behind it, when it is a bridge. */
  secondaryBus?: number
  /** Kind of port, as in the PCI Express capability; left out: an endpoint. */
  portType?: number
  /** What its access control capability can do (PCI_ACS_*); left out: it has none. */
  acs?: number
  /** It can keep translations itself (address translation services). */
  ats?: boolean
  /** Page requests it can have under way; 0 or left out: it cannot ask for pages. */
  pageRequests?: number
  /** Bits of its PASIDs; 0 or left out: it knows none. */
  pasidBits?: number
  /** Optional abilities of its PASIDs. */
  pasidFeatures?: number
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
  /** The bus that the bridge above sits on; null for the root bus. */
  parent: pci_bus | null = null
  /** The bridge above; null for the root bus. */
  self: pci_dev | null = null
  /** @internal What was found on it, in the order of finding. */
  readonly $devices: pci_dev[] = []
}

export const PCI_D0 = 0
export const PCI_D1 = 1
export const PCI_D2 = 2
export const PCI_D3hot = 3
export const PCI_D3cold = 4
export const PCI_UNKNOWN = 5

/** Whether the way to a device works: values of `pci_dev.error_state`. */
export const pci_channel_io_normal = 1
export const pci_channel_io_frozen = 2
export const pci_channel_io_perm_failure = 3
export type pci_channel_state_t = number

export const PCI_HEADER_TYPE_NORMAL = 0
export const PCI_HEADER_TYPE_BRIDGE = 1

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
  hdr_type = PCI_HEADER_TYPE_NORMAL
  multifunction = 0
  irq = 0
  pin = 1
  driver: pci_driver | null = null
  msi_cap = 0
  msix_cap = 0
  pcie_cap = 0
  /** Where the power management capability is; 0: there is none. */
  pm_cap = 0
  /** Address translation services, page requests and PASIDs: where they are, and what is on. */
  ats_cap = 0
  ats_stu = 0
  ats_enabled = 0
  pri_cap = 0
  pri_enabled = 0
  pri_reqs_alloc = 0
  pasid_cap = 0
  pasid_enabled = 0
  pasid_features = 0
  /** Prefixes of transactions get through all the way to the root. */
  eetlp_prefix_max = 1
  /** From outside: it may lie about what it is. */
  untrusted = 0
  no_msi = 0
  msi_enabled = 0
  msix_enabled = 0
  is_busmaster = 0
  is_managed = 0
  pinned = 0
  enable_cnt = 0
  /** The power state as the kernel believes it to be: one of PCI_D0 ... PCI_UNKNOWN. */
  current_state = PCI_D0
  wakeup_prepared = 0
  error_state: pci_channel_state_t = pci_channel_io_normal
  /** `pci_save_state` has kept something that was not restored since. */
  state_saved = false
  resource: resource[] = []
  dma_mask = 0xffffffff
  /** @internal The place it was found in. */
  $slot: Slot | null = null
  /** @internal The hardware it was made for. */
  $function: PciFunction | null = null
  /** @internal Physical windows, while its BARs are assigned. */
  $windows: (BusRegion | null)[] = []
  /** @internal Drivers may bind: the scan of its bus has come that far (DM-98). */
  $bindable = false
  /** @internal First stage of removal done. */
  $stopped = false
  /** @internal First vector and how many, while vectors are allocated. */
  $vectors: { first: number; count: number } | null = null
  /** @internal Interrupt number of the INTx line. */
  $intx = 0
  /** @internal What user space is told of it. */
  $uevent: string[] | null = null
  /** @internal Page requests have been stopped and are not all answered. */
  $priBusy = false
  /** @internal Managed mappings by BAR. */
  readonly $iomap: number[] = []
  /** Its BARs must not be mapped by programs or given to other devices. */
  non_mappable_bars = 0
  /** @internal What `pci_save_state` has kept. */
  $saved: Uint8Array | null = null
  /** @internal Memory that it offers to other devices. */
  $p2pdma: P2pdma | null = null

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
    const failed = this.error_state === pci_channel_io_perm_failure
    return failed || this.$slot?.present !== this.$function
  }
}

/** What a driver wants to happen, or thinks has happened, in the recovery from an error. */
export type pci_ers_result_t = number
export const PCI_ERS_RESULT_NONE = 1
export const PCI_ERS_RESULT_CAN_RECOVER = 2
export const PCI_ERS_RESULT_NEED_RESET = 3
export const PCI_ERS_RESULT_DISCONNECT = 4
export const PCI_ERS_RESULT_RECOVERED = 5
export const PCI_ERS_RESULT_NO_AER_DRIVER = 6

/** What a driver is asked and told when the bus reports errors or its device is reset. */
export interface pci_error_handlers {
  /** The link had an error; after a frozen one registers do not answer. Answers a vote. */
  error_detected?: ((pdev: pci_dev, error: pci_channel_state_t) => pci_ers_result_t) | null
  /** Everybody can recover without a reset: registers may be looked at. */
  mmio_enabled?: ((pdev: pci_dev) => pci_ers_result_t) | null
  /** The device was reset: it is as after power-on, configuration space included. */
  slot_reset?: ((pdev: pci_dev) => pci_ers_result_t) | null
  /** Before and after a function-level reset that somebody asked for (DM-104). */
  reset_prepare?: ((pdev: pci_dev) => void) | null
  reset_done?: ((pdev: pci_dev) => void) | null
  /** Normal operation may go on. */
  resume?: ((pdev: pci_dev) => void) | null
  /** An error that the hardware has corrected by itself. */
  cor_error_detected?: ((pdev: pci_dev) => void) | null
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
  /** The driver decides itself what its device sees: it makes no claim for the DMA API. */
  driver_managed_dma = false
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
