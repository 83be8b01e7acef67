import { PAGE_SIZE } from '../../base/units'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import type { device } from '../base/device'
import { ATTR } from '../dma/attrs'
import { syncSg } from '../dma/mapping-sg'
import type { sg_table } from '../dma/sg'
import { errPtr, isErr, ptrErr } from '../err'
import { EBADFD, EFAULT, EINVAL, ENOMEM, ENOTTY } from '../errno'
import type { file, file_operations } from '../fs/file'
import { miscdevice, registerMisc } from '../fs/misc'
import { currentProcess } from '../fs/process'
import type { iosys_map } from '../lib/iosys-map'
import { FAULT } from '../mm/fault-codes'
import { insertFrame } from '../mm/map-pages'
import type { page } from '../mm/page'
import { pinPage, unpinPage } from '../mm/page-alloc'
import { SEAL, shmemOf, shmemPage } from '../mm/shmem'
import { VM, type vm_area_struct, type vm_fault, type vm_operations_struct } from '../mm/vma'
import { mapPages, unmapPages } from '../mm/vmalloc'
import { dma_buf_export_info, type dma_buf, type dma_buf_attachment, type dma_buf_ops } from './buffer'
import { exportBuffer, fdOfBuffer, putBuffer } from './export'
import { freeTable, mappedTable, unmapTable, type Run } from './page-tables'
import { copyFields } from './user-struct'

/** Buffers made of the memory of programs: drivers/dma-buf/udmabuf.c. */

export const UDMABUF_CREATE = 0x40187542
export const UDMABUF_CREATE_LIST = 0x40087543
const LIST_MAX = 1024
const PAGES_MAX = (64 * 1024 * 1024) / PAGE_SIZE
const DENIED = SEAL.WRITE | SEAL.FUTURE_WRITE
const BIDIRECTIONAL = 0

/** A part of a memfd. */
export interface udmabuf_create_item {
  memfd: number
  offset: number
  size: number
}

export interface udmabuf_create extends udmabuf_create_item {
  flags: number
}

export interface udmabuf_create_list {
  flags: number
  count: number
  list: udmabuf_create_item[]
}

/** Pinned pages of memfds. */
class Udmabuf {
  readonly pages: page[] = []
  readonly device: device
  /** For its own device: made by the first access of the CPU, and kept. */
  table: sg_table | null = null

  constructor(device: device) {
    this.device = device
  }

  get runs(): Run[] {
    return this.pages.map((first) => ({ first, pages: 1 }))
  }
}

const udmabufOf = (dmabuf: dma_buf): Udmabuf => dmabuf.priv as Udmabuf

function fault(vmf: vm_fault): number {
  const { pages } = vmf.vma.vm_private_data as Udmabuf
  if (vmf.pgoff >= pages.length) return FAULT.SIGBUS
  const ret = insertFrame(vmf.vma, vmf.address, pages[vmf.pgoff]!.$pfn)
  const { vm_start, vm_end, vm_pgoff } = vmf.vma
  for (let at = vm_start; ret === FAULT.NOPAGE && at < vm_end; at += PAGE_SIZE) {
    const next = pages[vm_pgoff + (at - vm_start) / PAGE_SIZE]
    if (next) insertFrame(vmf.vma, at, next.$pfn)
  }
  return ret
}

const AREA: vm_operations_struct = { fault }

function mmap(dmabuf: dma_buf, vma: vm_area_struct): number {
  if ((vma.vm_flags & (VM.SHARED | VM.MAYSHARE)) === 0) return -EINVAL
  vma.vm_ops = AREA
  vma.vm_private_data = udmabufOf(dmabuf)
  vma.vm_flags |= VM.PFNMAP | VM.DONTEXPAND | VM.DONTDUMP
  return 0
}

function begin_cpu_access(dmabuf: dma_buf, dir: number): number {
  const ubuf = udmabufOf(dmabuf)
  if (ubuf.table !== null) {
    syncSg(ubuf.device, ubuf.table.sgl, ubuf.table.orig_nents, dir, true)
    return 0
  }
  const made = mappedTable(ubuf.device, ubuf.runs, dir)
  if (isErr(made)) return ptrErr(made)
  ubuf.table = made
  return 0
}

function end_cpu_access(dmabuf: dma_buf, dir: number): number {
  const { table, device: dev } = udmabufOf(dmabuf)
  if (table === null) return -EINVAL
  syncSg(dev, table.sgl, table.orig_nents, dir, false)
  return 0
}

function release(dmabuf: dma_buf): void {
  const ubuf = udmabufOf(dmabuf)
  if (ubuf.table !== null) {
    unmapTable(ubuf.device, ubuf.table, BIDIRECTIONAL)
    freeTable(ubuf.table)
  }
  for (const p of ubuf.pages) unpinPage(p)
}

function vmap(dmabuf: dma_buf, map: iosys_map): number {
  const view = mapPages(udmabufOf(dmabuf).pages)
  if (view === null) return -ENOMEM
  map.vaddr = view
  map.is_iomem = false
  return 0
}

const OPERATIONS: dma_buf_ops = {
  map_dma_buf: (a: dma_buf_attachment, dir) =>
    mappedTable(a.dev!, udmabufOf(a.dmabuf!).runs, dir, ATTR.SKIP_CPU_SYNC),
  unmap_dma_buf(a, table, dir) {
    unmapTable(a.dev!, table, dir, ATTR.SKIP_CPU_SYNC)
    freeTable(table)
  },
  release,
  mmap,
  vmap,
  vunmap: (_dmabuf, map) => unmapPages(map.vaddr as Uint8Array),
  begin_cpu_access,
  end_cpu_access,
}

/** How many pages the parts are together, or -errno. */
function measure(list: readonly udmabuf_create_item[]): number {
  let pages = 0
  for (const { offset, size } of list) {
    if (offset % PAGE_SIZE || size % PAGE_SIZE) return -EINVAL
    pages += size / PAGE_SIZE
    if (pages > PAGES_MAX) return -EINVAL
  }
  return pages || -EINVAL
}

/** It must be a memfd that cannot get smaller, and that stays writable. */
function checkMemfd(f: file | undefined): number {
  const state = f ? shmemOf(f) : null
  if (state === null) return -EBADFD
  return (state.seals & SEAL.SHRINK) === 0 || state.seals & DENIED ? -EINVAL : 0
}

function pinPart(ubuf: Udmabuf, { memfd, offset, size }: udmabuf_create_item): number {
  const f = currentProcess().files?.open.get(memfd)
  const ret = checkMemfd(f)
  if (ret) return ret
  if (size === 0 || offset + size > shmemOf(f!)!.size) return -EINVAL
  for (let at = offset; at < offset + size; at += PAGE_SIZE) {
    const p = shmemPage(f!, at / PAGE_SIZE)
    if (p === null) return -ENOMEM
    pinPage(p)
    ubuf.pages.push(p)
  }
  return 0
}

function* exportPages(ubuf: Udmabuf): Sim<dma_buf> {
  const info = new dma_buf_export_info()
  info.exp_name = 'udmabuf'
  info.ops = OPERATIONS
  info.size = ubuf.pages.length * PAGE_SIZE
  info.flags = 2
  info.priv = ubuf
  return yield* exportBuffer(info)
}

function* create(device: device, list: readonly udmabuf_create_item[], flags: number): Sim<number> {
  const pages = measure(list)
  if (pages < 0) return pages
  const ubuf = new Udmabuf(device)
  let ret = 0
  for (const part of list) ret ||= pinPart(ubuf, part)
  const dmabuf = ret ? errPtr<dma_buf>(ret) : yield* exportPages(ubuf)
  if (isErr(dmabuf)) {
    for (const p of ubuf.pages) unpinPage(p)
    return ptrErr(dmabuf)
  }
  const fd = fdOfBuffer(dmabuf, flags)
  if (fd < 0) putBuffer(dmabuf)
  return fd
}

function* ioctl(device: device, cmd: number, user: unknown): Sim<number> {
  if (cmd === UDMABUF_CREATE) {
    const one: udmabuf_create = { memfd: -1, flags: 0, offset: 0, size: 0 }
    if (copyFields(one, user)) return -EFAULT
    return yield* create(device, [one], one.flags)
  }
  if (cmd !== UDMABUF_CREATE_LIST) return -ENOTTY
  const head: udmabuf_create_list = { flags: 0, count: 0, list: [] }
  if (copyFields(head, user)) return -EFAULT
  if (head.count > LIST_MAX) return -EINVAL
  if (head.count > head.list.length) return -EFAULT
  return yield* create(device, head.list.slice(0, head.count), head.flags)
}

/** /dev/udmabuf: comes when it is first opened. */
export const udmabufNode = service((m) => {
  const misc = new miscdevice({ name: 'udmabuf' })
  const unlocked_ioctl = (_f: file, cmd: number, arg: unknown): Sim<number> =>
    ioctl(misc.this_device!, cmd, arg)
  misc.fops = { unlocked_ioctl } as unknown as file_operations
  m.runtime.atomic(registerMisc(misc))
  misc.this_device!.dma_mask = misc.this_device!.coherent_dma_mask = Infinity
  return misc
})
