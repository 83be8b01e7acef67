import { hidden, KernelObject } from '../../engine/object'
import { machine } from '../../engine/current'
import type { module } from '../base/module'
import type { device } from '../base/device'
import type { sg_table } from '../dma/sg'
import type { file } from '../fs/file'
import type { vm_area_struct } from '../mm/vma'
import { iosys_map } from '../lib/iosys-map'
import { markAccess } from '../locking/access'
import { list_head } from '../locking/list'
import { spinlock_t } from '../locking/spinlock'
import { embedMembers } from '../mm/embed'
import { memoryAccess } from '../mm/watch'
import { kernelBug } from '../printk/oops'
import { warn } from '../printk/warn'
import { wait_queue_head } from '../sched/wait-queue'
import { dma_fence_cb } from './dma-fence'
import { resvHeld, type dma_resv } from './resv'

export const SOURCE = 'drivers/dma-buf/dma-buf.c'

/**
 * What an exporter does for its buffers. `pin` to `unmap_dma_buf`, `vmap` and `vunmap` are called
 * with the reservation lock held, all others without it (DBUF-12).
 */
export interface dma_buf_ops {
  /** A device wants to attach: 0, or -errno to refuse it. */
  attach?: ((dmabuf: dma_buf, attach: dma_buf_attachment) => number) | null
  detach?: ((dmabuf: dma_buf, attach: dma_buf_attachment) => void) | null
  /** Keeps the buffer where it is; exporters that have it may move their buffers. */
  pin?: ((attach: dma_buf_attachment) => number) | null
  unpin?: ((attach: dma_buf_attachment) => void) | null
  /** A table mapped for `attach->dev`, an error pointer, or null for no memory. */
  map_dma_buf: (attach: dma_buf_attachment, dir: number) => sg_table | null
  unmap_dma_buf: (attach: dma_buf_attachment, table: sg_table, dir: number) => void
  /** The last reference is gone. */
  release: (dmabuf: dma_buf) => void
  begin_cpu_access?: ((dmabuf: dma_buf, dir: number) => number) | null
  end_cpu_access?: ((dmabuf: dma_buf, dir: number) => number) | null
  mmap?: ((dmabuf: dma_buf, vma: vm_area_struct) => number) | null
  vmap?: ((dmabuf: dma_buf, map: iosys_map) => number) | null
  vunmap?: ((dmabuf: dma_buf, map: iosys_map) => void) | null
}

/** What an importer that follows moves brings along; without it an attachment is static. */
export interface dma_buf_attach_ops {
  /** The device can reach memory of other devices. */
  allow_peer2peer?: boolean
  /** What is mapped gets stale. Called with the reservation lock held. */
  invalidate_mappings?: ((attach: dma_buf_attachment) => void) | null
}

/** What `dma_buf_export` is told. */
export class dma_buf_export_info extends KernelObject {
  exp_name = ''
  owner: module | null = null
  ops: dma_buf_ops | null = null
  size = 0
  flags = 0
  /** Left out: the buffer gets a reservation object of its own. */
  resv: dma_resv | null = null
  priv: any = null
}

/** The one callback per direction that `poll` has on a fence. */
export class dma_buf_poll_cb_t extends KernelObject {
  cb = new dma_fence_cb()
  poll: wait_queue_head | null = null
  /** The event that is waited for, 0 for none. */
  active = 0

  constructor() {
    super()
    embedMembers(this)
  }
}

/** Memory that devices and programs share; the open file behind it counts its references. */
export class dma_buf extends KernelObject {
  size = 0
  file: file | null = null
  /** Newest first; under the reservation lock. */
  attachments = new list_head()
  ops: dma_buf_ops | null = null
  vmapping_counter = 0
  vmap_ptr = new iosys_map()
  exp_name = ''
  name: string | null = null
  name_lock = new spinlock_t()
  owner: module | null = null
  list_node = new list_head()
  priv: any = null
  resv: dma_resv | null = null
  poll = new wait_queue_head()
  cb_in = new dma_buf_poll_cb_t()
  cb_out = new dma_buf_poll_cb_t()
  /** @internal The inode number that tools tell buffers apart by. */
  $ino = 0

  get $label(): string {
    return `dma-buf ${this.name ?? this.exp_name} ${this.$ino}`
  }
}

/**
 * A device's share in a buffer. It keeps neither of them alive: the importer has to (DBUF-09).
 */
export class dma_buf_attachment extends KernelObject {
  dmabuf: dma_buf | null = null
  dev: device | null = null
  node = new list_head()
  peer2peer = false
  importer_ops: dma_buf_attach_ops | null = null
  importer_priv: any = null
  /** The exporter's. */
  priv: any = null
  /** @internal */
  $label = ''
}

export const isDynamic = (attach: dma_buf_attachment): boolean => attach.importer_ops !== null

/** A WARN of the buffer core, which speaks every time. `where` is `:LINE at FUNCTION`. */
export function warnBuffer(what: string, where: string, rule: string, once = false): void {
  warn(machine(), `dma-buf-${what}`, `${SOURCE}${where}`, null, { rules: [rule], once })
}

/** `BUG_ON` of the buffer core. */
export function bugBuffer(inside: string, rule: string): never {
  kernelBug(machine(), SOURCE, inside, [rule])
}

/** The lock assertion of the buffer core: says so and goes on (DBUF-43). */
export function assertBufferLocked(dmabuf: dma_buf, inside: string): void {
  useBuffer(dmabuf, 'resv', false, inside)
  if (!resvHeld(dmabuf.resv!))
    warn(machine(), 'lockdep-assert', `${SOURCE} at ${inside}`, null, {
      rules: ['DBUF-43'],
      once: false,
    })
}

/** Every use by the core: the memory must not be gone, and its own order is no data race. */
export function useBuffer<T extends dma_buf | dma_buf_attachment>(
  object: T,
  field: keyof T & string,
  write: boolean,
  inside: string,
): void {
  if (hidden(object).$dead === undefined) markAccess(object, field, write)
  else memoryAccess(machine()).touch(object, field, write, inside)
}
