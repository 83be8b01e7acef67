import { DEFINE_DMA_BUF_EXPORT_INFO, dma_buf_export, dma_buf_fd, dma_buf_invalidate_mappings, dma_buf_put, get_dma_buf, type dma_buf, type dma_buf_attachment, type dma_buf_ops } from 'linux/dma-buf'
import { dma_map_sgtable, dma_unmap_sgtable } from 'linux/dma-mapping'
import { dma_resv_assert_held, dma_resv_lock, dma_resv_unlock } from 'linux/dma-resv'
import { EINVAL, ENODEV, ENOMEM, ENOTTY, EOPNOTSUPP } from 'linux/errno'
import { ERR_PTR, IS_ERR, PTR_ERR } from 'linux/err'
import { O_RDWR, type file, type file_operations, type inode } from 'linux/fs'
import { __free_page, alloc_page, page_address, page_to_pfn, type page } from 'linux/gfp'
import { INIT_LIST_HEAD, list_add, list_del, list_for_each_entry, list_head } from 'linux/list'
import { misc_deregister, misc_register, MISC_DYNAMIC_MINOR, miscdevice } from 'linux/miscdevice'
import { VM_DONTEXPAND, VM_FAULT_SIGBUS, vm_flags_set, VM_PFNMAP, vmf_insert_pfn, type vm_area_struct, type vm_fault, type vm_operations_struct } from 'linux/mm'
import { EXPORT_SYMBOL_GPL, module_exit, module_init, THIS_MODULE } from 'linux/module'
import { pr_info } from 'linux/printk'
import { sg_alloc_table, sg_free_table, sg_set_page, sg_table } from 'linux/scatterlist'
import { __GFP_ZERO, GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { type ptr } from 'linux/types'

const EXPORT = 1
const MOVE = 2
const REVOKE = 3

class vram_buffer {
  page: page | null = null
  frames = new list_head() // attachments that want page frames, under the reservation lock
}

/** The proposal: an attachment without a device, which asks for frames instead of a table. */
export class vram_frame_attachment {
  dmabuf!: dma_buf
  node = new list_head()
  invalidate: ((attach: vram_frame_attachment) => void) | null = null
  priv: unknown = null
}

const buffer_of = (dmabuf: dma_buf): vram_buffer => dmabuf.priv

function vram_attach(dmabuf: dma_buf, attach: dma_buf_attachment) {
  return attach.importer_ops ? 0 : -EOPNOTSUPP // a static importer could not follow
}

function vram_map(attach: dma_buf_attachment, dir: number): sg_table | null {
  const buffer = buffer_of(attach.dmabuf!)
  if (!buffer.page) return ERR_PTR(-ENODEV) // revoked
  const table = kzalloc(sg_table, GFP_KERNEL)
  if (!table) return ERR_PTR(-ENOMEM)
  let ret = sg_alloc_table(table, 1, GFP_KERNEL)
  if (!ret) {
    sg_set_page(table.sgl[0]!, buffer.page, 4096, 0)
    ret = dma_map_sgtable(attach.dev!, table, dir, 0)
    if (!ret) return table
    sg_free_table(table)
  }
  kfree(table)
  return ERR_PTR(ret)
}

function vram_unmap(attach: dma_buf_attachment, table: sg_table, dir: number) {
  dma_unmap_sgtable(attach.dev!, table, dir, 0)
  sg_free_table(table)
  kfree(table)
}

function vram_fault(vmf: vm_fault): number {
  const dmabuf: dma_buf = vmf.vma.vm_private_data
  dma_resv_lock(dmabuf.resv!, null)
  const { page } = buffer_of(dmabuf)
  const ret = page ? vmf_insert_pfn(vmf.vma, vmf.address, page_to_pfn(page)) : VM_FAULT_SIGBUS
  dma_resv_unlock(dmabuf.resv!)
  return ret
}

const vram_vm_ops: vm_operations_struct = { fault: vram_fault }

function vram_mmap(dmabuf: dma_buf, vma: vm_area_struct) {
  vma.vm_ops = vram_vm_ops
  vma.vm_private_data = dmabuf
  vm_flags_set(vma, VM_PFNMAP | VM_DONTEXPAND)
  return 0
}

function vram_release(dmabuf: dma_buf) {
  const buffer = buffer_of(dmabuf)
  if (buffer.page) __free_page(buffer.page)
  kfree(buffer)
}

const vram_ops: dma_buf_ops = {
  attach: vram_attach,
  map_dma_buf: vram_map,
  unmap_dma_buf: vram_unmap,
  mmap: vram_mmap,
  release: vram_release,
}

export function vram_frame_attach(attach: vram_frame_attachment): number {
  const { dmabuf } = attach
  if (dmabuf.ops !== vram_ops) return -EINVAL
  dma_resv_lock(dmabuf.resv!, null)
  list_add(attach.node, buffer_of(dmabuf).frames)
  dma_resv_unlock(dmabuf.resv!)
  return 0
}

export function vram_frame_detach(attach: vram_frame_attachment) {
  const { dmabuf } = attach
  dma_resv_lock(dmabuf.resv!, null)
  list_del(attach.node)
  dma_resv_unlock(dmabuf.resv!)
}

/** With the lock held: the frame is good until the hook is called, or the lock given back. */
export function vram_get_frame(attach: vram_frame_attachment, pfn: ptr<number>): number {
  dma_resv_assert_held(attach.dmabuf.resv!)
  const { page } = buffer_of(attach.dmabuf)
  if (!page) return -ENODEV
  pfn.value = page_to_pfn(page)
  return 0
}

/** Tells the attachments of both kinds; nothing tells the page tables of programs. Lock held. */
function vram_stop_use(dmabuf: dma_buf) {
  dma_buf_invalidate_mappings(dmabuf)
  for (const attach of list_for_each_entry(buffer_of(dmabuf).frames, vram_frame_attachment, 'node'))
    if (attach.invalidate) attach.invalidate(attach)
}

function vram_move(dmabuf: dma_buf): number {
  const to = alloc_page(GFP_KERNEL | __GFP_ZERO)
  if (!to) return -ENOMEM
  dma_resv_lock(dmabuf.resv!, null)
  const buffer = buffer_of(dmabuf)
  const from = buffer.page
  if (from) {
    pr_info('vram: moving\n')
    vram_stop_use(dmabuf)
    page_address(to)!.set(page_address(from)!)
    buffer.page = to
  }
  dma_resv_unlock(dmabuf.resv!)
  __free_page(from ?? to)
  return from ? 0 : -ENODEV
}

function vram_revoke(dmabuf: dma_buf): number {
  dma_resv_lock(dmabuf.resv!, null)
  const buffer = buffer_of(dmabuf)
  const gone = buffer.page
  buffer.page = null // first: no map and no fault gets it from here on
  pr_info('vram: taking the buffer away\n')
  vram_stop_use(dmabuf)
  dma_resv_unlock(dmabuf.resv!)
  if (gone) __free_page(gone)
  return 0
}

function vram_export(filp: file): number {
  if (filp.private_data) return -EINVAL
  const buffer = kzalloc(vram_buffer, GFP_KERNEL)
  if (!buffer) return -ENOMEM
  INIT_LIST_HEAD(buffer.frames)
  buffer.page = alloc_page(GFP_KERNEL | __GFP_ZERO)
  const info = DEFINE_DMA_BUF_EXPORT_INFO('info')
  info.ops = vram_ops
  info.size = 4096
  info.flags = O_RDWR
  info.priv = buffer
  const dmabuf = buffer.page ? dma_buf_export(info) : ERR_PTR<dma_buf>(-ENOMEM)
  if (IS_ERR(dmabuf)) {
    if (buffer.page) __free_page(buffer.page)
    kfree(buffer)
    return PTR_ERR(dmabuf)
  }
  get_dma_buf(dmabuf) // for the open file of the card, before the descriptor can be closed
  const fd = dma_buf_fd(dmabuf, 0)
  if (fd < 0) {
    dma_buf_put(dmabuf)
    dma_buf_put(dmabuf)
    return fd
  }
  filp.private_data = dmabuf
  return fd
}

function vram_ioctl(filp: file, cmd: number, arg: unknown): number {
  if (cmd === EXPORT) return vram_export(filp)
  const dmabuf: dma_buf | null = filp.private_data
  if (!dmabuf) return -ENODEV
  if (cmd === MOVE) return vram_move(dmabuf)
  return cmd === REVOKE ? vram_revoke(dmabuf) : -ENOTTY
}

function vram_file_open(node: inode, filp: file) {
  filp.private_data = null // nothing is exported yet
  return 0
}

function vram_file_release(node: inode, filp: file) {
  if (filp.private_data) dma_buf_put(filp.private_data)
  return 0
}

const vram_fops: file_operations = {
  owner: THIS_MODULE,
  open: vram_file_open,
  unlocked_ioctl: vram_ioctl,
  release: vram_file_release,
}
const vram_misc = new miscdevice()

function vram_init() {
  vram_misc.minor = MISC_DYNAMIC_MINOR
  vram_misc.name = 'vram'
  vram_misc.fops = vram_fops
  return misc_register(vram_misc)
}

function vram_exit() {
  misc_deregister(vram_misc)
}

EXPORT_SYMBOL_GPL(vram_frame_attach)
EXPORT_SYMBOL_GPL(vram_frame_detach)
EXPORT_SYMBOL_GPL(vram_get_frame)

module_init(vram_init)
module_exit(vram_exit)
