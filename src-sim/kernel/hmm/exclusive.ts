import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { point, type Sim } from '../../engine/suspend'
import { errPtr } from '../err'
import { EFAULT, EOPNOTSUPP } from '../errno'
import { heldChecker } from '../locking/assert'
import { getPages } from '../mm/gup'
import { FOLL } from '../mm/gup-flags'
import type { mm_struct } from '../mm/mm-struct'
import { mmu_notifier_range, NOTIFY, notifyEnd, notifyStart } from '../mm/notify'
import { putPage } from '../mm/page-alloc'
import type { page } from '../mm/page'
import { lockPageKillable, unlockPage } from '../mm/page-lock'
import { pageNumber } from '../mm/page-table'

const MAKES = { $name: 'make_device_exclusive' }

/** One attempt; null when the page changed meanwhile. */
function* attempt(mm: mm_struct, address: number, owner: unknown): Sim<page | null> {
  const pages: page[] = []
  const got = yield* getPages(mm, address, 1, FOLL.GET | FOLL.WRITE | FOLL.REMOTE, pages)
  if (got < 1) return errPtr(got || -EFAULT)
  const p = pages[0]!
  if (!p.$isAnon) {
    putPage(p)
    return errPtr(-EOPNOTSUPP)
  }
  const killed = yield* lockPageKillable(p)
  if (killed) {
    putPage(p)
    return errPtr(killed)
  }
  const range = new mmu_notifier_range(
    mm, NOTIFY.EXCLUSIVE, address, address + PAGE_SIZE, undefined, owner,
  )
  yield* notifyStart(range)
  const number = pageNumber(address)
  const pte = mm.$table.get(number)
  const same = pte !== null && pte.kind === 'page' && pte.page === p && pte.write
  if (same) mm.$table.set(number, { ...pte, kind: 'device-exclusive' })
  yield* notifyEnd(range)
  if (same) return p
  unlockPage(p)
  putPage(p)
  return null
}

/**
 * Keeps all CPUs from a page, so that a device can do what CPUs could not do atomically with it.
 * Answers the page, locked and referenced, or an error pointer (HMM-07).
 */
export function* makeDeviceExclusive(mm: mm_struct, addr: number, owner: unknown): Sim<page> {
  heldChecker(machine()).assert(mm.mmap_lock.dep_map)
  const address = addr - (addr % PAGE_SIZE)
  for (;;) {
    yield point(MAKES, mm)
    const p = yield* attempt(mm, address, owner)
    if (p !== null) return p
  }
}
