import { container_of } from 'linux/container_of'
import { usleep_range } from 'linux/delay'
import { EBUSY, ENOMEM, ENOTTY } from 'linux/errno'
import type { file, file_operations, inode } from 'linux/fs'
import {
  HMM_PFN_REQ_FAULT, HMM_PFN_REQ_WRITE, hmm_pfn_to_page, hmm_range, hmm_range_fault,
} from 'linux/hmm'
import { MISC_DYNAMIC_MINOR, miscdevice, module_misc_device } from 'linux/miscdevice'
import { PAGE_SHIFT, page_to_pfn, set_page_dirty } from 'linux/mm'
import { mmap_read_lock, mmap_read_unlock } from 'linux/mmap_lock'
import {
  mmu_interval_notifier, mmu_interval_notifier_insert, mmu_interval_notifier_remove,
  mmu_interval_read_begin, mmu_interval_read_retry, mmu_interval_set_seq,
  mmu_notifier_range_blockable, type mmu_interval_notifier_ops, type mmu_notifier_range,
} from 'linux/mmu_notifier'
import { THIS_MODULE } from 'linux/module'
import { down_read, down_write, down_write_trylock, init_rwsem, rw_semaphore, up_read, up_write } from 'linux/rwsem'
import { current } from 'linux/sched'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'

interface vm_bind {
  addr: number
  range: number
}

/** Memory of a program that the card works with. */
class xe_userptr {
  notifier = new mmu_interval_notifier()
  /** Held by those who use the pages, and by the callback that takes them away. */
  notifier_lock = new rw_semaphore()
  start = 0
  npages = 0
  bound = false
  /** What the page tables of the card show. */
  sg: number[] = []
}

function xe_userptr_invalidate(
  mni: mmu_interval_notifier, range: mmu_notifier_range, cur_seq: number,
) {
  const userptr = container_of(mni, xe_userptr, 'notifier')
  if (mmu_notifier_range_blockable(range)) down_write(userptr.notifier_lock)
  else if (!down_write_trylock(userptr.notifier_lock)) return false
  mmu_interval_set_seq(mni, cur_seq)
  userptr.bound = false
  up_write(userptr.notifier_lock)
  return true
}

const userptr_ops: mmu_interval_notifier_ops = { invalidate: xe_userptr_invalidate }

/** Makes room for the addresses of so many pages. A large table may have to wait for memory. */
function xe_alloc_sg(userptr: xe_userptr) {
  usleep_range(1000, 1200)
  userptr.sg = Array.from({ length: userptr.npages }, () => 0)
}

function xe_build_sg(userptr: xe_userptr, range: hmm_range) {
  for (let i = 0; i < userptr.npages; i++) {
    const page = hmm_pfn_to_page(range.hmm_pfns[i]!)
    set_page_dirty(page)
    userptr.sg[i] = page_to_pfn(page)
  }
}

function xe_hmm_fault(userptr: xe_userptr, range: hmm_range) {
  const mm = userptr.notifier.mm!
  range.notifier = userptr.notifier
  range.start = userptr.start
  range.end = userptr.start + (userptr.npages << PAGE_SHIFT)
  range.hmm_pfns = Array.from({ length: userptr.npages }, () => 0)
  range.default_flags = HMM_PFN_REQ_FAULT | HMM_PFN_REQ_WRITE
  for (;;) {
    range.notifier_seq = mmu_interval_read_begin(userptr.notifier)
    mmap_read_lock(mm)
    const ret = hmm_range_fault(range)
    mmap_read_unlock(mm)
    if (ret !== -EBUSY) return ret
  }
}

/** Gives the pages of the program to the card. */
function xe_userptr_bind(userptr: xe_userptr) {
  for (;;) {
    const range = new hmm_range()
    const ret = xe_hmm_fault(userptr, range)
    if (ret) return ret
    // the pages are not ours to touch before the check below
    xe_alloc_sg(userptr)
    xe_build_sg(userptr, range)
    down_read(userptr.notifier_lock)
    const retry = mmu_interval_read_retry(userptr.notifier, range.notifier_seq)
    if (!retry) userptr.bound = true
    up_read(userptr.notifier_lock)
    if (!retry) return 0
  }
}

function xe_open(ino: inode, filp: file) {
  filp.private_data = null
  return 0
}

function xe_ioctl(filp: file, cmd: number, bind: vm_bind) {
  if (cmd !== 1) return -ENOTTY
  if (filp.private_data) return -EBUSY
  const userptr = kzalloc(xe_userptr, GFP_KERNEL)
  if (!userptr) return -ENOMEM
  init_rwsem(userptr.notifier_lock)
  userptr.start = bind.addr
  userptr.npages = bind.range >> PAGE_SHIFT
  const { notifier } = userptr
  const ret = mmu_interval_notifier_insert(notifier, current.mm!, bind.addr, bind.range, userptr_ops)
  if (ret) {
    kfree(userptr)
    return ret
  }
  filp.private_data = userptr
  return xe_userptr_bind(userptr)
}

function xe_release(ino: inode, filp: file) {
  const userptr = filp.private_data as xe_userptr | null
  if (userptr) {
    mmu_interval_notifier_remove(userptr.notifier)
    kfree(userptr)
  }
  return 0
}

const xe_fops: file_operations = {
  owner: THIS_MODULE, open: xe_open, unlocked_ioctl: xe_ioctl as never, release: xe_release,
}
module_misc_device(new miscdevice({ minor: MISC_DYNAMIC_MINOR, name: 'xe', fops: xe_fops }))
