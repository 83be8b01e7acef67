import { PAGE_SIZE } from '../../base/units'
import { call, point, type Sim } from '../../engine/suspend'
import type { Access } from './fault'
import { FAULT, FAULT_FLAG } from './fault-codes'
import { makePte } from './map-pages'
import { mmu_notifier_range, NOTIFY, notifyEnd, notifyStart } from './notify'
import { getPage, putPage } from './page-alloc'
import { lockPage, trylockPage, unlockPage } from './page-lock'
import { pageNumber, type Pte } from './page-table'
import { VM, type vm_fault } from './vma'

const WAITS = { $name: 'migration_entry_wait' }

/** A page that is not there because it is elsewhere (`do_swap_page`). */
export function* absentFault(access: Access, pte: Pte): Sim<number> {
  switch (pte.kind) {
    case 'device-private':
      return yield* bringBack(access, pte)
    case 'device-exclusive':
      return yield* endExclusive(access, pte)
    case 'migration':
      // Whoever migrates puts an entry here again; trying once more is waiting.
      yield point(WAITS, access.vma)
      return 0
    default:
      return FAULT.HWPOISON
  }
}

/** The owner of the device is asked to bring the page back. */
function* bringBack(access: Access, pte: Pte): Sim<number> {
  const page = pte.page!
  const back = page.pgmap?.ops?.migrate_to_ram
  if (!back) return FAULT.SIGBUS
  const { vma, address, real, flags } = access
  if (!trylockPage(page)) {
    yield point(WAITS, vma)
    return 0
  }
  getPage(page)
  const pgoff = vma.vm_pgoff + pageNumber(address - vma.vm_start)
  const vmf: vm_fault = { vma, address, real_address: real, pgoff, flags, page, cow_page: null }
  const ret = Number(yield* call(() => back(vmf)))
  unlockPage(page)
  putPage(page)
  return ret
}

/** A CPU takes back what a device had for itself (HMM-07): told as CLEAR, without an owner. */
function* endExclusive(access: Access, pte: Pte): Sim<number> {
  const { vma, address } = access
  const mm = vma.vm_mm!
  const range = new mmu_notifier_range(mm, NOTIFY.CLEAR, address, address + PAGE_SIZE)
  const page = pte.page!
  getPage(page)
  yield* lockPage(page)
  yield* notifyStart(range)
  if (mm.$table.get(pageNumber(address)) === pte) {
    const write = pte.write && (vma.vm_flags & VM.WRITE) !== 0
    const wanted = (access.flags & FAULT_FLAG.WRITE) !== 0
    const { pfn } = pte
    mm.$table.set(pageNumber(address), makePte(vma, { page, pfn, write, dirty: wanted || pte.dirty }))
  }
  yield* notifyEnd(range)
  unlockPage(page)
  putPage(page)
  return 0
}
