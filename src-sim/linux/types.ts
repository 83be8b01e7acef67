/** Types and conversions of the kernel's C: `linux/types`. */

/** A C pointer to a variable: an out-parameter or a pointer to a field. Dereference with `.value`. */
export interface ptr<T> {
  value: T
}

/** A variable whose address can be passed: `const dma = ptr<dma_addr_t>()`, then `dma.value`. */
export function ptr<T>(initial?: T): ptr<T> {
  return { value: initial as T }
}

/** One pointer for each field, so that `&x == &x` and those who wait for it meet. */
const pointers = new WeakMap<object, Map<PropertyKey, ptr<any>>>()

/** `&object.field` as a pointer: reads and writes go to the field. */
export function ptr_to<T extends object, K extends keyof T>(object: T, field: K): ptr<T[K]> {
  let known = pointers.get(object)
  if (!known) pointers.set(object, (known = new Map()))
  let pointer = known.get(field)
  if (!pointer) known.set(field, (pointer = fieldPointer(object, field)))
  return pointer
}

const fieldPointer = <T extends object, K extends keyof T>(object: T, field: K): ptr<T[K]> => ({
  get value() {
    return object[field]
  },
  set value(v: T[K]) {
    object[field] = v
  },
})

/** The NULL pointer. */
export const NULL = null

export type u8 = number
export type u16 = number
export type u32 = number
export type u64 = number
export type s8 = number
export type s16 = number
export type s32 = number
export type s64 = number
export type size_t = number
export type dma_addr_t = number
export type phys_addr_t = number
export type gfp_t = number
export type pgoff_t = number
export type ssize_t = number
export type loff_t = number
export type umode_t = number
export type dev_t = number
export type pid_t = number
export type resource_size_t = number
export type uintptr_t = number
export type sector_t = number
export type __u8 = number
export type __u16 = number
export type __u32 = number
export type __u64 = number
export type __s32 = number
export type __s64 = number
export type __le16 = number
export type __le32 = number
export type __le64 = number
export type bool = boolean

/** Wraps to an unsigned number of 8, 16 or 32 bits, as assigning to such a variable does in C. */
export const to_u8 = (x: number): u8 => x & 0xff
export const to_u16 = (x: number): u16 => x & 0xffff
export const to_u32 = (x: number): u32 => x >>> 0
/** Wraps to a signed 32-bit `int`. */
export const to_int = (x: number): number => x | 0
for (const f of [ptr, ptr_to, to_u8, to_u16, to_u32, to_int])
  (f as { $quiet?: true }).$quiet = true
