import { KernelObject } from '../../engine/object'
import type { PciHardware } from './pci-dev'

export const PCI_VENDOR_ID = 0
export const PCI_DEVICE_ID = 2
export const PCI_COMMAND = 4
export const PCI_COMMAND_IO = 1
export const PCI_COMMAND_MEMORY = 2
export const PCI_COMMAND_MASTER = 4
export const PCI_COMMAND_SERR = 0x100
export const PCI_COMMAND_INTX_DISABLE = 0x400
export const PCI_STATUS = 6
const STATUS_CAP_LIST = 0x10
export const PCI_REVISION_ID = 8
export const PCI_HEADER_TYPE = 0x0e
export const PCI_SECONDARY_BUS = 0x19
export const PCI_BASE_ADDRESS_0 = 0x10
export const PCI_CAPABILITY_LIST = 0x34
export const PCI_INTERRUPT_LINE = 0x3c
export const PCI_CAP_ID_PM = 0x01
export const PCI_CAP_ID_MSI = 0x05
export const PCI_CAP_ID_EXP = 0x10
export const PCI_CAP_ID_MSIX = 0x11
/** Offset in the power management capability; its lowest two bits are the state. */
export const PCI_PM_CTRL = 4
export const PCI_PM_CTRL_STATE_MASK = 3
/** Where extended configuration space begins; only functions with something in it have one. */
export const PCI_CFG_SPACE_SIZE = 256
/** All that is kept of one extended capability. */
const EXT_BYTES = 16
export const PCI_EXT_CAP_ID_ACS = 0x0d
export const PCI_EXT_CAP_ID_ATS = 0x0f
export const PCI_EXT_CAP_ID_PRI = 0x13
export const PCI_EXT_CAP_ID_PASID = 0x1b
/** Offsets in the access control capability. */
export const PCI_ACS_CAP = 4
export const PCI_ACS_CTRL = 6
const MSI_AT = 0x40
const PM_AT = 0x58
const MSIX_AT = 0x60
const EXP_AT = 0x80
const MSI_ENABLE = 1
const MSIX_ENABLE = 0x8000
const EXP_FLR = 0x10000000

/**
 * A place where a function can sit. What is there may change under a `pci_dev` that was made for
 * it.
 */
export interface Slot {
  /** `0000:01:00.0` */
  readonly name: string
  readonly bus: number
  readonly devfn: number
  /** The interrupt line that it shares with other slots; null: a line of its own. */
  readonly line: string | null
  /** A bridge sits here: the number of the bus behind it. */
  readonly secondary: number | null
  hardware(): PciHardware
  /** A card is in it; without power when a bridge on the way has none. */
  seated: boolean
  present: PciFunction | null
}

/** A function in a slot: its configuration space, as real bytes, and the model behind it. */
export class PciFunction extends KernelObject {
  readonly model: PciHardware
  #config: Uint8Array
  /** Somebody keeps the present contents: they are copied before the next change. */
  #kept = false
  /** The link above it is broken: it neither hears nor answers until it is reset. */
  linkDown = false

  constructor(model: PciHardware) {
    super()
    this.model = model
    this.#config = new Uint8Array(PCI_CFG_SPACE_SIZE + extended(model).length * EXT_BYTES)
    this.powerOn()
  }

  /** What it looks like after power-on or a reset. */
  powerOn(): void {
    const { model } = this
    this.#change().fill(0)
    this.set(PCI_VENDOR_ID, 2, model.vendorId)
    this.set(PCI_DEVICE_ID, 2, model.deviceId)
    this.set(PCI_STATUS, 2, STATUS_CAP_LIST)
    this.set(PCI_REVISION_ID, 1, model.revision)
    this.set(9, 2, model.classCode & 0xffff)
    this.set(11, 1, model.classCode >> 16)
    this.set(0x2c, 2, model.subsystemVendorId ?? 0x1af4)
    this.set(0x2e, 2, model.subsystemId ?? 0x1100)
    const { secondaryBus } = model
    if (secondaryBus === undefined) this.set(PCI_INTERRUPT_LINE + 1, 1, 1)
    else {
      this.set(PCI_HEADER_TYPE, 1, 1)
      this.set(PCI_SECONDARY_BUS, 1, secondaryBus)
    }
    this.#capabilities()
  }

  /** A reset: what was going on stops, registers and configuration are as after power-on. */
  reset(): void {
    this.model.reset()
    this.powerOn()
    this.linkDown = false
  }

  /** D0 is 0, D3hot is 3: what the hardware itself has been told. */
  get powerState(): number {
    return this.#config[PM_AT + PCI_PM_CTRL]! & PCI_PM_CTRL_STATE_MASK
  }

  /** Whether a BAR that was assigned `start` answers there just now. */
  decodes(bar: number, start: number): boolean {
    return (
      !this.linkDown &&
      (this.command & PCI_COMMAND_MEMORY) !== 0 &&
      this.get(PCI_BASE_ADDRESS_0 + 4 * bar, 4) === start &&
      this.powerState === 0
    )
  }

  /** It may reach memory and send messages. */
  get masters(): boolean {
    return !this.linkDown && (this.command & PCI_COMMAND_MASTER) !== 0 && this.powerState === 0
  }

  #capabilities(): void {
    const { model } = this
    let link = PCI_CAPABILITY_LIST
    const add = (at: number, id: number): void => {
      this.set(link, 1, at)
      this.set(at, 1, id)
      link = at + 1
    }
    if (model.vectors > 0) {
      add(MSI_AT, PCI_CAP_ID_MSI)
      this.set(MSI_AT + 2, 2, 0x80 | (log2(model.vectors) << 1))
    }
    add(PM_AT, PCI_CAP_ID_PM)
    if (model.vectorsX) {
      add(MSIX_AT, PCI_CAP_ID_MSIX)
      this.set(MSIX_AT + 2, 2, model.vectorsX - 1)
    }
    add(EXP_AT, PCI_CAP_ID_EXP)
    this.set(EXP_AT + 2, 2, 2 | ((model.portType ?? 0) << 4))
    this.set(EXP_AT + 4, 4, EXP_FLR)
    const more = extended(model)
    for (const [i, id] of more.entries()) {
      const at = PCI_CFG_SPACE_SIZE + i * EXT_BYTES
      const next = i + 1 < more.length ? at + EXT_BYTES : 0
      this.set(at, 4, next * 0x10_0000 + 0x1_0000 + id)
      if (id === PCI_EXT_CAP_ID_ACS) this.set(at + PCI_ACS_CAP, 2, model.acs!)
    }
  }

  get(where: number, size: number): number {
    if (where < 0 || where + size > this.#config.length) return 2 ** (8 * size) - 1
    let value = 0
    for (let i = size - 1; i >= 0; i--) value = value * 256 + this.#config[where + i]!
    return value
  }

  set(where: number, size: number, value: number): void {
    if (where < 0 || where + size > this.#config.length) return
    const config = this.#change()
    for (let i = 0; i < size; i++) config[where + i] = value >>> (8 * i)
  }

  #change(): Uint8Array {
    if (this.#kept) this.#config = this.#config.slice()
    this.#kept = false
    return this.#config
  }

  /** The whole of configuration space as it is now. */
  keep(): Uint8Array {
    this.#kept = true
    return this.#config
  }

  /** Puts back what was kept, of this function or of the one that sat here before. */
  putBack(kept: Uint8Array): void {
    this.#change().set(kept)
  }

  /** A write by software: identification cannot be changed. */
  write(where: number, size: number, value: number): void {
    if (where < 4 || (where >= PCI_REVISION_ID && where < 12)) return
    this.set(where, size, value)
  }

  capability(id: number): number {
    let at = this.get(PCI_CAPABILITY_LIST, 1)
    for (let i = 0; at !== 0 && i < 48; i++) {
      if (this.get(at, 1) === id) return at
      at = this.get(at + 1, 1)
    }
    return 0
  }

  /** The same in extended configuration space. */
  extendedCapability(id: number): number {
    for (let at = PCI_CFG_SPACE_SIZE; at < this.#config.length; at += EXT_BYTES)
      if (this.get(at, 2) === id) return at
    return 0
  }

  get command(): number {
    return this.get(PCI_COMMAND, 2)
  }

  set command(value: number) {
    this.set(PCI_COMMAND, 2, value)
  }

  setMsi(on: boolean): void {
    const at = this.capability(PCI_CAP_ID_MSI) + 2
    this.set(at, 2, on ? this.get(at, 2) | MSI_ENABLE : this.get(at, 2) & ~MSI_ENABLE)
  }

  setMsix(on: boolean): void {
    const at = this.capability(PCI_CAP_ID_MSIX) + 2
    this.set(at, 2, on ? this.get(at, 2) | MSIX_ENABLE : this.get(at, 2) & ~MSIX_ENABLE)
  }

  /** How it sends interrupts just now. */
  get signals(): 'msi' | 'msix' | 'intx' {
    const x = this.capability(PCI_CAP_ID_MSIX)
    if (x && this.get(x + 2, 2) & MSIX_ENABLE) return 'msix'
    const m = this.capability(PCI_CAP_ID_MSI)
    return m && this.get(m + 2, 2) & MSI_ENABLE ? 'msi' : 'intx'
  }
}

/** What a model has in extended configuration space, in this order. */
function extended(model: PciHardware): number[] {
  const all: number[] = []
  if (model.acs) all.push(PCI_EXT_CAP_ID_ACS)
  if (model.ats) all.push(PCI_EXT_CAP_ID_ATS)
  if (model.pageRequests) all.push(PCI_EXT_CAP_ID_PRI)
  if (model.pasidBits) all.push(PCI_EXT_CAP_ID_PASID)
  return all
}

/** The smallest power of two that is enough, as its exponent. */
function log2(n: number): number {
  let exponent = 0
  while (1 << exponent < n) exponent++
  return exponent
}
