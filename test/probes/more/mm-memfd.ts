import { atomic64_add_return, atomic64_read, atomic64_sub } from 'linux/atomic'
import type { file, file_operations } from 'linux/fs'
import { kmap_local_page, kunmap_local } from 'linux/highmem'
import { MISC_DYNAMIC_MINOR, misc_register, miscdevice } from 'linux/miscdevice'
import {
  FOLL_LONGTERM, FOLL_WRITE, pin_user_pages_fast, set_page_dirty_lock, unpin_user_pages, type page,
} from 'linux/mm'
import { THIS_MODULE } from 'linux/module'
import { current } from 'linux/sched'
import { KLAB, KLAB_PROBE } from './klab'

// A driver writes into pages that it has pinned, as a device would.
const pages: page[] = []
let got = 0

function md_ioctl(f: file, cmd: number, addr: number): number {
  const mm = current.mm!
  if (cmd === 101) {
    got = pin_user_pages_fast(addr, 2, FOLL_WRITE | FOLL_LONGTERM, pages)
    KLAB('pin', 'ret=%d pinned=%lld', got, atomic64_add_return(got, mm.pinned_vm))
  } else if (cmd === 102) {
    const at = kmap_local_page(pages[1])
    at[3] = at[3] + 1
    KLAB('device', 'wrote=%d', at[3])
    kunmap_local(at)
    set_page_dirty_lock(pages[1])
  } else {
    unpin_user_pages(pages, got)
    atomic64_sub(got, mm.pinned_vm)
    KLAB('unpin', 'pinned=%lld', atomic64_read(mm.pinned_vm))
  }
  return 0
}

const fo: file_operations = { owner: THIS_MODULE, unlocked_ioctl: md_ioctl }
const md = new miscdevice({ minor: MISC_DYNAMIC_MINOR, name: 'klabdev', fops: fo })
KLAB_PROBE('mm-memfd', () => {
  KLAB('misc', 'register=%d', misc_register(md))
})
