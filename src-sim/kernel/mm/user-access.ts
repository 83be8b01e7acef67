import { PAGE_SIZE } from '../../base/units'
import type { Sim } from '../../engine/suspend'
import { page_fault_user } from '../../trace/events'
import { emit } from '../emit'
import { FAULT, FAULT_ERROR, FAULT_FLAG } from './fault-codes'
import { handleFault } from './fault'
import { mmapLock, mmapUnlock, type mm_struct } from './mm-struct'
import { isPresent, pageNumber, type Pte } from './page-table'
import { readPhysical, writePhysical } from './phys-access'
import { isAccessible, VM, type vm_area_struct } from './vma'
import { vmaAt } from './vma-list'

/** Reaching the memory of an address space by its addresses, faulting pages in on the way. */

/** One past the last address that a program can have. */
export const TASK_SIZE = 0x7fff_ffff_f000

/** What the CPU finds without a fault: null when it would have to fault. */
export function lookUp(mm: mm_struct, address: number, write: boolean): Pte | null {
  const pte = mm.$table.get(pageNumber(address))
  if (pte === null || !isPresent(pte)) return null
  return (write ? pte.write : pte.read) ? pte : null
}

const denied = (vma: vm_area_struct, flags: number): boolean =>
  flags & FAULT_FLAG.WRITE ? !(vma.vm_flags & VM.WRITE) : !isAccessible(vma)

/** One page fault: takes the lock of the address space. 0, or FAULT bits of what went wrong. */
export function* takeFault(mm: mm_struct, address: number, flags: number): Sim<number> {
  for (;;) {
    yield* mmapLock(mm, false)
    const vma = vmaAt(mm, address)
    if (vma === null || denied(vma, flags)) {
      mmapUnlock(mm, false)
      emit(page_fault_user, vma, address, (flags & FAULT_FLAG.WRITE) !== 0, 'SIGSEGV')
      return FAULT.SIGSEGV
    }
    const ret = yield* handleFault(vma, address, flags | FAULT_FLAG.ALLOW_RETRY)
    // A handler that asks for another try has given the lock up itself.
    if (ret & FAULT.RETRY) continue
    mmapUnlock(mm, false)
    const failed = ret & FAULT_ERROR
    const result = failed ? (ret & FAULT.SIGSEGV ? 'SIGSEGV' : 'SIGBUS') : 'mapped'
    emit(page_fault_user, vma, address, (flags & FAULT_FLAG.WRITE) !== 0, result)
    return failed
  }
}

/** The entry for an access, after as many faults as that takes; FAULT bits when there is none. */
export function* accessPage(mm: mm_struct, address: number, write: boolean): Sim<Pte | number> {
  for (;;) {
    const pte = lookUp(mm, address, write)
    if (pte !== null) {
      pte.young = true
      if (write) pte.dirty = pte.softDirty = true
      return pte
    }
    const failed = yield* takeFault(mm, address, FAULT_FLAG.USER | (write ? FAULT_FLAG.WRITE : 0))
    if (failed) return failed
  }
}

const physical = (pte: Pte, address: number): number => pte.pfn * PAGE_SIZE + (address % PAGE_SIZE)

/** Calls `visit` for each piece of a range that lies in one page. */
function* pieces(start: number, length: number): Generator<[at: number, offset: number, size: number], void> {
  for (let done = 0; done < length; ) {
    const size = Math.min(length - done, PAGE_SIZE - ((start + done) % PAGE_SIZE))
    yield [start + done, done, size]
    done += size
  }
}

/** What became of a transfer: how many bytes, and FAULT bits when it ended early. */
export interface Transferred {
  done: number
  failed: number
}

/** Reads from an address space. */
export function* readMemory(mm: mm_struct, address: number, to: Uint8Array): Sim<Transferred> {
  for (const [at, offset, size] of pieces(address, to.length)) {
    const pte = yield* accessPage(mm, at, false)
    if (typeof pte === 'number') return { done: offset, failed: pte }
    readPhysical(physical(pte, at), to.subarray(offset, offset + size))
  }
  return { done: to.length, failed: 0 }
}

/** Writes to an address space. */
export function* writeMemory(mm: mm_struct, address: number, from: Uint8Array): Sim<Transferred> {
  for (const [at, offset, size] of pieces(address, from.length)) {
    const pte = yield* accessPage(mm, at, true)
    if (typeof pte === 'number') return { done: offset, failed: pte }
    writePhysical(physical(pte, at), from.subarray(offset, offset + size))
  }
  return { done: from.length, failed: 0 }
}

/** The same where no fault can be taken: ends at the first page that would need one. */
export function transferNoFault(
  mm: mm_struct, address: number, bytes: Uint8Array, write: boolean,
): number {
  for (const [at, offset, size] of pieces(address, bytes.length)) {
    const pte = lookUp(mm, at, write)
    if (pte === null) return offset
    const part = bytes.subarray(offset, offset + size)
    if (write) writePhysical(physical(pte, at), part)
    else readPhysical(physical(pte, at), part)
  }
  return bytes.length
}
