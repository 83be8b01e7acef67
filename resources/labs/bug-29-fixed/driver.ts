import { EFAULT, EINVAL, ENOMEM, ENOTTY } from 'linux/errno'
import type { file, file_operations, inode } from 'linux/fs'
import { kref, kref_init, kref_put } from 'linux/kref'
import { MISC_DYNAMIC_MINOR, miscdevice, module_misc_device } from 'linux/miscdevice'
import { PAGE_SHIFT, PAGE_SIZE } from 'linux/mm'
import {
  mmu_interval_notifier, mmu_interval_notifier_insert, mmu_interval_notifier_remove,
  mmu_interval_set_seq, mmu_notifier_range_blockable, type mmu_interval_notifier_ops,
  type mmu_notifier_range,
} from 'linux/mmu_notifier'
import { THIS_MODULE } from 'linux/module'
import { mutex, mutex_init, mutex_lock, mutex_trylock, mutex_unlock } from 'linux/mutex'
import { pr_info } from 'linux/printk'
import { current } from 'linux/sched'
import { container_of } from 'linux/container_of'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'

/** The guest has frames below this one. */
const HV_GUEST_FRAMES = 0x8000

interface mshv_user_mem_region {
  userspace_addr: number
  size: number
  guest_pfn: number
}

class mshv_mem_region {
  refcount = new kref()
  mutex = new mutex()
  mni = new mmu_interval_notifier()
  start_uaddr = 0
  nr_pages = 0
  /** Pages that the guest can reach. */
  mapped = 0
}

class mshv_partition {
  region: mshv_mem_region | null = null
}

/** The program changes the pages: the guest must let go of them first. */
function mshv_region_invalidate(
  mni: mmu_interval_notifier, range: mmu_notifier_range, cur_seq: number,
) {
  const region = container_of(mni, mshv_mem_region, 'mni')
  if (mmu_notifier_range_blockable(range)) mutex_lock(region.mutex)
  else if (!mutex_trylock(region.mutex)) return false
  mmu_interval_set_seq(mni, cur_seq)
  region.mapped = 0
  mutex_unlock(region.mutex)
  return true
}

const mshv_region_mni_ops: mmu_interval_notifier_ops = { invalidate: mshv_region_invalidate }

function mshv_region_release(ref: kref) {
  const region = container_of(ref, mshv_mem_region, 'refcount')
  // waits for callbacks, so none can find the region after this
  mmu_interval_notifier_remove(region.mni)
  kfree(region)
}

/** Asks the hypervisor to map the region into the guest. */
function hv_call_map_gpa_pages(region: mshv_mem_region, guest_pfn: number) {
  if (guest_pfn + region.nr_pages > HV_GUEST_FRAMES) return -EINVAL
  mutex_lock(region.mutex)
  region.mapped = region.nr_pages
  mutex_unlock(region.mutex)
  return 0
}

function mshv_map_user_memory(partition: mshv_partition, mem: mshv_user_mem_region) {
  if (mem.userspace_addr % PAGE_SIZE || mem.size === 0) return -EFAULT
  const region = kzalloc(mshv_mem_region, GFP_KERNEL)
  if (!region) return -ENOMEM
  kref_init(region.refcount)
  mutex_init(region.mutex)
  region.start_uaddr = mem.userspace_addr
  region.nr_pages = mem.size >> PAGE_SHIFT
  let ret = mmu_interval_notifier_insert(
    region.mni, current.mm!, mem.userspace_addr, mem.size, mshv_region_mni_ops,
  )
  if (ret) {
    kfree(region)
    return ret
  }
  ret = hv_call_map_gpa_pages(region, mem.guest_pfn)
  if (ret) {
    pr_info('mshv: cannot map region at guest frame 0x%lx: %d\n', mem.guest_pfn, ret)
    kref_put(region.refcount, mshv_region_release)
    return ret
  }
  partition.region = region
  return 0
}

function mshv_open(ino: inode, filp: file) {
  const partition = kzalloc(mshv_partition, GFP_KERNEL)
  if (!partition) return -ENOMEM
  filp.private_data = partition
  return 0
}

function mshv_ioctl(filp: file, cmd: number, arg: mshv_user_mem_region) {
  return cmd === 1 ? mshv_map_user_memory(filp.private_data as mshv_partition, arg) : -ENOTTY
}

function mshv_release(ino: inode, filp: file) {
  const partition = filp.private_data as mshv_partition
  if (partition.region) kref_put(partition.region.refcount, mshv_region_release)
  kfree(partition)
  return 0
}

const mshv_fops: file_operations = {
  owner: THIS_MODULE, open: mshv_open, unlocked_ioctl: mshv_ioctl as never, release: mshv_release,
}
module_misc_device(new miscdevice({ minor: MISC_DYNAMIC_MINOR, name: 'mshv', fops: mshv_fops }))
