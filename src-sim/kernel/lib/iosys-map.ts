import { KernelObject } from '../../engine/object'

/** A pointer to a buffer in memory, or to registers: which of the two has to be asked. */
export class iosys_map extends KernelObject {
  /** The buffer; null for none. */
  vaddr: any = null
  /** Where the registers are mapped; 0 for nowhere. */
  vaddr_iomem = 0
  is_iomem = false
}

export function clearMap(map: iosys_map): void {
  map.vaddr = null
  map.vaddr_iomem = 0
  map.is_iomem = false
}

export function assignMap(to: iosys_map, from: iosys_map): void {
  to.vaddr = from.vaddr
  to.vaddr_iomem = from.vaddr_iomem
  to.is_iomem = from.is_iomem
}

export const isNullMap = (map: iosys_map): boolean =>
  map.is_iomem ? map.vaddr_iomem === 0 : map.vaddr === null

export const sameMap = (a: iosys_map, b: iosys_map): boolean =>
  a.is_iomem === b.is_iomem &&
  (a.is_iomem ? a.vaddr_iomem === b.vaddr_iomem : a.vaddr === b.vaddr)
