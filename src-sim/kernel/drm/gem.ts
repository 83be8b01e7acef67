import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { call, type Sim } from '../../engine/suspend'
import type { dma_buf, dma_buf_attachment } from '../dma-buf/buffer'
import { putBuffer } from '../dma-buf/export'
import { dma_resv, finiResv, initResv } from '../dma-buf/resv'
import type { sg_table } from '../dma/sg'
import { ENOENT, ENOSPC } from '../errno'
import type { iosys_map } from '../lib/iosys-map'
import { kref, refGet, refInit, refPut } from '../locking/refcount'
import { embedMembers } from '../mm/embed'
import { memoryAccess } from '../mm/watch'
import type { drm_device } from './device'
import type { drm_file } from './file'

/** What a driver does for its buffer objects. */
export interface drm_gem_object_funcs {
  /** The last reference is gone; ends with `drm_gem_object_release`. */
  free: (obj: drm_gem_object) => void
  open?: ((obj: drm_gem_object, file: drm_file) => number) | null
  close?: ((obj: drm_gem_object, file: drm_file) => void) | null
  export?: ((obj: drm_gem_object, flags: number) => dma_buf) | null
  pin?: ((obj: drm_gem_object) => number) | null
  unpin?: ((obj: drm_gem_object) => void) | null
  get_sg_table?: ((obj: drm_gem_object) => sg_table) | null
  vmap?: ((obj: drm_gem_object, map: iosys_map) => number) | null
  vunmap?: ((obj: drm_gem_object, map: iosys_map) => void) | null
}

/** A buffer object. Handles of programs count apart, and together are one reference. */
export class drm_gem_object extends KernelObject {
  refcount = new kref()
  handle_count = 0
  dev: drm_device | null = null
  size = 0
  name = 0
  /** The shared buffer that it was exported as, or imported from. */
  dma_buf: dma_buf | null = null
  /** Of an imported object. */
  import_attach: dma_buf_attachment | null = null
  resv: dma_resv | null = null
  _resv = new dma_resv()
  funcs: drm_gem_object_funcs | null = null

  constructor() {
    super()
    embedMembers(this)
  }
}

const HANDLES_MAX = 1 << 20

/** Handles of one open file: from 1 on. */
const handlesOf = new WeakMap<drm_file, Map<number, drm_gem_object>>()

export function handles(file: drm_file): Map<number, drm_gem_object> {
  let table = handlesOf.get(file)
  if (!table) handlesOf.set(file, (table = new Map()))
  return table
}

/** Without memory of its own: the driver has that. */
export function initGem(dev: drm_device, obj: drm_gem_object, size: number): void {
  obj.dev = dev
  obj.size = size
  refInit(obj.refcount)
  obj.handle_count = 0
  initResv(obj._resv)
  obj.resv ??= obj._resv
}

export function getGem(obj: drm_gem_object): void {
  memoryAccess(machine()).touch(obj, 'refcount', true, 'drm_gem_object_get')
  refGet(obj.refcount)
}

export function* putGem(obj: drm_gem_object | null): Sim {
  if (!obj) return
  memoryAccess(machine()).touch(obj, 'refcount', true, 'drm_gem_object_put')
  const free = (): unknown => obj.funcs!.free(obj)
  const last = refPut(obj.refcount)
  if (last) yield* call(free as () => void)
}

/** The core's part of freeing an object. */
export const releaseGem = (obj: drm_gem_object): Sim => finiResv(obj._resv)

/** A number by which a program names the object; it is one more reference. 0 or -errno. */
export function* createHandle(
  file: drm_file, obj: drm_gem_object, handle: { value: number },
): Sim<number> {
  const table = handles(file)
  let next = 1
  while (table.has(next)) next++
  if (next >= HANDLES_MAX) return -ENOSPC
  if (obj.handle_count++ === 0) getGem(obj)
  table.set(next, obj)
  const open = obj.funcs?.open
  const ret = open ? Number((yield* call(() => open(obj, file))) ?? 0) : 0
  if (ret) yield* deleteHandle(file, next)
  else handle.value = next
  return ret
}

export function* deleteHandle(file: drm_file, handle: number): Sim<number> {
  const table = handles(file)
  const obj = table.get(handle)
  if (!obj) return -ENOENT
  const close = obj.funcs?.close
  if (close) yield* call(() => close(obj, file))
  table.delete(handle)
  if (--obj.handle_count > 0) return 0
  if (obj.dma_buf) putBuffer(obj.dma_buf)
  obj.dma_buf = null
  yield* putGem(obj)
  return 0
}

/** The object behind a handle, with a reference, or null. */
export function lookUpHandle(file: drm_file, handle: number): drm_gem_object | null {
  const obj = handles(file).get(handle) ?? null
  if (obj) getGem(obj)
  return obj
}

/** An open file is closed: all its handles go. */
export function* releaseHandles(file: drm_file): Sim {
  for (const handle of [...handles(file).keys()]) yield* deleteHandle(file, handle)
}
