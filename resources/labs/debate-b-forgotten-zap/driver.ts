import { vram_frame_attach, vram_frame_attachment, vram_frame_detach, vram_get_frame } from './vram'
import { container_of } from 'linux/container_of'
import { type device } from 'linux/device'
import { dma_buf_detach, dma_buf_dynamic_attach, dma_buf_get, dma_buf_map_attachment, dma_buf_put, dma_buf_unmap_attachment, type dma_buf, type dma_buf_attach_ops, type dma_buf_attachment } from 'linux/dma-buf'
import { DMA_BIDIRECTIONAL } from 'linux/dma-mapping'
import { dma_resv_lock, dma_resv_unlock } from 'linux/dma-resv'
import { EAGAIN, EFAULT, ENODEV, ENOMEM, ENOTTY } from 'linux/errno'
import { IS_ERR, PTR_ERR } from 'linux/err'
import { type file, type file_operations, type inode } from 'linux/fs'
import { misc_deregister, misc_register, MISC_DYNAMIC_MINOR, miscdevice } from 'linux/miscdevice'
import { fixup_user_fault, follow_pfnmap_args, follow_pfnmap_end, follow_pfnmap_start, phys_to_virt, vma_lookup } from 'linux/mm'
import { mmap_read_lock, mmap_read_unlock } from 'linux/mmap_lock'
import { mmu_interval_notifier, mmu_interval_notifier_insert, mmu_interval_notifier_remove, mmu_interval_read_begin, mmu_interval_read_retry, mmu_interval_set_seq, type mmu_interval_notifier_ops, type mmu_notifier_range } from 'linux/mmu_notifier'
import { THIS_MODULE } from 'linux/module'
import { mutex, mutex_init, mutex_lock, mutex_unlock } from 'linux/mutex'
import { module_platform_driver, type platform_device } from 'linux/platform_device'
import { pr_info } from 'linux/printk'
import { sg_dma_address, type sg_table } from 'linux/scatterlist'
import { get_current } from 'linux/sched'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { ptr } from 'linux/types'

const ATTACH = 10
const READ = 11
const DETACH = 12
const NO_FRAME = 0

class importer {
  lock = new mutex() // guards what the importers know; taken inside the reservation lock
  dmabuf!: dma_buf
  attach: dma_buf_attachment | null = null
  table: sg_table | null = null
  walk = new mmu_interval_notifier()
  addr = 0
  walk_frame = NO_FRAME
  frames = new vram_frame_attachment()
  frame = NO_FRAME
}

/** What a device would see there. */
const word_at = (phys: number): number => phys_to_virt(phys)![0]!

// The first: a dynamic attachment, whose lock is the reservation lock

function dynamic_invalidate(attach: dma_buf_attachment) {
  const imp: importer = attach.importer_priv
  pr_info('dynamic: told under the reservation lock\n')
  if (imp.table) dma_buf_unmap_attachment(attach, imp.table, DMA_BIDIRECTIONAL)
  imp.table = null
}

const dynamic_ops: dma_buf_attach_ops = { invalidate_mappings: dynamic_invalidate }

function dynamic_read(imp: importer): number {
  const { resv } = imp.dmabuf
  let ret = 0
  dma_resv_lock(resv!, null)
  if (!imp.table) {
    const table = dma_buf_map_attachment(imp.attach!, DMA_BIDIRECTIONAL)
    if (IS_ERR(table)) ret = PTR_ERR(table)
    else imp.table = table
  }
  if (!ret) ret = word_at(sg_dma_address(imp.table!.sgl[0]!))
  dma_resv_unlock(resv!)
  return ret
}

// The second: a walk of the program's page tables, guarded by the notifier's sequence

function walk_invalidate(sub: mmu_interval_notifier, range: mmu_notifier_range, cur_seq: number): boolean {
  const imp = container_of(sub, importer, 'walk')
  mutex_lock(imp.lock)
  mmu_interval_set_seq(sub, cur_seq)
  if (imp.walk_frame !== NO_FRAME) pr_info('walk: told by the notifier\n')
  imp.walk_frame = NO_FRAME
  mutex_unlock(imp.lock)
  return true
}

const walk_ops: mmu_interval_notifier_ops = { invalidate: walk_invalidate }

function walk_lookup(imp: importer): number {
  const { mm } = get_current()
  const args = new follow_pfnmap_args()
  mmap_read_lock(mm!)
  let ret = -EFAULT
  args.vma = vma_lookup(mm!, imp.addr)
  args.address = imp.addr
  if (args.vma) {
    ret = follow_pfnmap_start(args)
    if (ret && !fixup_user_fault(mm!, imp.addr, 0, null)) ret = follow_pfnmap_start(args)
    if (ret) ret = -EFAULT
    else {
      ret = args.pfn
      follow_pfnmap_end(args)
    }
  }
  mmap_read_unlock(mm!)
  return ret
}

function walk_read(imp: importer): number {
  for (;;) {
    const seq = mmu_interval_read_begin(imp.walk)
    const frame = walk_lookup(imp)
    if (frame < 0) return frame
    mutex_lock(imp.lock)
    if (mmu_interval_read_retry(imp.walk, seq)) {
      mutex_unlock(imp.lock)
      continue
    }
    imp.walk_frame = frame
    const word = word_at(frame * 4096)
    mutex_unlock(imp.lock)
    return word
  }
}

// The third: frames from the exporter, with the rules of a dynamic attachment

function frame_invalidate(attach: vram_frame_attachment) {
  const imp = attach.priv as importer
  pr_info('frames: told under the reservation lock\n')
  mutex_lock(imp.lock)
  imp.frame = NO_FRAME
  mutex_unlock(imp.lock)
}

function frame_read(imp: importer): number {
  const pfn = ptr<number>(NO_FRAME)
  let ret = 0
  dma_resv_lock(imp.dmabuf.resv!, null)
  mutex_lock(imp.lock)
  if (imp.frame === NO_FRAME) {
    ret = vram_get_frame(imp.frames, pfn)
    imp.frame = pfn.value
  }
  if (!ret) ret = word_at(imp.frame * 4096)
  mutex_unlock(imp.lock)
  dma_resv_unlock(imp.dmabuf.resv!)
  return ret
}

let device_of_importers: device

function importers_detach(imp: importer) {
  if (imp.attach) {
    dma_resv_lock(imp.dmabuf.resv!, null)
    if (imp.table) dma_buf_unmap_attachment(imp.attach, imp.table, DMA_BIDIRECTIONAL)
    imp.table = null
    dma_resv_unlock(imp.dmabuf.resv!)
    dma_buf_detach(imp.dmabuf, imp.attach)
  }
  dma_buf_put(imp.dmabuf)
  kfree(imp)
}

function importers_attach(filp: file, arg: { fd: number; addr: number }): number {
  const dmabuf = dma_buf_get(arg.fd)
  if (IS_ERR(dmabuf)) return PTR_ERR(dmabuf)
  const imp = kzalloc(importer, GFP_KERNEL)
  if (!imp) {
    dma_buf_put(dmabuf)
    return -ENOMEM
  }
  mutex_init(imp.lock)
  imp.dmabuf = dmabuf
  imp.addr = arg.addr
  const attach = dma_buf_dynamic_attach(dmabuf, device_of_importers, dynamic_ops, imp)
  if (IS_ERR(attach)) {
    importers_detach(imp)
    return PTR_ERR(attach)
  }
  imp.attach = attach
  let ret = mmu_interval_notifier_insert(imp.walk, get_current().mm!, arg.addr, 4096, walk_ops)
  if (!ret) {
    imp.frames.dmabuf = dmabuf
    imp.frames.priv = imp
    imp.frames.invalidate = frame_invalidate
    ret = vram_frame_attach(imp.frames)
    if (ret) mmu_interval_notifier_remove(imp.walk)
  }
  if (ret) importers_detach(imp)
  else filp.private_data = imp
  return ret
}

function importers_end(filp: file) {
  const imp: importer | null = filp.private_data
  filp.private_data = null
  if (!imp) return
  vram_frame_detach(imp.frames)
  mmu_interval_notifier_remove(imp.walk)
  importers_detach(imp)
}

function importers_ioctl(filp: file, cmd: number, arg: any): number {
  if (cmd === ATTACH) return filp.private_data ? -EAGAIN : importers_attach(filp, arg)
  const imp: importer | null = filp.private_data
  if (!imp) return -ENODEV
  if (cmd === READ)
    pr_info('read: dynamic=%d walk=%d frames=%d\n', dynamic_read(imp), walk_read(imp), frame_read(imp))
  else if (cmd === DETACH) importers_end(filp)
  else return -ENOTTY
  return 0
}

function importers_open(node: inode, filp: file) {
  filp.private_data = null // nothing is imported yet
  return 0
}

function importers_release(node: inode, filp: file) {
  importers_end(filp)
  return 0
}

const importers_fops: file_operations = {
  owner: THIS_MODULE,
  open: importers_open,
  unlocked_ioctl: importers_ioctl,
  release: importers_release,
}
const importers_misc = new miscdevice()

function importers_probe(pdev: platform_device) {
  device_of_importers = pdev.dev
  importers_misc.minor = MISC_DYNAMIC_MINOR
  importers_misc.name = 'importers'
  importers_misc.fops = importers_fops
  return misc_register(importers_misc)
}

function importers_remove(pdev: platform_device) {
  misc_deregister(importers_misc)
}

module_platform_driver({ probe: importers_probe, remove: importers_remove, driver: { name: 'importers' } })
