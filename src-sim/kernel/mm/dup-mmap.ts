import { call, type Sim } from '../../engine/suspend'
import { ENOMEM } from '../errno'
import { getFile } from '../fs/file'
import { copyBytes } from './cow'
import { mmapLock, mmapUnlock, newMm, mmPut, type mm_struct } from './mm-struct'
import { flushTlb, mmu_notifier_range, NOTIFY, notifyEnd, notifyStart } from './notify'
import { setAnonPte } from './map-pages'
import { getPage, maybePinned, takeZeroed } from './page-alloc'
import { pageNumber, type Pte } from './page-table'
import { PAGE_SIZE } from '../../base/units'
import { isCow, VM, type vm_area_struct } from './vma'
import { copyVma, insertVma, linkFile } from './vma-list'

/** The address space of a child: a new one with copies of all mappings; -errno when one fails. */
export function* dupMm(parent: mm_struct): Sim<mm_struct | number> {
  const child = newMm()
  yield* mmapLock(parent, true)
  let error = 0
  for (const vma of [...parent.$vmas]) {
    if (vma.vm_flags & VM.DONTCOPY) continue
    error = yield* dupVma(vma, child)
    if (error) break
  }
  mmapUnlock(parent, true)
  flushTlb(parent, 0, Infinity)
  if (!error) return child
  yield* mmPut(child)
  return error
}

/** The driver hears of the copy before the copy holds its file (MM-07). */
function* dupVma(vma: vm_area_struct, child: mm_struct): Sim<number> {
  const copy = copyVma(vma)
  copy.vm_mm = child
  copy.vm_flags &= ~(VM.LOCKED | VM.LOCKONFAULT)
  if (vma.vm_flags & VM.WIPEONFORK) copy.$anon = false
  insertVma(child, copy)
  const open = copy.vm_ops?.open
  if (open) yield* call(() => open(copy))
  if (copy.vm_file) getFile(copy.vm_file)
  linkFile(copy)
  if (vma.vm_flags & VM.WIPEONFORK || !mustCopy(vma)) return 0
  return yield* copyEntries(vma, copy)
}

/** Faults can find a file's pages again, but neither private pages nor what a driver has put in. */
const mustCopy = (vma: vm_area_struct): boolean =>
  vma.$anon || (vma.vm_flags & (VM.PFNMAP | VM.MIXEDMAP)) !== 0

/**
 * Both get the same pages, which neither may write any more (MM-10). Told for the parent as
 * PROTECTION_PAGE over the whole mapping, unless it is a shared one.
 */
function* copyEntries(from: vm_area_struct, to: vm_area_struct): Sim<number> {
  const mm = from.vm_mm!
  const cow = isCow(from.vm_flags)
  const { vm_start: start, vm_end: end } = from
  const range = new mmu_notifier_range(mm, NOTIFY.PROTECTION_PAGE, start, end)
  if (cow) yield* notifyStart(range)
  let error = 0
  for (const [number, pte] of mm.$table.entries(pageNumber(start), pageNumber(end))) {
    error = copyEntry(from, to, number, pte, cow)
    if (error) break
  }
  if (cow) yield* notifyEnd(range)
  return error
}

function copyEntry(
  from: vm_area_struct, to: vm_area_struct, number: number, pte: Pte, cow: boolean,
): number {
  const table = to.vm_mm!.$table
  if (pte.kind === 'device-exclusive') endExclusive(pte)
  const p = pte.page
  if (p?.$isAnon && cow) {
    if (from.vm_mm!.$hasPinned && maybePinned(p) && p.$exclusive) return copyPinned(to, number, pte)
    p.$exclusive = false
  }
  if (p) {
    getPage(p)
    p.$mapcount++
  }
  if (cow) pte.write = false
  table.set(number, { ...pte, softDirty: true })
  return 0
}

/** A fork ends what a device has for itself: the page is shared like any other now. */
function endExclusive(pte: Pte): void {
  pte.kind = 'page'
}

/** MM-11: a page that a device may be writing to stays with the parent; the child gets a copy. */
function copyPinned(to: vm_area_struct, number: number, pte: Pte): number {
  const copy = takeZeroed()
  if (copy === null) return -ENOMEM
  copyBytes(copy, pte.pfn)
  setAnonPte(to, number * PAGE_SIZE, copy, (to.vm_flags & VM.WRITE) !== 0)
  return 0
}
