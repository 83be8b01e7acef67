import type { Sim } from '../../../src-sim/engine/suspend'
import * as hmm from '../../../src-sim/linux/hmm'
import { mmap_read_lock, mmap_read_unlock } from '../../../src-sim/linux/mmap_lock'
import * as mn from '../../../src-sim/linux/mmu_notifier'
import { MAP, mapMemory, PROT } from '../../../src-sim/kernel/mm/mmap'
import { newMm, type mm_struct } from '../../../src-sim/kernel/mm/mm-struct'
import { protectMemory } from '../../../src-sim/kernel/mm/mprotect'
import { readMemory, writeMemory } from '../../../src-sim/kernel/mm/user-access'
import { vmaAt } from '../../../src-sim/kernel/mm/vma-list'
import type { vm_area_struct } from '../../../src-sim/kernel/mm/vma'
import { kcall } from '../../sim/harness'
import type { Say } from '../checked'

export const BASE = 0x1000_0000
export const PAGE = 0x1000
export const RW = PROT.READ | PROT.WRITE

/** An address space with some pages of private memory at BASE. */
export function* space(pages = 8, prot: number = RW, flags: number = MAP.PRIVATE): Sim<mm_struct> {
  const mm = newMm()
  yield* map(mm, BASE, pages, prot, flags)
  return mm
}

export function* map(
  mm: mm_struct, addr: number, pages: number, prot: number = RW, flags: number = MAP.PRIVATE,
): Sim {
  const request = {
    addr, length: pages * PAGE, prot, file: null, pgoff: 0, flags: flags | MAP.ANONYMOUS | MAP.FIXED,
  }
  yield* mapMemory(mm, request)
}

/** Test code writes callbacks as generators; kernel code runs them as it runs compiled ones. */
export const callback = <F>(f: (...args: never[]) => unknown): F => f as unknown as F

export const areaAt = (mm: mm_struct, address = BASE): vm_area_struct => vmaAt(mm, address)!

/** The program writes, or reads, one byte. */
export function* poke(mm: mm_struct, page: number, value: number): Sim<boolean> {
  return !(yield* writeMemory(mm, BASE + page * PAGE, Uint8Array.of(value))).failed
}
export function* peek(mm: mm_struct, page: number): Sim<number> {
  const bytes = new Uint8Array(1)
  const { failed } = yield* readMemory(mm, BASE + page * PAGE, bytes)
  return failed ? -1 : bytes[0]!
}
export function* protect(mm: mm_struct, pages: number, prot: number): Sim {
  yield* protectMemory(mm, BASE, pages * PAGE, prot)
}

/** A subscription that tells of what it hears. */
export function* watching(mm: mm_struct, say: Say | null = null, pages = 64): Sim<mn.mmu_interval_notifier> {
  const notifier = new mn.mmu_interval_notifier()
  const ops: mn.mmu_interval_notifier_ops = {
    invalidate: (n, range, seq) => {
      say?.('invalidate', range.event, range.owner === null ? 'nobody' : 'somebody')
      mn.mmu_interval_set_seq(n, seq)
      return true
    },
  }
  yield* kcall(mn.mmu_interval_notifier_insert, notifier, mm, BASE, pages * PAGE, ops)
  return notifier
}

/** What to ask about some pages. */
export function* request(
  notifier: mn.mmu_interval_notifier, pages: number, flags = 0, first = 0,
): Sim<hmm.hmm_range> {
  const range = new hmm.hmm_range()
  range.notifier = notifier
  range.notifier_seq = yield* kcall(mn.mmu_interval_read_begin, notifier)
  range.start = BASE + first * PAGE
  range.end = range.start + pages * PAGE
  range.default_flags = flags
  range.hmm_pfns = Array.from({ length: pages }, () => 0)
  return range
}

export function* walk(range: hmm.hmm_range): Sim<number> {
  const mm = range.notifier!.mm!
  yield* kcall(mmap_read_lock, mm)
  const ret = yield* kcall(hmm.hmm_range_fault, range)
  mmap_read_unlock(mm)
  return ret
}

/** `RW.-E`: readable and writable, readable, none, error. */
export const shown = (range: hmm.hmm_range): string =>
  (range.hmm_pfns as number[])
    .map((entry) => {
      if (entry & hmm.HMM_PFN_ERROR) return 'E'
      if (!(entry & hmm.HMM_PFN_VALID)) return entry === 0 ? '-' : 'n'
      return entry & hmm.HMM_PFN_WRITE ? 'W' : 'R'
    })
    .join('')
