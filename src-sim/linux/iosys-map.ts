import { quiet } from '../kernel/api'
import { assignMap, clearMap, isNullMap, iosys_map, sameMap } from '../kernel/lib/iosys-map'
import { memcpy_fromio, memcpy_toio, memset_io } from './io'

/**
 * Pointers to memory or to registers: `linux/iosys-map`. Whoever gets one asks `is_iomem`, or uses
 * the accessors below, which do.
 */

export { iosys_map }

/** A pointer to memory. */
export const iosys_map_set_vaddr = quiet((map: iosys_map, vaddr: unknown): void => {
  map.vaddr = vaddr
  map.vaddr_iomem = 0
  map.is_iomem = false
})
/** A pointer to registers. */
export const iosys_map_set_vaddr_iomem = quiet((map: iosys_map, vaddr_iomem: number): void => {
  map.vaddr = null
  map.vaddr_iomem = vaddr_iomem
  map.is_iomem = true
})
/** `const map = IOSYS_MAP_INIT_VADDR(buffer)`. */
export const IOSYS_MAP_INIT_VADDR = quiet((vaddr: unknown): iosys_map => {
  const map = new iosys_map()
  map.vaddr = vaddr
  return map
})
export const IOSYS_MAP_INIT_VADDR_IOMEM = quiet((vaddr_iomem: number): iosys_map => {
  const map = new iosys_map()
  iosys_map_set_vaddr_iomem(map, vaddr_iomem)
  return map
})
/** Whether both lead to the same place. */
export const iosys_map_is_equal = quiet(sameMap)
export const iosys_map_is_null = quiet(isNullMap)
export const iosys_map_is_set = quiet((map: iosys_map): boolean => !isNullMap(map))
/** Makes it the NULL pointer. */
export const iosys_map_clear = quiet(clearMap)
/** `*to = *from`. */
export const iosys_map_assign = quiet(assignMap)

const bytesAt = (map: iosys_map, offset: number, length: number): Uint8Array =>
  (map.vaddr as Uint8Array).subarray(offset, offset + length)

/** Copies `len` bytes to `dst + dst_offset`, wherever that is. */
export function iosys_map_memcpy_to(
  dst: iosys_map,
  dst_offset: number,
  src: Uint8Array,
  len: number,
): void {
  if (dst.is_iomem) memcpy_toio(dst.vaddr_iomem + dst_offset, src, len)
  else bytesAt(dst, dst_offset, len).set(src.subarray(0, len))
}
/** Copies `len` bytes from `src + src_offset`. */
export function iosys_map_memcpy_from(
  dst: Uint8Array,
  src: iosys_map,
  src_offset: number,
  len: number,
): void {
  if (src.is_iomem) memcpy_fromio(dst, src.vaddr_iomem + src_offset, len)
  else dst.set(bytesAt(src, src_offset, len))
}
export function iosys_map_memset(
  dst: iosys_map,
  offset: number,
  value: number,
  len: number,
): void {
  if (dst.is_iomem) memset_io(dst.vaddr_iomem + offset, value, len)
  else bytesAt(dst, offset, len).fill(value)
}
/** Moves the pointer on; only for memory of bytes and for registers. */
export const iosys_map_incr = quiet((map: iosys_map, incr: number): void => {
  if (map.is_iomem) map.vaddr_iomem += incr
  else map.vaddr = (map.vaddr as Uint8Array).subarray(incr)
})
