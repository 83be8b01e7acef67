import type { file, file_operations, inode } from 'linux/fs'
import { MISC_DYNAMIC_MINOR, misc_register, miscdevice } from 'linux/miscdevice'
import { PAGE_SHIFT } from 'linux/mm'
import { THIS_MODULE } from 'linux/module'
import {
  mmu_notifier_range_blockable, type mmu_notifier, type mmu_notifier_ops, type mmu_notifier_range,
} from 'linux/mmu_notifier'
import { atomic_read } from 'linux/atomic'
import { current } from 'linux/sched'
import type { mm_struct } from 'linux/sched/mm'
import { KLAB } from './klab'

/** A notifier that logs what happens to the window at 0x10000000 or 0x20000000. */
export const mn_ev = [
  'UNMAP', 'CLEAR', 'PROT_VMA', 'PROT_PAGE', 'SOFT_DIRTY', 'RELEASE', 'MIGRATE', 'EXCLUSIVE',
]

function mn_win(s: number, e: number): boolean {
  return (s < 0x10100000 && e > 0x10000000) || (s < 0x20100000 && e > 0x20000000)
}

export function mn_show(what: string, r: mmu_notifier_range) {
  if (!mn_win(r.start, r.end)) return
  const ev = mn_ev[r.event]
  const blockable = mmu_notifier_range_blockable(r)
  if (r.end - r.start > 0x100000)
    KLAB('event', '%s ev=%s range=large blockable=%d', what, ev, blockable)
  else {
    const pages = (r.end - r.start) >> PAGE_SHIFT
    KLAB('event', '%s ev=%s start=0x%lx pages=%lu blockable=%d', what, ev, r.start, pages, blockable)
  }
}

export function mn_start(n: mmu_notifier, r: mmu_notifier_range): number {
  mn_show('start', r)
  return 0
}
export function mn_end(n: mmu_notifier, r: mmu_notifier_range) {
  mn_show('end', r)
}
export function mn_release(n: mmu_notifier, mm: mm_struct) {
  KLAB('release', 'users=%d in_mm_owner=%d', atomic_read(mm.mm_users), current.mm === mm)
}
export const mn_ops: mmu_notifier_ops = {
  release: mn_release,
  invalidate_range_start: mn_start,
  invalidate_range_end: mn_end,
}

type Ioctl = (f: file, cmd: number, arg: number) => number
type Release = (i: inode, f: file) => number

/** The device through which the program reaches the probe. */
export function mn_probe(mn_ioctl: Ioctl, mn_fop_release: Release) {
  const mn_fo: file_operations = {
    owner: THIS_MODULE, unlocked_ioctl: mn_ioctl, release: mn_fop_release,
  }
  const mn_md = new miscdevice({ minor: MISC_DYNAMIC_MINOR, name: 'klabdev', fops: mn_fo })
  KLAB('misc', 'register=%d', misc_register(mn_md))
}

export function mn_file_release(i: inode, f: file): number {
  KLAB('file', 'release=1')
  return 0
}
