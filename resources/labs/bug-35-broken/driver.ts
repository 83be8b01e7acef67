import { module_pci_driver, pci_disable_device, pci_enable_device, pci_get_drvdata, pci_resource_start, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { io_remap_pfn_range, PAGE_SIZE, type vm_area_struct, zap_vma_ptes } from 'linux/mm'
import { mmap_read_lock, mmap_read_unlock } from 'linux/mmap_lock'
import { mmget_not_zero, mmput, type mm_struct } from 'linux/sched/mm'
import { INIT_LIST_HEAD, list_add, list_del, list_del_init, list_empty, list_first_entry, list_for_each_entry_safe, list_head } from 'linux/list'
import { misc_deregister, misc_register, miscdevice, MISC_DYNAMIC_MINOR } from 'linux/miscdevice'
import { mutex, mutex_init, mutex_lock, mutex_unlock } from 'linux/mutex'
import { kref, kref_get, kref_init, kref_put } from 'linux/kref'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { EBUSY, EIO, ENOMEM } from 'linux/errno'
import { type file, type inode } from 'linux/fs'
import { container_of } from 'linux/container_of'
import { THIS_MODULE } from 'linux/module'
import { msleep } from 'linux/delay'

const LOG_PGOFF = 1

/** What a program has opened: lives until its last close. */
class ib_uverbs_file {
  ref = new kref()
  dev!: ib_uverbs_device
  umap_lock = new mutex()
  umaps = new list_head()
  ucontext: ib_ucontext | null = null
  disassociated = false
}

/** What the device keeps for a program: goes with the device. */
class ib_ucontext {
  doorbells = 0
}

/** A doorbell page. Every mapping of it has a reference. */
class rdma_user_mmap_entry {
  ref = new kref()
  ucontext!: ib_ucontext
}

/** One mapping of a doorbell page by a program. */
class rdma_umap_priv {
  vma!: vm_area_struct
  list = new list_head()
  entry: rdma_user_mmap_entry | null = null
}

class ib_uverbs_device {
  misc = new miscdevice()
  pfn = 0
  lists_mutex = new mutex() // protects the next one
  file: ib_uverbs_file | null = null
}

function rdma_user_mmap_entry_free(ref: kref) {
  const entry = container_of(ref, rdma_user_mmap_entry, 'ref')
  entry.ucontext.doorbells--
  kfree(entry)
}

function rdma_user_mmap_entry_put(entry: rdma_user_mmap_entry) {
  kref_put(entry.ref, rdma_user_mmap_entry_free)
}

/** munmap(), or the end of the process. Called with the mmap lock of its address space held. */
function rdma_umap_close(vma: vm_area_struct) {
  const priv = vma.vm_private_data as rdma_umap_priv
  const ufile = vma.vm_file!.private_data as ib_uverbs_file
  mutex_lock(ufile.umap_lock)
  if (priv.entry) rdma_user_mmap_entry_put(priv.entry)
  list_del(priv.list)
  mutex_unlock(ufile.umap_lock)
  kfree(priv)
}

/** The log is written out before its mapping goes, which takes its time. */
function log_close(vma: vm_area_struct) {
  msleep(10)
}

const rdma_umap_ops = { close: rdma_umap_close }
const log_ops = { close: log_close }

/** The device goes: takes the doorbells away from all programs, one address space at a time. */
function uverbs_user_mmap_disassociate(ufile: ib_uverbs_file) {
  mutex_lock(ufile.umap_lock)
  ufile.disassociated = true
  for (;;) {
    let mm: mm_struct | null = null
    while (!mm && !list_empty(ufile.umaps)) {
      const priv = list_first_entry(ufile.umaps, rdma_umap_priv, 'list')
      mm = priv.vma.vm_mm!
      if (!mmget_not_zero(mm)) {
        list_del_init(priv.list)
        // its process is at its end and will close it
        mm = null
      }
    }
    mutex_unlock(ufile.umap_lock)
    if (!mm) return
    // The close of a mapping takes umap_lock inside the mmap lock: so must we, and look again.
    mmap_read_lock(mm)
    mutex_lock(ufile.umap_lock)
    for (const priv of list_for_each_entry_safe(ufile.umaps, rdma_umap_priv, 'list')) {
      const vma = priv.vma
      if (vma.vm_mm !== mm) continue
      list_del_init(priv.list)
      zap_vma_ptes(vma, vma.vm_start, vma.vm_end - vma.vm_start)
      if (priv.entry) {
        rdma_user_mmap_entry_put(priv.entry)
        priv.entry = null
      }
    }
    mutex_unlock(ufile.umap_lock)
    mmap_read_unlock(mm)
    mmput(mm)
    mutex_lock(ufile.umap_lock)
  }
}

function mmap_doorbell(ufile: ib_uverbs_file, vma: vm_area_struct) {
  const priv = kzalloc(rdma_umap_priv, GFP_KERNEL)
  if (!priv) return -ENOMEM
  const entry = kzalloc(rdma_user_mmap_entry, GFP_KERNEL)
  if (!entry) {
    kfree(priv)
    return -ENOMEM
  }
  mutex_lock(ufile.umap_lock)
  let ret = -EIO
  if (!ufile.disassociated) ret = io_remap_pfn_range(vma, vma.vm_start, ufile.dev.pfn, PAGE_SIZE, 0)
  if (ret) {
    mutex_unlock(ufile.umap_lock)
    kfree(entry)
    kfree(priv)
    return ret
  }
  kref_init(entry.ref)
  entry.ucontext = ufile.ucontext!
  entry.ucontext.doorbells++
  priv.vma = vma
  priv.entry = entry
  list_add(priv.list, ufile.umaps)
  vma.vm_private_data = priv
  vma.vm_ops = rdma_umap_ops
  mutex_unlock(ufile.umap_lock)
  return 0
}

function ib_uverbs_mmap(file: file, vma: vm_area_struct) {
  if (vma.vm_pgoff !== LOG_PGOFF) return mmap_doorbell(file.private_data as ib_uverbs_file, vma)
  vma.vm_ops = log_ops
  return 0
}

function ib_uverbs_release_file(ref: kref) {
  kfree(container_of(ref, ib_uverbs_file, 'ref'))
}

function ib_uverbs_open(inode: inode, file: file) {
  const dev = container_of(file.private_data as miscdevice, ib_uverbs_device, 'misc')
  const ufile = kzalloc(ib_uverbs_file, GFP_KERNEL)
  const ucontext = kzalloc(ib_ucontext, GFP_KERNEL)
  if (!ufile || !ucontext) {
    kfree(ufile)
    kfree(ucontext)
    return -ENOMEM
  }
  kref_init(ufile.ref)
  kref_get(ufile.ref) // one for the file, one for the device
  mutex_init(ufile.umap_lock)
  INIT_LIST_HEAD(ufile.umaps)
  ufile.dev = dev
  ufile.ucontext = ucontext
  mutex_lock(dev.lists_mutex)
  const busy = dev.file !== null // one program at a time is enough here
  if (!busy) dev.file = ufile
  mutex_unlock(dev.lists_mutex)
  if (busy) {
    kfree(ucontext)
    kfree(ufile)
    return -EBUSY
  }
  file.private_data = ufile
  return 0
}

/** The last mapping is closed, too: the file is kept by each of them. */
function ib_uverbs_close(inode: inode, file: file) {
  const ufile = file.private_data as ib_uverbs_file
  kref_put(ufile.ref, ib_uverbs_release_file)
  return 0
}

const uverbs_fops = { owner: THIS_MODULE, open: ib_uverbs_open, release: ib_uverbs_close, mmap: ib_uverbs_mmap }

function uverbs_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pci_enable_device(pdev)
  if (ret) return ret
  const dev = kzalloc(ib_uverbs_device, GFP_KERNEL)
  ret = -ENOMEM
  if (dev) {
    mutex_init(dev.lists_mutex)
    dev.pfn = pci_resource_start(pdev, 0) / PAGE_SIZE
    dev.misc.minor = MISC_DYNAMIC_MINOR
    dev.misc.name = 'uverbs0'
    dev.misc.fops = uverbs_fops
    ret = misc_register(dev.misc)
    if (!ret) {
      pci_set_drvdata(pdev, dev)
      return 0
    }
    kfree(dev)
  }
  pci_disable_device(pdev)
  return ret
}

/** Programs may have the node open and mapped: they keep the file, and nothing of the device. */
function uverbs_remove(pdev: pci_dev) {
  const dev = pci_get_drvdata<ib_uverbs_device>(pdev)
  misc_deregister(dev.misc)
  mutex_lock(dev.lists_mutex)
  const ufile = dev.file
  dev.file = null
  mutex_unlock(dev.lists_mutex)
  if (ufile) {
    uverbs_user_mmap_disassociate(ufile)
    kfree(ufile.ucontext)
    ufile.ucontext = null
    kref_put(ufile.ref, ib_uverbs_release_file)
  }
  pci_disable_device(pdev)
  kfree(dev)
}

const uverbs_ids = [PCI_DEVICE(0x1234, 0x11e8)]

module_pci_driver({ name: 'uverbs', id_table: uverbs_ids, probe: uverbs_probe, remove: uverbs_remove })
