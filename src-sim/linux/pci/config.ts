import { quiet } from '../../kernel/api'
import * as f from '../../kernel/pci/functions'
import type { pci_dev } from '../../kernel/pci/pci-dev'
import { pcieType } from '../../kernel/pci/acs'
import { EINVAL } from '../errno'
import { ptr } from '../types'

/** Configuration space. */

export const PCIBIOS_SUCCESSFUL = 0
export const PCIBIOS_DEVICE_NOT_FOUND = f.PCIBIOS_DEVICE_NOT_FOUND
export const PCIBIOS_BAD_REGISTER_NUMBER = f.PCIBIOS_BAD_REGISTER_NUMBER

/** What a read gives when nobody answers: the device may be gone. */
export const PCI_POSSIBLE_ERROR = quiet(function PCI_POSSIBLE_ERROR(value: number): boolean {
  return value === 0xffffffff
})

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
/** Clears bits, then sets bits of a word of configuration space. */
export function pci_clear_and_set_config_dword(
  pdev: pci_dev,
  pos: number,
  clear: number,
  set: number,
): void {
  const val = ptr(0)
  f.readConfig(pdev, pos, 4, val)
  f.writeConfig(pdev, pos, 4, ((val.value & ~clear) | set) >>> 0)
}

/** Offset of a capability in configuration space, or 0. */
export function pci_find_capability(pdev: pci_dev, cap: number): number {
  return f.functionAt(pdev)?.capability(cap) ?? 0
}
/** The next capability of a kind behind one at `pos`, or 0: each kind is there once. */
export function pci_find_next_capability(_pdev: pci_dev, _pos: number, _cap: number): number {
  return 0
}
/** Offset of a capability in extended configuration space, or 0. */
export function pci_find_ext_capability(pdev: pci_dev, cap: number): number {
  return f.functionAt(pdev)?.extendedCapability(cap) ?? 0
}
export const pci_is_pcie = quiet(function pci_is_pcie(pdev: pci_dev): boolean {
  return pdev.pcie_cap !== 0
})
export const pci_pcie_cap = quiet(function pci_pcie_cap(pdev: pci_dev): number {
  return pdev.pcie_cap
})

/** Kind of PCI Express function: PCI_EXP_TYPE_*. */
export const pci_pcie_type = quiet(function pci_pcie_type(pdev: pci_dev): number {
  return pcieType(pdev)
})

/** A register of the PCI Express capability. 0, or a PCIBIOS code and 0 in `*val`. */
export function pcie_capability_read_word(pdev: pci_dev, pos: number, val: ptr<number>): number {
  return readCapability(pdev, pos, 2, val)
}
export function pcie_capability_read_dword(pdev: pci_dev, pos: number, val: ptr<number>): number {
  return readCapability(pdev, pos, 4, val)
}
export function pcie_capability_write_word(pdev: pci_dev, pos: number, val: number): number {
  return pdev.pcie_cap ? f.writeConfig(pdev, pdev.pcie_cap + pos, 2, val) : 0
}
export function pcie_capability_write_dword(pdev: pci_dev, pos: number, val: number): number {
  return pdev.pcie_cap ? f.writeConfig(pdev, pdev.pcie_cap + pos, 4, val) : 0
}

/** Changes bits of a register of the PCI Express capability. 0 or a PCIBIOS code. */
export function pcie_capability_clear_and_set_word(
  pdev: pci_dev,
  pos: number,
  clear: number,
  set: number,
): number {
  const val = ptr(0)
  const ret = readCapability(pdev, pos, 2, val)
  return ret || pcie_capability_write_word(pdev, pos, (val.value & ~clear) | set)
}
export function pcie_capability_set_word(pdev: pci_dev, pos: number, set: number): number {
  return pcie_capability_clear_and_set_word(pdev, pos, 0, set)
}
export function pcie_capability_clear_word(pdev: pci_dev, pos: number, clear: number): number {
  return pcie_capability_clear_and_set_word(pdev, pos, clear, 0)
}

const DEVCTL = 8
const READRQ = 0x7000

/** How many bytes one read request may ask for. */
export function pcie_get_readrq(pdev: pci_dev): number {
  const val = ptr(0)
  readCapability(pdev, DEVCTL, 2, val)
  return 128 << ((val.value & READRQ) >> 12)
}
/** A power of two from 128 to 4096. 0 or -EINVAL. */
export function pcie_set_readrq(pdev: pci_dev, rq: number): number {
  const exponent = [128, 256, 512, 1024, 2048, 4096].indexOf(rq)
  if (exponent < 0) return -EINVAL
  return pcie_capability_clear_and_set_word(pdev, DEVCTL, READRQ, exponent << 12)
}
/** 1: nothing that the device has asked for is under way any more. */
export function pci_wait_for_pending_transaction(_pdev: pci_dev): number {
  return 1
}

function readCapability(pdev: pci_dev, pos: number, size: number, val: ptr<number>): number {
  val.value = 0
  if (!pdev.pcie_cap) return 0
  const ret = f.readConfig(pdev, pdev.pcie_cap + pos, size, val)
  if (ret) val.value = 0
  return ret
}

/** Whether the device still answers in configuration space. */
export function pci_device_is_present(pdev: pci_dev): boolean {
  return f.functionAt(pdev) !== null
}
/** Whether the device was marked as torn out: not so after an orderly removal (DM-97). */
export function pci_dev_is_disconnected(pdev: pci_dev): boolean {
  return pdev.error_state === 3
}
/** The way to the device does not work just now, or never again. */
export const pci_channel_offline = quiet(function pci_channel_offline(pdev: pci_dev): boolean {
  return pdev.error_state !== 1
})
