import { KernelObject } from '../../engine/object'
import { bus_type, device, device_driver } from '../base/device'

export interface pci_device_id {
  vendor: number
  device: number
  subvendor?: number
  subdevice?: number
  class?: number
  class_mask?: number
  driver_data?: unknown
}

export const PCI_ANY_ID = 0xffffffff

/** What the bus needs of a device model behind it. */
export interface PciHardware {
  vendorId: number
  deviceId: number
  revision: number
  classCode: number
  /** Sizes of the BARs in bytes; 0 = not there. */
  bars: number[]
  /** Message-signalled interrupts it can send. */
  vectors: number
  read(bar: number, offset: number, size: number): number
  write(bar: number, offset: number, size: number, value: number): void
  /** The interrupt mode changed or mastering was switched. */
  attach(pdev: pci_dev): void
  reset(): void
}

/** A stretch of bus addresses that belongs to a device. */
export class resource extends KernelObject {
  start = 0
  end = 0
  name = ''
  flags = 0
}

/** A PCI function. */
export class pci_dev extends KernelObject {
  dev = new device()
  vendor = 0
  device = 0
  subsystem_vendor = 0
  subsystem_device = 0
  revision = 0
  class = 0
  devfn = 0
  irq = 0
  driver: pci_driver | null = null
  msi_enabled = 0
  msix_enabled = 0
  is_busmaster = 0
  enable_cnt = 0
  /** 1 normal, 2 frozen, 3 permanently failed. */
  error_state = 1
  resource: resource[] = []
  /** @internal */
  $hardware: PciHardware | null = null
  /** @internal Torn out: nothing answers any more. */
  $gone = false
  /** @internal 256 bytes of configuration space. */
  readonly $config = new Uint8Array(256)
  /** @internal First vector and how many, while vectors are allocated. */
  $vectors: { first: number; count: number } | null = null
  /** @internal Interrupt number of the INTx line. */
  $intx = 0
  /** @internal Regions requested: BAR -> name. */
  readonly $regions = new Map<number, string>()

  get $label(): string {
    return this.dev.kobj.name ?? ''
  }
}

/** A driver for PCI functions. `probe` answers 0 or -errno; after `remove` nothing may touch them. */
export class pci_driver extends KernelObject {
  name = ''
  id_table: readonly pci_device_id[] = []
  probe: ((pdev: pci_dev, id: pci_device_id) => number) | null = null
  remove: ((pdev: pci_dev) => void) | null = null
  shutdown: ((pdev: pci_dev) => void) | null = null
  driver = new device_driver()
}

export class PciBusType extends bus_type {
  override name = 'pci'
}

export const PCI_COMMAND = 4
export const PCI_COMMAND_IO = 1
export const PCI_COMMAND_MEMORY = 2
export const PCI_COMMAND_MASTER = 4
export const PCI_COMMAND_INTX_DISABLE = 0x400

export function commandOf(pdev: pci_dev): number {
  return pdev.$config[PCI_COMMAND]! | (pdev.$config[PCI_COMMAND + 1]! << 8)
}

export function setCommand(pdev: pci_dev, value: number): void {
  pdev.$config[PCI_COMMAND] = value & 0xff
  pdev.$config[PCI_COMMAND + 1] = (value >> 8) & 0xff
}
