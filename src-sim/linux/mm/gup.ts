import { kernelCall, quiet } from '../../kernel/api'
import type { Sim } from '../../engine/suspend'
import { EINVAL } from '../errno'
import { currentMm } from '../../kernel/mm/current-mm'
import { checkFlags, FOLL, type PageArray } from '../../kernel/mm/gup-flags'
import { getPagesLongterm, type LockState } from '../../kernel/mm/gup'
import { getPagesFast, getPresent } from '../../kernel/mm/gup-fast'
import { mmapLock, mmapUnlock, type mm_struct } from '../../kernel/mm/mm-struct'
import { assertLocked } from '../../kernel/mm/mmap-assert'
import { PG, setFlag, type page } from '../../kernel/mm/page'
import { maybePinned, unpinPage } from '../../kernel/mm/page-alloc'
import { fixupUserFault, followEnd, followStart, type follow_pfnmap_args } from '../../kernel/mm/pfnmap'
import { PAGE_SIZE } from '../../base/units'
import type { file } from '../../kernel/fs/file'
import { pinShmem } from '../../kernel/mm/shmem'
import { accessRemote } from '../../kernel/mm/remote'
import { mightLockMmap } from '../../kernel/mm/mmap-assert'
import type { task_struct } from '../../kernel/sched/task'
import { pagesOf, pfnToPage } from '../../kernel/mm/page'

/** Pages of programs for the use of drivers. Part of `linux/mm`. */

/** The pages will be written to. */
export const FOLL_WRITE = FOLL.WRITE
export const FOLL_GET = FOLL.GET
export const FOLL_DUMP = FOLL.DUMP
/** Also where the program itself may not read or write. */
export const FOLL_FORCE = FOLL.FORCE
export const FOLL_NOWAIT = FOLL.NOWAIT
/** Only what is there already. */
export const FOLL_NOFAULT = FOLL.NOFAULT
export const FOLL_HWPOISON = FOLL.HWPOISON
/** Held for as long as the program likes: only for pins. */
export const FOLL_LONGTERM = FOLL.LONGTERM
/** Memory of PCI devices is welcome. */
export const FOLL_PCI_P2PDMA = FOLL.PCI_P2PDMA
export const FOLL_INTERRUPTIBLE = FOLL.INTERRUPTIBLE
export const FOLL_PIN = FOLL.PIN
export const FOLL_REMOTE = FOLL.REMOTE

type Pages = PageArray | { value: unknown }

/** A place for one page is given as a `ptr`, one for more as an array. */
function* into(pages: Pages, get: (array: PageArray) => Sim<number>): Sim<number> {
  if (pages === null || Array.isArray(pages)) return yield* get(pages)
  const one: unknown[] = []
  const ret = yield* get(one)
  if (ret > 0) pages.value = one[0]
  return ret
}

const arrayOf = (pages: Pages): PageArray => (pages === null || Array.isArray(pages) ? pages : [])

/** With the lock held. `whenWrong` is the answer to flags that make no sense. */
function* lockedForm(
  mm: mm_struct, start: number, nr: number, gup: number, pages: Pages, add: number,
  whenWrong: number, locked: { value: number } | null = null,
): Sim<number> {
  const flags = checkFlags(arrayOf(pages), gup, add | (locked ? FOLL.UNLOCKABLE : 0))
  if (flags === null) return whenWrong
  assertLocked(mm, 'find_vma')
  const state: LockState = { locked: true }
  const ret = yield* into(pages, (to) => getPagesLongterm(mm, start, nr, flags, to, state))
  if (locked && !state.locked) {
    mmapUnlock(mm, false)
    locked.value = 0
  }
  return ret
}

/** Takes the lock itself. */
function* unlockedForm(
  start: number, nr: number, pages: Pages, gup: number, add: number, whenWrong: number,
): Sim<number> {
  const flags = checkFlags(arrayOf(pages), gup, add | FOLL.UNLOCKABLE)
  if (flags === null) return whenWrong
  const mm = currentMm()
  if (mm === null) return -14
  yield* mmapLock(mm, false)
  const ret = yield* into(pages, (to) => getPagesLongterm(mm, start, nr, flags, to))
  mmapUnlock(mm, false)
  return ret
}

function* fastForm(start: number, nr: number, gup: number, pages: Pages, add: number): Sim<number> {
  const flags = checkFlags(arrayOf(pages), gup, add)
  if (flags === null) return -EINVAL
  const mm = currentMm()
  if (mm === null) return -14
  mightLockMmap(mm)
  return yield* into(pages, (to) => getPagesFast(mm, start, nr, flags, to))
}

const mine = (): mm_struct => currentMm()!
/** Without an array the pages are only faulted in. */
const getFlag = (pages: Pages): number => (pages === null ? 0 : FOLL.GET)

/** References to pages of the running program, lock held. How many, or -errno. Pair: `put_page`. */
export const get_user_pages = kernelCall(
  'get_user_pages',
  (start: number, nr_pages: number, gup_flags: number, pages: Pages) =>
    lockedForm(mine(), start, nr_pages, gup_flags, pages, getFlag(pages), -EINVAL),
)
/** The same in any address space; `locked` is cleared when the lock was given up. */
export const get_user_pages_remote = kernelCall(
  'get_user_pages_remote',
  (
    mm: mm_struct, start: number, nr_pages: number, gup_flags: number, pages: Pages,
    locked: { value: number } | null = null,
  ) =>
    lockedForm(mm, start, nr_pages, gup_flags, pages, getFlag(pages) | FOLL.REMOTE, -EINVAL, locked),
)
/** The same, taking the lock itself. May sleep. */
export const get_user_pages_unlocked = kernelCall(
  'get_user_pages_unlocked',
  (start: number, nr_pages: number, pages: Pages, gup_flags: number) =>
    unlockedForm(start, nr_pages, pages, gup_flags, FOLL.GET, -EINVAL),
)
/** The same, without the lock as long as nothing has to be faulted in. May sleep. */
export const get_user_pages_fast = kernelCall(
  'get_user_pages_fast',
  (start: number, nr_pages: number, gup_flags: number, pages: Pages) =>
    fastForm(start, nr_pages, gup_flags, pages, FOLL.GET),
)
/** Only what is there; never sleeps. How many. */
export function get_user_pages_fast_only(
  start: number, nr_pages: number, gup_flags: number, pages: unknown[],
): number {
  const mm = currentMm()
  return mm ? Math.max(0, getPresent(mm, start - (start % 4096), nr_pages, gup_flags | FOLL.GET, pages)) : 0
}
export function get_user_page_fast_only(
  addr: number, gup_flags: number, pagep: { value: unknown },
): boolean {
  const one: unknown[] = []
  const got = get_user_pages_fast_only(addr, 1, gup_flags, one) === 1
  if (got) pagep.value = one[0]
  return got
}

/** Pins pages of the running program for DMA, lock held. How many, or -errno. */
export const pin_user_pages = kernelCall(
  'pin_user_pages',
  (start: number, nr_pages: number, gup_flags: number, pages: Pages) =>
    lockedForm(mine(), start, nr_pages, gup_flags, pages, FOLL.PIN, 0),
)
export const pin_user_pages_remote = kernelCall(
  'pin_user_pages_remote',
  (
    mm: mm_struct, start: number, nr_pages: number, gup_flags: number, pages: Pages,
    locked: { value: number } | null = null,
  ) => lockedForm(mm, start, nr_pages, gup_flags, pages, FOLL.PIN | FOLL.REMOTE, 0, locked),
)
export const pin_user_pages_unlocked = kernelCall(
  'pin_user_pages_unlocked',
  (start: number, nr_pages: number, pages: Pages, gup_flags: number) =>
    unlockedForm(start, nr_pages, pages, gup_flags, FOLL.PIN, 0),
)
export const pin_user_pages_fast = kernelCall(
  'pin_user_pages_fast',
  (start: number, nr_pages: number, gup_flags: number, pages: Pages) =>
    fastForm(start, nr_pages, gup_flags, pages, FOLL.PIN),
)

/** Ends a pin. Not for what was got by `get_user_pages`. */
export const unpin_user_page = kernelCall('unpin_user_page', (page: page): void => unpinPage(page))
export const unpin_user_pages = kernelCall('unpin_user_pages', (pages: page[], n: number): void => {
  for (const page of pages.slice(0, n)) unpinPage(page)
})
/** Ends pins of pages that were written to: they are marked dirty first. May sleep. */
export const unpin_user_pages_dirty_lock = kernelCall(
  'unpin_user_pages_dirty_lock',
  (pages: page[], n: number, make_dirty: boolean): void => {
    for (const page of pages.slice(0, n)) {
      if (make_dirty) setFlag(page, PG.dirty)
      unpinPage(page)
    }
  },
)
/** The same for pages that lie one after the other. */
export const unpin_user_page_range_dirty_lock = kernelCall(
  'unpin_user_page_range_dirty_lock',
  (page: page, n: number, make_dirty: boolean): void => {
    for (let i = 0; i < n; i++) {
      const one = pfnToPage(page.$pfn + i)
      if (make_dirty) setFlag(one, PG.dirty)
      unpinPage(one)
    }
  },
)
export const unpin_user_folio = kernelCall('unpin_user_folio', (folio: page, n: number): void =>
  unpinPage(folio, n),
)
export const unpin_folios = kernelCall('unpin_folios', (folios: page[], n: number): void => {
  for (const folio of folios.slice(0, n)) unpinPage(folio)
})
/**
 * Pins pages of a file in memory, from byte `start` to byte `end`; `offset` is where the first byte
 * is in the first page. How many, or -errno. May sleep. Pair: `unpin_folios`.
 */
export const memfd_pin_folios = kernelCall(
  'memfd_pin_folios',
  (
    memfd: file | null, start: number, end: number, folios: (page | null)[] | null,
    max_folios: number, offset: { value: unknown },
  ): number => {
    const ret = pinShmem(memfd, start, end, folios, max_folios)
    if (ret > 0) offset.value = start % PAGE_SIZE
    return ret
  },
)
/** False: surely nobody has pinned it. */
export const folio_maybe_dma_pinned = quiet(maybePinned)
export const page_maybe_dma_pinned = quiet(maybePinned)

/** A fault as the program would have it, lock held for reading. 0 or -errno. */
export const fixup_user_fault = kernelCall('fixup_user_fault', fixupUserFault)

export { follow_pfnmap_args } from '../../kernel/mm/pfnmap'
/** Looks up a frame; 0 until `follow_pfnmap_end`, or -EINVAL. Lock held; do not sleep between. */
export const follow_pfnmap_start = kernelCall(
  'follow_pfnmap_start',
  (args: follow_pfnmap_args): number => {
    if (args.vma?.vm_mm) assertLocked(args.vma.vm_mm, 'follow_pfnmap_start')
    return followStart(args)
  },
)
export const follow_pfnmap_end = kernelCall('follow_pfnmap_end', followEnd)

/** Reads or (FOLL_WRITE) writes the memory of a task: how many bytes. May sleep. */
export const access_process_vm = kernelCall(
  'access_process_vm',
  (task: task_struct, addr: number, buf: Uint8Array, len: number, gup_flags: number) =>
    accessRemote(task.mm, addr, buf, len, (gup_flags & FOLL.WRITE) !== 0),
)
export const access_remote_vm = kernelCall(
  'access_remote_vm',
  (mm: mm_struct, addr: number, buf: Uint8Array, len: number, gup_flags: number) =>
    accessRemote(mm, addr, buf, len, (gup_flags & FOLL.WRITE) !== 0),
)

/** How many pages a folio has. */
export const folio_nr_pages = quiet(pagesOf)
