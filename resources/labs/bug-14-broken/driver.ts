import { module_pci_driver, pci_alloc_irq_vectors, pci_get_drvdata, pci_irq_vector, PCI_DEVICE, PCI_IRQ_ALL_TYPES, pci_set_drvdata, pci_set_master, pcim_enable_device, pcim_iomap, type pci_dev, type pci_device_id } from 'linux/pci'
import { misc_deregister, misc_register, miscdevice, MISC_DYNAMIC_MINOR } from 'linux/miscdevice'
import { free_irq, IRQ_HANDLED, IRQ_NONE, request_irq } from 'linux/interrupt'
import { complete, completion, init_completion, wait_for_completion_interruptible } from 'linux/completion'
import { alloc_workqueue, destroy_workqueue, INIT_WORK, queue_work, work_struct, WQ_UNBOUND, type workqueue_struct } from 'linux/workqueue'
import { spin_lock, spin_lock_init, spin_lock_irq, spin_unlock, spin_unlock_irq, spinlock_t } from 'linux/spinlock'
import { INIT_LIST_HEAD, list_add_tail, list_del, list_for_each_entry_safe, list_head } from 'linux/list'
import { idr, idr_alloc, idr_destroy, idr_for_each_entry, idr_init, idr_remove } from 'linux/idr'
import { kref, kref_get, kref_init, kref_put } from 'linux/kref'
import { GFP_ATOMIC, GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { type file, type inode } from 'linux/fs'
import { ENOMEM, ENOTTY, EPIPE } from 'linux/errno'
import { container_of } from 'linux/container_of'
import { readl, writel, type iomem } from 'linux/io'
import { THIS_MODULE } from 'linux/module'

const DSP_CALL = 0x00
const DSP_ANSWER = 0x04
const FASTRPC_IOCTL_INVOKE = 3

/** The way to one signal processor: of the device, and of every open file. */
class fastrpc_channel_ctx {
  refcount = new kref()
  lock = new spinlock_t() // protects alive and ctx_idr
  alive = false
  ctx_idr = new idr() // the calls that the processor has not answered
  mmio!: iomem
  wq!: workqueue_struct
  miscdev = new miscdevice()
}

/** One open file. */
class fastrpc_user {
  cctx!: fastrpc_channel_ctx
  lock = new spinlock_t() // protects pending and maps
  pending = new list_head()
  maps = 0
}

/** One call: of the program that waits for it, and of the processor until it has answered. */
class fastrpc_invoke_ctx {
  refcount = new kref()
  node = new list_head()
  fl!: fastrpc_user
  retval = 0
  work = new completion()
  put_work = new work_struct()
}

function fastrpc_channel_ctx_free(ref: kref) {
  const cctx = container_of(ref, fastrpc_channel_ctx, 'refcount')
  idr_destroy(cctx.ctx_idr)
  kfree(cctx)
}

function fastrpc_context_free(ref: kref) {
  const ctx = container_of(ref, fastrpc_invoke_ctx, 'refcount')
  const fl = ctx.fl
  spin_lock(fl.lock) // the file may have been closed: fl is gone, but ctx still points to it
  fl.maps--
  spin_unlock(fl.lock)
  kfree(ctx)
}

function fastrpc_context_put(ctx: fastrpc_invoke_ctx) {
  kref_put(ctx.refcount, fastrpc_context_free)
}

/** Drops the processor's reference: freeing buffers needs a context that may sleep. */
function fastrpc_context_put_wq(work: work_struct) {
  fastrpc_context_put(container_of(work, fastrpc_invoke_ctx, 'put_work'))
}

function fastrpc_context_alloc(fl: fastrpc_user) {
  const ctx = kzalloc(fastrpc_invoke_ctx, GFP_KERNEL)
  if (!ctx) return null
  kref_init(ctx.refcount)
  INIT_LIST_HEAD(ctx.node)
  init_completion(ctx.work)
  INIT_WORK(ctx.put_work, fastrpc_context_put_wq)
  ctx.fl = fl
  spin_lock(fl.lock)
  fl.maps++
  list_add_tail(ctx.node, fl.pending)
  spin_unlock(fl.lock)
  return ctx
}

/** Hands the call to the processor, which holds a reference until it answers. */
function fastrpc_invoke_send(cctx: fastrpc_channel_ctx, ctx: fastrpc_invoke_ctx) {
  let id = -EPIPE
  spin_lock_irq(cctx.lock)
  if (cctx.alive) id = idr_alloc(cctx.ctx_idr, ctx, 1, 0, GFP_ATOMIC)
  if (id > 0) {
    kref_get(ctx.refcount)
    writel(id, cctx.mmio + DSP_CALL)
  }
  spin_unlock_irq(cctx.lock)
  return id < 0 ? id : 0
}

function fastrpc_internal_invoke(fl: fastrpc_user) {
  const ctx = fastrpc_context_alloc(fl)
  if (!ctx) return -ENOMEM
  let err = fastrpc_invoke_send(fl.cctx, ctx)
  if (!err) {
    err = wait_for_completion_interruptible(ctx.work)
    if (err) return err // a signal: the call stays pending, the answer will come
    err = ctx.retval
  }
  spin_lock(fl.lock)
  list_del(ctx.node)
  spin_unlock(fl.lock)
  fastrpc_context_put(ctx)
  return err
}

/** A call is over. Any context. */
function fastrpc_answer(cctx: fastrpc_channel_ctx, ctx: fastrpc_invoke_ctx, retval: number) {
  ctx.retval = retval
  complete(ctx.work)
  queue_work(cctx.wq, ctx.put_work)
}

function fastrpc_irq(irq: number, cctx: fastrpc_channel_ctx) {
  const id = readl(cctx.mmio + DSP_ANSWER)
  if (!id) return IRQ_NONE
  spin_lock(cctx.lock)
  const ctx: fastrpc_invoke_ctx | null = idr_remove(cctx.ctx_idr, id)
  spin_unlock(cctx.lock)
  if (ctx) fastrpc_answer(cctx, ctx, 0)
  return IRQ_HANDLED
}

function fastrpc_device_open(inode: inode, file: file) {
  const cctx = container_of(file.private_data as miscdevice, fastrpc_channel_ctx, 'miscdev')
  const fl = kzalloc(fastrpc_user, GFP_KERNEL)
  if (!fl) return -ENOMEM
  kref_get(cctx.refcount) // open() excludes misc_deregister(): the device still has its reference
  fl.cctx = cctx
  spin_lock_init(fl.lock)
  INIT_LIST_HEAD(fl.pending)
  file.private_data = fl
  return 0
}

function fastrpc_device_release(inode: inode, file: file) {
  const fl = file.private_data as fastrpc_user
  const cctx = fl.cctx
  for (const ctx of list_for_each_entry_safe(fl.pending, fastrpc_invoke_ctx, 'node')) {
    list_del(ctx.node)
    fastrpc_context_put(ctx) // not the last reference: the processor has one
  }
  kfree(fl)
  kref_put(cctx.refcount, fastrpc_channel_ctx_free)
  return 0
}

function fastrpc_device_ioctl(file: file, cmd: number, arg: unknown) {
  if (cmd !== FASTRPC_IOCTL_INVOKE) return -ENOTTY
  return fastrpc_internal_invoke(file.private_data as fastrpc_user)
}

const fastrpc_fops = {
  owner: THIS_MODULE,
  open: fastrpc_device_open,
  release: fastrpc_device_release,
  unlocked_ioctl: fastrpc_device_ioctl,
}

function fastrpc_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pcim_enable_device(pdev)
  if (ret) return ret
  const mmio = pcim_iomap(pdev, 0, 0)
  if (!mmio) return -ENOMEM
  pci_set_master(pdev)
  ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_ALL_TYPES)
  if (ret < 0) return ret
  const cctx = kzalloc(fastrpc_channel_ctx, GFP_KERNEL)
  if (!cctx) return -ENOMEM
  const wq = alloc_workqueue('fastrpc', WQ_UNBOUND, 0)
  if (!wq) {
    kfree(cctx)
    return -ENOMEM
  }
  kref_init(cctx.refcount)
  spin_lock_init(cctx.lock)
  idr_init(cctx.ctx_idr)
  cctx.mmio = mmio
  cctx.wq = wq
  cctx.alive = true
  ret = fastrpc_register(pdev, cctx)
  if (ret) {
    destroy_workqueue(cctx.wq)
    kref_put(cctx.refcount, fastrpc_channel_ctx_free)
    return ret
  }
  pci_set_drvdata(pdev, cctx)
  return 0
}

function fastrpc_register(pdev: pci_dev, cctx: fastrpc_channel_ctx) {
  const irq = pci_irq_vector(pdev, 0)
  let ret = request_irq(irq, fastrpc_irq, 0, 'fastrpc', cctx)
  if (ret) return ret
  cctx.miscdev.minor = MISC_DYNAMIC_MINOR
  cctx.miscdev.name = 'fastrpc-adsp'
  cctx.miscdev.fops = fastrpc_fops
  ret = misc_register(cctx.miscdev)
  if (ret) free_irq(irq, cctx)
  return ret
}

function fastrpc_remove(pdev: pci_dev) {
  const cctx = pci_get_drvdata<fastrpc_channel_ctx>(pdev)
  misc_deregister(cctx.miscdev)
  spin_lock_irq(cctx.lock)
  cctx.alive = false // files that are open can make no more calls
  spin_unlock_irq(cctx.lock)
  free_irq(pci_irq_vector(pdev, 0), cctx)
  // Nobody will answer what is still in the table, and nobody but this function looks at it.
  for (const [, ctx] of idr_for_each_entry(cctx.ctx_idr)) fastrpc_answer(cctx, ctx, -EPIPE)
  destroy_workqueue(cctx.wq) // runs what is queued
  kref_put(cctx.refcount, fastrpc_channel_ctx_free)
}

const fastrpc_ids = [PCI_DEVICE(0x17cb, 0x0d5b)]

module_pci_driver({ name: 'fastrpc', id_table: fastrpc_ids, probe: fastrpc_probe, remove: fastrpc_remove })
