import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { copyBytes, copyOnWrite, mayReuse } from './cow'
import { FAULT, FAULT_ERROR, FAULT_FLAG } from './fault-codes'
import { setAnonPte, setPagePte, setZeroPte, writableAtOnce } from './map-pages'
import { bytesOf, clearFlag, pageOfAddress, PG, type page } from './page'
import { putPage, takeZeroed } from './page-alloc'
import { isPresent, pageNumber, type Pte } from './page-table'
import { absentFault } from './absent'
import { isAnonymous, VM, type vm_area_struct, type vm_fault } from './vma'
import { memoryAccess } from './watch'

/** What the access is, while its page is being found. */
export interface Access {
  vma: vm_area_struct
  /** Start of the page. */
  address: number
  real: number
  flags: number
}

/**
 * `handle_mm_fault`: makes the page behind an address accessible, with the lock of the address
 * space held for reading. Answers FAULT bits; 0 = done.
 */
export function* handleFault(vma: vm_area_struct, real: number, flags: number): Sim<number> {
  const address = real - (real % PAGE_SIZE)
  const access: Access = { vma, address, real, flags }
  const pte = vma.vm_mm!.$table.get(pageNumber(address))
  if (pte === null) return isAnonymous(vma) ? anonymousFault(access) : yield* fileFault(access)
  if (!isPresent(pte)) return yield* absentFault(access, pte)
  const copies = flags & (FAULT_FLAG.WRITE | FAULT_FLAG.UNSHARE)
  return copies && !pte.write ? yield* writeFault(access, pte) : 0
}

/** Untouched memory: reading shows the page of zeros, writing makes a page. No event. */
function anonymousFault({ vma, address, flags }: Access): number {
  if (!(flags & FAULT_FLAG.WRITE)) {
    setZeroPte(vma, address)
    return 0
  }
  const p = takeZeroed()
  if (p === null) return FAULT.OOM
  setAnonPte(vma, address, p, (vma.vm_flags & VM.WRITE) !== 0)
  return 0
}

/** An entry that is there but may not be written (or must not be shared any more). */
function* writeFault(access: Access, pte: Pte): Sim<number> {
  const { vma, address, flags } = access
  const unshare = (flags & FAULT_FLAG.UNSHARE) !== 0
  if (vma.vm_flags & (VM.SHARED | VM.MAYSHARE)) return unshare ? 0 : yield* makeWritable(access, pte)
  if (pte.page && mayReuse(pte.page)) {
    pte.page.$exclusive = true
    if (!unshare) writeEnabled(vma, pte)
    return 0
  }
  const write = !unshare && (vma.vm_flags & VM.WRITE) !== 0
  return yield* copyOnWrite(vma, address, pte, write)
}

function writeEnabled(vma: vm_area_struct, pte: Pte): void {
  pte.write = (vma.vm_flags & VM.WRITE) !== 0
  pte.dirty = true
  pte.softDirty = true
}

/** A shared page: who keeps it may want to know. */
function* makeWritable(access: Access, pte: Pte): Sim<number> {
  const { vma, address } = access
  const ops = vma.vm_ops
  const notice = pte.page === null ? ops?.pfn_mkwrite : ops?.page_mkwrite
  if (notice) {
    const vmf = faultOf(access)
    vmf.page = pte.page
    const ret = Number(yield* call(() => notice(vmf)))
    if (ret & FAULT_ERROR) return ret
    if (pte.page && ret & FAULT.LOCKED) clearFlag(pte.page, PG.locked)
    if (vma.vm_mm!.$table.get(pageNumber(address)) !== pte) return 0
  }
  writeEnabled(vma, pte)
  return 0
}

const faultOf = ({ vma, address, real, flags }: Access): vm_fault => ({
  vma,
  address,
  real_address: real,
  pgoff: vma.vm_pgoff + pageNumber(address - vma.vm_start),
  flags,
  page: null,
  cow_page: null,
})

/** Asks the driver (or the file in memory) for the page of a mapping. */
function* fileFault(access: Access): Sim<number> {
  const { vma, flags } = access
  const ops = vma.vm_ops!
  memoryAccess(machine()).touch(ops, 'fault', false)
  const handler = ops.fault
  if (!handler) return FAULT.SIGBUS
  const write = (flags & FAULT_FLAG.WRITE) !== 0
  const own = write && !(vma.vm_flags & VM.SHARED)
  const vmf = faultOf(access)
  vmf.cow_page = own ? takeZeroed() : null
  if (own && vmf.cow_page === null) return FAULT.OOM
  const ret = Number(yield* call(() => handler(vmf)))
  const p = vmf.page instanceof Uint8Array ? pageOfAddress(vmf.page) : vmf.page
  if (ret & (FAULT_ERROR | FAULT.NOPAGE | FAULT.RETRY | FAULT.DONE_COW) || p === null) {
    if (vmf.cow_page && !(ret & FAULT.DONE_COW)) putPage(vmf.cow_page)
    return p === null && !(ret & ~FAULT.MAJOR) ? FAULT.SIGBUS : ret & ~FAULT.NOPAGE
  }
  if (ret & FAULT.LOCKED) clearFlag(p, PG.locked)
  return yield* finishFault(access, vmf, p)
}

/** The handler has answered with a page, and a reference to it. */
function* finishFault(access: Access, vmf: vm_fault, p: page): Sim<number> {
  const { vma, address, flags } = access
  const { $table } = vma.vm_mm!
  if (vmf.cow_page) {
    if (bytesOf(p)) copyBytes(vmf.cow_page, p.$pfn)
    putPage(p)
    if ($table.get(pageNumber(address)) !== null) putPage(vmf.cow_page)
    else setAnonPte(vma, address, vmf.cow_page, (vma.vm_flags & VM.WRITE) !== 0)
    return 0
  }
  const write = (flags & FAULT_FLAG.WRITE) !== 0
  const mkwrite = vma.vm_ops!.page_mkwrite
  if (write && mkwrite) {
    vmf.page = p
    const ret = Number(yield* call(() => mkwrite(vmf)))
    if (ret & FAULT_ERROR) {
      putPage(p)
      return ret
    }
  }
  if ($table.get(pageNumber(address)) !== null) putPage(p)
  else setPagePte(vma, address, p, writableAtOnce(vma) || (write && (vma.vm_flags & VM.WRITE) !== 0), write)
  return 0
}
