import { PAGE_SIZE } from '../base/units'
import { quiet } from '../kernel/api'
import { pageAddress, pageOfAddress, type page } from '../kernel/mm/page'
import { preemptDisable, preemptEnable } from '../kernel/sched/schedule'
import { pagefaultDisable, pagefaultEnable } from '../kernel/mm/pagefault'

/** Brought along, as by the C header. */
export * from './mm'
export * from './uaccess'

/** Addresses for pages, and copying between them: `linux/highmem`. */

/** Address of a page, to be given back in the reverse order. Any context. Pair: `kunmap_local`. */
export const kmap_local_page = quiet((page: page): Uint8Array => pageAddress(page, PAGE_SIZE))
export const kmap_local_folio = quiet((folio: page, offset: number): Uint8Array =>
  pageAddress(folio).subarray(offset),
)
export const kunmap_local = quiet((_address: Uint8Array): void => {})
/** Address of a page. May sleep. Pair: `kunmap`. */
export const kmap = quiet((page: page): Uint8Array => pageAddress(page, PAGE_SIZE))
export const kunmap = quiet((_page: page): void => {})
/** The older form: no sleeping and no faults until `kunmap_atomic`. */
export function kmap_atomic(page: page): Uint8Array {
  preemptDisable()
  pagefaultDisable()
  return pageAddress(page, PAGE_SIZE)
}
export function kunmap_atomic(_address: Uint8Array): void {
  pagefaultEnable()
  preemptEnable()
}
export const kmap_to_page = quiet((address: Uint8Array): page | null => pageOfAddress(address))

const bytes = (page: page): Uint8Array => pageAddress(page, PAGE_SIZE)

export function clear_highpage(page: page): void {
  bytes(page).fill(0)
}
export function copy_highpage(to: page, from: page): void {
  bytes(to).set(bytes(from))
}
export function memcpy_from_page(to: Uint8Array, page: page, offset: number, len: number): void {
  to.set(bytes(page).subarray(offset, offset + len))
}
export function memcpy_to_page(page: page, offset: number, from: Uint8Array, len: number): void {
  bytes(page).set(from.subarray(0, len), offset)
}
export function memzero_page(page: page, offset: number, len: number): void {
  bytes(page).fill(0, offset, offset + len)
}
export function memset_page(page: page, offset: number, value: number, len: number): void {
  bytes(page).fill(value, offset, offset + len)
}
/** Copies between pages (which may be the same one). */
export function memcpy_page(
  dst_page: page, dst_off: number, src_page: page, src_off: number, len: number,
): void {
  bytes(dst_page).set(bytes(src_page).slice(src_off, src_off + len), dst_off)
}
export const memmove_page = memcpy_page
/** Zeroes a part of a page. */
export const zero_user = memzero_page
export function zero_user_segment(page: page, start: number, end: number): void {
  memzero_page(page, start, end - start)
}

const whole = (folio: page): Uint8Array => pageAddress(folio)
export function memcpy_from_folio(to: Uint8Array, folio: page, offset: number, len: number): void {
  to.set(whole(folio).subarray(offset, offset + len))
}
export function memcpy_to_folio(folio: page, offset: number, from: Uint8Array, len: number): void {
  whole(folio).set(from.subarray(0, len), offset)
}
export function folio_zero_range(folio: page, start: number, length: number): void {
  whole(folio).fill(0, start, start + length)
}
export function folio_zero_segment(folio: page, start: number, end: number): void {
  whole(folio).fill(0, start, end)
}
/** Caches of CPUs agree about pages: nothing to do. */
export const flush_dcache_page = quiet((_page: page): void => {})
export const flush_dcache_folio = quiet((_folio: page): void => {})
