import { module_pci_driver, pci_disable_device, pci_enable_device, pci_get_drvdata, pci_iomap, pci_iounmap, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { dma_fence, dma_fence_context_alloc, dma_fence_get, dma_fence_get_status, dma_fence_init, dma_fence_is_signaled, dma_fence_put, dma_fence_signal_locked, dma_fence_wait } from 'linux/dma-fence'
import { __add_wait_queue, __remove_wait_queue, init_waitqueue_head, wait_queue_entry, wait_queue_head, wake_up_all, wake_up_all_locked } from 'linux/wait'
import { down_read_trylock, init_rwsem, rw_semaphore, up_read } from 'linux/rwsem'
import { misc_deregister, misc_register, miscdevice, MISC_DYNAMIC_MINOR } from 'linux/miscdevice'
import { atomic64_read, atomic64_set, atomic64_t } from 'linux/atomic64'
import { free_irq, IRQ_HANDLED, IRQ_NONE, IRQF_SHARED, request_irq } from 'linux/interrupt'
import { readl, writel, type iomem } from 'linux/io'
import { type file, type inode } from 'linux/fs'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { EINVAL, ENOMEM, ENOTTY } from 'linux/errno'
import { container_of } from 'linux/container_of'
import { THIS_MODULE } from 'linux/module'
import { RADEON_BUSY, RADEON_STATUS, RADEON_SUBMIT, RADEON_WAIT } from './uapi'

const RING_EMIT = 0x00
const FENCE_DONE = 0x04
const IRQ_ENABLE = 0x08
const IRQ_STATUS = 0x0c

class radeon_device {
  mmio!: iomem
  irq = 0
  misc = new miscdevice()
  exclusive_lock = new rw_semaphore() // held for writing while the GPU is reset
  fence_queue = new wait_queue_head() // its lock is the lock of all fences, too
  fence_context = 0
  sync_seq = 0
  last_seq = new atomic64_t()
}

class radeon_fence {
  base = new dma_fence()
  rdev!: radeon_device
  seq = 0
  fence_wake = new wait_queue_entry()
}

/** Reads how far the ring has come; true when that is further than before. */
function radeon_fence_activity(rdev: radeon_device) {
  const seq = readl(rdev.mmio + FENCE_DONE)
  if (seq <= atomic64_read(rdev.last_seq)) return false
  atomic64_set(rdev.last_seq, seq)
  return true
}

function radeon_fence_process(rdev: radeon_device) {
  if (radeon_fence_activity(rdev)) wake_up_all(rdev.fence_queue)
}

/** Called for each pending fence by wake-ups of the queue, with its lock held. */
function radeon_fence_check_signaled(wait: wait_queue_entry, mode: number, flags: number, key: unknown) {
  const fence = container_of(wait, radeon_fence, 'fence_wake')
  if (atomic64_read(fence.rdev.last_seq) >= fence.seq) {
    dma_fence_signal_locked(fence.base)
    __remove_wait_queue(fence.rdev.fence_queue, fence.fence_wake)
    dma_fence_put(fence.base)
  }
  return 0
}

/** With the lock of the fence held, hence the _locked form of the wake-up. */
function radeon_fence_enable_signaling(f: dma_fence) {
  const fence = container_of(f, radeon_fence, 'base')
  const rdev = fence.rdev
  writel(1, rdev.mmio + IRQ_ENABLE)
  if (radeon_fence_activity(rdev)) wake_up_all_locked(rdev.fence_queue)
  if (atomic64_read(rdev.last_seq) >= fence.seq) return false
  fence.fence_wake.flags = 0
  fence.fence_wake.private = null
  fence.fence_wake.func = radeon_fence_check_signaled
  __add_wait_queue(rdev.fence_queue, fence.fence_wake)
  dma_fence_get(f)
  return true
}

/** Is the fence over? Helps itself to an answer when the interrupt has not brought one yet. */
function radeon_fence_is_signaled(f: dma_fence) {
  const fence = container_of(f, radeon_fence, 'base')
  const rdev = fence.rdev
  if (atomic64_read(rdev.last_seq) >= fence.seq) return true
  if (down_read_trylock(rdev.exclusive_lock)) {
    radeon_fence_process(rdev) // wakes the queue, whose lock the caller may hold: it is the fence's
    up_read(rdev.exclusive_lock)
    if (atomic64_read(rdev.last_seq) >= fence.seq) return true
  }
  return false
}

const radeon_fence_ops = {
  get_driver_name: () => 'radeon',
  get_timeline_name: () => 'radeon.gfx',
  enable_signaling: radeon_fence_enable_signaling,
  signaled: radeon_fence_is_signaled,
}

function radeon_fence_emit(rdev: radeon_device) {
  const fence = kzalloc(radeon_fence, GFP_KERNEL)
  if (!fence) return null
  fence.rdev = rdev
  fence.seq = ++rdev.sync_seq
  dma_fence_init(fence.base, radeon_fence_ops, rdev.fence_queue.lock, rdev.fence_context, fence.seq)
  writel(fence.seq, rdev.mmio + RING_EMIT)
  return fence
}

function radeon_irq_handler(irq: number, rdev: radeon_device) {
  if (!readl(rdev.mmio + IRQ_STATUS)) return IRQ_NONE
  writel(0, rdev.mmio + IRQ_STATUS)
  radeon_fence_process(rdev)
  return IRQ_HANDLED
}

class radeon_file {
  rdev!: radeon_device
  fence: dma_fence | null = null
}

function radeon_open(inode: inode, file: file) {
  const fpriv = kzalloc(radeon_file, GFP_KERNEL)
  if (!fpriv) return -ENOMEM
  fpriv.rdev = container_of(file.private_data as miscdevice, radeon_device, 'misc')
  file.private_data = fpriv
  return 0
}

function radeon_release(inode: inode, file: file) {
  const fpriv = file.private_data as radeon_file
  if (fpriv.fence) dma_fence_wait(fpriv.fence, false)
  dma_fence_put(fpriv.fence)
  kfree(fpriv)
  return 0
}

function radeon_ioctl(file: file, cmd: number, arg: unknown) {
  const fpriv = file.private_data as radeon_file
  if (cmd === RADEON_SUBMIT) {
    const fence = radeon_fence_emit(fpriv.rdev)
    if (!fence) return -ENOMEM
    dma_fence_put(fpriv.fence)
    fpriv.fence = fence.base
    return 0
  }
  if (!fpriv.fence) return -EINVAL
  switch (cmd) {
    case RADEON_BUSY: // asks the fence without its lock
      return dma_fence_is_signaled(fpriv.fence) ? 0 : 1
    case RADEON_STATUS: // as sync_file does: takes the lock of the fence and asks then
      return dma_fence_get_status(fpriv.fence)
    case RADEON_WAIT:
      return dma_fence_wait(fpriv.fence, true)
  }
  return -ENOTTY
}

const radeon_fops = { owner: THIS_MODULE, open: radeon_open, release: radeon_release, unlocked_ioctl: radeon_ioctl }

function radeon_device_init(rdev: radeon_device, pdev: pci_dev) {
  init_rwsem(rdev.exclusive_lock)
  init_waitqueue_head(rdev.fence_queue)
  rdev.fence_context = dma_fence_context_alloc(1)
  rdev.irq = pdev.irq
  rdev.misc.minor = MISC_DYNAMIC_MINOR
  rdev.misc.name = 'radeon'
  rdev.misc.fops = radeon_fops
  const ret = request_irq(rdev.irq, radeon_irq_handler, IRQF_SHARED, 'radeon', rdev)
  if (ret) return ret
  const registered = misc_register(rdev.misc)
  if (registered) free_irq(rdev.irq, rdev)
  return registered
}

function radeon_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pci_enable_device(pdev)
  if (ret) return ret
  const rdev = kzalloc(radeon_device, GFP_KERNEL)
  ret = -ENOMEM
  if (!rdev) {
    pci_disable_device(pdev)
    return ret
  }
  const mmio = pci_iomap(pdev, 0, 0)
  if (mmio) {
    rdev.mmio = mmio
    ret = radeon_device_init(rdev, pdev)
    if (!ret) {
      pci_set_drvdata(pdev, rdev)
      return 0
    }
    pci_iounmap(pdev, mmio)
  }
  kfree(rdev)
  pci_disable_device(pdev)
  return ret
}

function radeon_remove(pdev: pci_dev) {
  const rdev = pci_get_drvdata<radeon_device>(pdev)
  misc_deregister(rdev.misc)
  writel(0, rdev.mmio + IRQ_ENABLE)
  free_irq(rdev.irq, rdev)
  pci_iounmap(pdev, rdev.mmio)
  pci_disable_device(pdev)
  kfree(rdev)
}

const radeon_ids = [PCI_DEVICE(0x1002, 0x9830)]

module_pci_driver({ name: 'radeon', id_table: radeon_ids, probe: radeon_probe, remove: radeon_remove })
