import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { EAGAIN, EFAULT } from '../errno'
import { FAULT_FLAG } from '../mm/fault-codes'
import { getPagesLongterm } from '../mm/gup'
import { FOLL } from '../mm/gup-flags'
import { mmapLock, mmapUnlock, type mm_struct } from '../mm/mm-struct'
import { PG, pageMap, testFlag, type page } from '../mm/page'
import { fixupUserFault, followEnd, followStart, follow_pfnmap_args } from '../mm/pfnmap'
import { VM } from '../mm/vma'
import { vmaAt } from '../mm/vma-list'

/** What is behind a page of a mapping: with a pin, or without anything that keeps it there. */
export interface Frame {
  pfn: number
  page: page | null
}

/**
 * MM-15: a page is pinned for long; where that cannot be, because the mapping is one of frames,
 * the number of the frame is taken, and nobody tells when another one is there or none.
 */
export function* pinFrame(mm: mm_struct, address: number, write: boolean): Sim<Frame | number> {
  yield* mmapLock(mm, false)
  const found: page[] = []
  const flags = FOLL.PIN | FOLL.LONGTERM | FOLL.REMOTE | FOLL.TOUCH | (write ? FOLL.WRITE : 0)
  const got = yield* getPagesLongterm(mm, address, 1, flags, found)
  const frame =
    got === 1
      ? { pfn: found[0]!.$pfn, page: found[0]! }
      : yield* frameBehind(mm, address, write, got)
  mmapUnlock(mm, false)
  return frame
}

function* frameBehind(
  mm: mm_struct, address: number, write: boolean, error: number,
): Sim<Frame | number> {
  for (;;) {
    const vma = vmaAt(mm, address)
    if (!vma || !(vma.vm_flags & VM.PFNMAP)) return error < 0 ? error : -EFAULT
    const args = new follow_pfnmap_args({ vma, address })
    if (followStart(args)) {
      const ret = yield* faultIn(mm, address, write)
      if (ret === -EAGAIN) continue
      if (ret) return ret
      if (followStart(args)) return -EFAULT
    }
    followEnd(args)
    if (write && !args.writable) return -EFAULT
    return invalidOrReserved(args.pfn) ? { pfn: args.pfn, page: null } : -EFAULT
  }
}

function* faultIn(mm: mm_struct, address: number, write: boolean): Sim<number> {
  const unlocked = { value: false as unknown }
  const flags = FAULT_FLAG.REMOTE | (write ? FAULT_FLAG.WRITE : 0)
  const ret = yield* fixupUserFault(mm, address - (address % PAGE_SIZE), flags, unlocked)
  return ret || (unlocked.value ? -EAGAIN : 0)
}

/** No page that somebody counts. */
function invalidOrReserved(pfn: number): boolean {
  const map = pageMap(machine())
  return !map.isValid(pfn) || testFlag(map.of(pfn), PG.reserved)
}
