import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { ref_get, ref_put } from '../../trace/events'
import { emit } from '../emit'
import { warn } from '../printk/warn'

const SATURATED = 0xc0000000
const INT_MAX = 0x7fffffff

/** A reference count that ends in a release function. */
export class kref extends KernelObject {
  /** @internal */
  $count = 0
}

export function refInit(k: kref): void {
  k.$count = 1
}

export const refRead = (k: kref): number => k.$count

export function refGet(k: kref): void {
  const old = k.$count
  if (old === 0 || old > INT_MAX) saturate(k, old === 0 ? 'addition on 0; use-after-free' : null)
  else if (old === INT_MAX) saturate(k, 'saturated; leaking memory')
  else k.$count = old + 1
  emit(ref_get, k.$parent ?? k, k.$count | 0, null)
}

/** Drops a reference; true when it was the last one. */
export function refPut(k: kref): boolean {
  const old = k.$count
  if (old === 0 || old > INT_MAX) saturate(k, old === 0 ? 'underflow; use-after-free' : null)
  else k.$count = old - 1
  emit(ref_put, k.$parent ?? k, k.$count | 0, null)
  return old === 1
}

function saturate(k: kref, text: string | null): void {
  k.$count = SATURATED
  if (text === null) return
  const source = 'lib/refcount.c:25 at refcount_warn_saturate'
  warn(machine(), 'refcount', source, `refcount_t: ${text}.`, { objects: [k], rules: ['DM-06'] })
}
