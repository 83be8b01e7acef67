import { atomic_read } from 'linux/atomic'
import type { file, file_operations, inode } from 'linux/fs'
import { kthread_run } from 'linux/kthread'
import { MISC_DYNAMIC_MINOR, misc_register, miscdevice } from 'linux/miscdevice'
import type { vm_area_struct } from 'linux/mm'
import { kthread_unuse_mm, kthread_use_mm } from 'linux/mmu_context'
import { THIS_MODULE } from 'linux/module'
import { current } from 'linux/sched'
import {
  get_task_mm, mmdrop, mmget, mmget_not_zero, mmgrab, mmput, mmput_async, type mm_struct,
} from 'linux/sched/mm'
import { copy_to_user } from 'linux/uaccess'
import { complete, DECLARE_COMPLETION, wait_for_completion } from 'linux/completion'
import { KLAB, KLAB_PROBE } from './klab'

// Users of an address space and holders of its structure; who tears it down, and when.
let kept: mm_struct | null = null
const done = DECLARE_COMPLETION('done')

function borrower(mm: mm_struct): number {
  const before = current.mm === null ? 1 : 0
  kthread_use_mm(mm)
  const left = copy_to_user(0x10000000, new Uint8Array([42]), 1)
  KLAB('kthread', 'mm_null=%d borrowed=%d left=%lu', before, current.mm === mm ? 1 : 0, left)
  kthread_unuse_mm(mm)
  complete(done)
  return 0
}

function mc_ioctl(f: file, cmd: number, arg: number): number {
  const mm = current.mm!
  if (cmd === 101) {
    KLAB('counts', 'users=%d', atomic_read(mm.mm_users))
    mmget(mm)
    const same = get_task_mm(current)
    KLAB('counts', 'users=%d same=%d', atomic_read(mm.mm_users), same === mm ? 1 : 0)
    mmput(same!)
    mmput_async(mm)
    KLAB('counts', 'users=%d', atomic_read(mm.mm_users))
    kthread_run(borrower, mm, 'borrower')
    wait_for_completion(done)
  } else {
    mmgrab(mm)
    mmget(mm)
    kept = mm
  }
  return 0
}

function mc_mmap(f: file, vma: vm_area_struct): number {
  vma.vm_ops = {
    close() {
      KLAB('close', 'comm=%s mm_null=%d users=%d', current.comm, current.mm === null ? 1 : 0,
        atomic_read(kept!.mm_users))
    },
  }
  return 0
}

function mc_write(f: file): number {
  KLAB('put', 'users=%d', atomic_read(kept!.mm_users))
  mmput(kept!)
  KLAB('put', 'users=%d not_zero=%d', atomic_read(kept!.mm_users), mmget_not_zero(kept!))
  mmdrop(kept!)
  return 1
}

function mc_release(i: inode, f: file): number {
  KLAB('file', 'release=1 mm_null=%d', current.mm === null ? 1 : 0)
  return 0
}

const fo: file_operations = {
  owner: THIS_MODULE, unlocked_ioctl: mc_ioctl, mmap: mc_mmap, write: mc_write, release: mc_release,
}
const md = new miscdevice({ minor: MISC_DYNAMIC_MINOR, name: 'klabdev', fops: fo })
KLAB_PROBE('mm-counts', () => {
  KLAB('misc', 'register=%d', misc_register(md))
})
