import { quiet } from '../../kernel/api'
import { matchId } from '../../kernel/pci/bus'
import { PCI_ANY_ID, type pci_dev, type pci_device_id } from '../../kernel/pci/pci-dev'

/** Entries of id tables, and addresses of functions. */

const entry = (
  vendor: number,
  device: number,
  subvendor = PCI_ANY_ID,
  subdevice = PCI_ANY_ID,
  cls = 0,
  class_mask = 0,
): pci_device_id => ({
  vendor,
  device,
  subvendor,
  subdevice,
  class: cls,
  class_mask,
  driver_data: 0,
})

/** An entry of an id table: a device of one maker, whoever built the board. */
export const PCI_DEVICE = quiet(function PCI_DEVICE(vendor: number, device: number): pci_device_id {
  return entry(vendor, device)
})

/** The same under the name that takes a vendor's short name in C; here it takes the number. */
export const PCI_VDEVICE = quiet(function PCI_VDEVICE(
  vendor: number,
  device: number,
): pci_device_id {
  return entry(vendor, device)
})

/** An entry that wants a particular board as well. */
export const PCI_DEVICE_SUB = quiet(function PCI_DEVICE_SUB(
  vendor: number,
  device: number,
  subvendor: number,
  subdevice: number,
): pci_device_id {
  return entry(vendor, device, subvendor, subdevice)
})

/** An entry with data for `probe`. */
export const PCI_DEVICE_DATA = quiet(function PCI_DEVICE_DATA(
  vendor: number,
  device: number,
  data: unknown,
): pci_device_id {
  return { ...entry(vendor, device), driver_data: data }
})

/** An entry that only `driver_override` can make fit. */
export const PCI_DEVICE_DRIVER_OVERRIDE = quiet(function PCI_DEVICE_DRIVER_OVERRIDE(
  vendor: number,
  device: number,
  override_only: number,
): pci_device_id {
  return { ...entry(vendor, device), override_only }
})

/** An entry that matches a class of devices from anybody. */
export const PCI_DEVICE_CLASS = quiet(function PCI_DEVICE_CLASS(
  cls: number,
  mask: number,
): pci_device_id {
  return entry(PCI_ANY_ID, PCI_ANY_ID, PCI_ANY_ID, PCI_ANY_ID, cls, mask)
})

/** The first entry of a table that fits, or null. */
export const pci_match_id = quiet(function pci_match_id(
  ids: readonly pci_device_id[] | null,
  dev: pci_dev,
): pci_device_id | null {
  return ids ? matchId(dev, ids) : null
})

/** Device and function number in one byte. */
export const PCI_DEVFN = quiet(function PCI_DEVFN(slot: number, func: number): number {
  return ((slot & 0x1f) << 3) | (func & 7)
})
export const PCI_SLOT = quiet(function PCI_SLOT(devfn: number): number {
  return (devfn >> 3) & 0x1f
})
export const PCI_FUNC = quiet(function PCI_FUNC(devfn: number): number {
  return devfn & 7
})
/** Bus number, device and function in 16 bits. */
export const PCI_DEVID = quiet(function PCI_DEVID(bus: number, devfn: number): number {
  return (bus << 8) | devfn
})

export const PCI_VENDOR_ID_REDHAT = 0x1b36
export const PCI_VENDOR_ID_REDHAT_QUMRANET = 0x1af4
export const PCI_VENDOR_ID_QEMU = 0x1234
export const PCI_VENDOR_ID_INTEL = 0x8086
export const PCI_CLASS_BRIDGE_PCI = 0x0604
