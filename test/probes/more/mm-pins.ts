import type { file, file_operations } from 'linux/fs'
import { MISC_DYNAMIC_MINOR, misc_register, miscdevice } from 'linux/miscdevice'
import {
  FOLL_FORCE, FOLL_LONGTERM, FOLL_NOFAULT, FOLL_WRITE, PageAnon, get_user_pages,
  get_user_pages_fast, is_zero_page, page_address, page_mapcount, page_maybe_dma_pinned,
  pin_user_pages, pin_user_pages_fast, put_page, unpin_user_page, type page,
} from 'linux/mm'
import { mmap_read_lock, mmap_read_unlock } from 'linux/mmap_lock'
import { THIS_MODULE } from 'linux/module'
import { current } from 'linux/sched'
import { KLAB, KLAB_PROBE } from './klab'

const PAGE = 4096
let pinned: page | null = null

function show(step: string, ret: number, page: page | null) {
  if (ret === 1 && page && is_zero_page(page)) KLAB(step, 'ret=1 zero=1')
  else if (ret === 1 && page)
    KLAB(step, 'ret=1 maps=%d pinned=%d anon=%d', page_mapcount(page), page_maybe_dma_pinned(page), PageAnon(page))
  else KLAB(step, 'ret=%d', ret)
}

function one(step: string, addr: number, flags: number, pin: boolean): page | null {
  const pages: (page | null)[] = [null]
  const ret = pin
    ? pin_user_pages_fast(addr, 1, flags, pages)
    : get_user_pages_fast(addr, 1, flags, pages)
  show(step, ret, pages[0])
  return ret === 1 ? pages[0] : null
}

function pm_ioctl(f: file, cmd: number, addr: number): number {
  const pages: (page | null)[] = [null, null, null, null]
  let p: page | null
  switch (cmd) {
    case 101:
      p = one('read_untouched', addr, 0, true)
      if (p) unpin_user_page(p)
      p = one('write_untouched', addr, FOLL_WRITE, true)
      if (p) unpin_user_page(p)
      p = one('get_again', addr, 0, false)
      if (p) put_page(p)
      p = one('longterm_read_untouched', addr + PAGE, FOLL_LONGTERM, true)
      if (p) unpin_user_page(p)
      KLAB('hole', 'ret=%d', pin_user_pages_fast(addr + 7 * PAGE, 4, 0, pages))
      if (pages[0]) unpin_user_page(pages[0])
      KLAB('hole', 'ret=%d', pin_user_pages_fast(addr + 8 * PAGE, 1, 0, pages))
      return 0
    case 102:
      mmap_read_lock(current.mm!)
      KLAB('nofault', 'ret=%ld', get_user_pages(addr + 4 * PAGE, 1, FOLL_NOFAULT, pages))
      KLAB('both', 'ret=%ld', pin_user_pages(addr, 1, 1 << 1, pages))
      KLAB('longterm_get', 'ret=%ld', get_user_pages(addr, 1, FOLL_LONGTERM, pages))
      mmap_read_unlock(current.mm!)
      return 0
    case 103:
      p = one('readonly_write', addr, FOLL_WRITE, true)
      p = one('readonly_read', addr, 0, true)
      if (p) unpin_user_page(p)
      mmap_read_lock(current.mm!)
      KLAB('forced', 'ret=%ld', get_user_pages(addr, 1, FOLL_WRITE | FOLL_FORCE, pages))
      mmap_read_unlock(current.mm!)
      put_page(pages[0]!)
      return 0
    case 104:
      pinned = one('keep', addr, FOLL_WRITE | FOLL_LONGTERM, true)
      return 0
    default:
      show('kept', 1, pinned)
      KLAB('kept', 'byte=%d', page_address(pinned!)[0])
      unpin_user_page(pinned!)
      return 0
  }
}

const fo: file_operations = { owner: THIS_MODULE, unlocked_ioctl: pm_ioctl }
const md = new miscdevice({ minor: MISC_DYNAMIC_MINOR, name: 'klabdev', fops: fo })
KLAB_PROBE('mm-pins', () => {
  KLAB('misc', 'register=%d', misc_register(md))
})
