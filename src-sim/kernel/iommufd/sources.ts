import { PAGE_SIZE } from '../../base/units'
import type { Sim } from '../../engine/suspend'
import { EFAULT } from '../errno'
import { getPagesLongterm } from '../mm/gup'
import { FOLL } from '../mm/gup-flags'
import { mmapLock, mmapUnlock, mmGetNotZero, mmPut, type mm_struct } from '../mm/mm-struct'
import { PG, setFlag, type page } from '../mm/page'
import { unpinPage } from '../mm/page-alloc'
import type { PageSource } from './pages'

/** Gives pins back; what a device may have written must be written to its file some day. */
export function* unpinAll(pages: readonly page[], dirty: boolean): Sim {
  for (const p of pages) {
    if (dirty) setFlag(p, PG.dirty)
    unpinPage(p)
  }
}

/** Memory of a program, at the addresses that it had when it was mapped (IOMMUFD-07, IOMMUFD-08). */
export function userSource(mm: mm_struct, address: number): PageSource {
  const base = address - (address % PAGE_SIZE)
  return {
    kind: 'user',
    *pin(first, count, write) {
      if (!mmGetNotZero(mm)) return -EFAULT
      const got = yield* pinFrom(mm, base + first * PAGE_SIZE, count, write)
      yield* mmPut(mm)
      return got
    },
    unpin: unpinAll,
  }
}

function* pinFrom(mm: mm_struct, start: number, count: number, write: boolean): Sim<page[] | number> {
  const found: page[] = []
  const flags = FOLL.PIN | FOLL.LONGTERM | FOLL.REMOTE | FOLL.TOUCH | (write ? FOLL.WRITE : 0)
  yield* mmapLock(mm, false)
  const got = yield* getPagesLongterm(mm, start, count, flags, found)
  mmapUnlock(mm, false)
  if (got === count) return found
  yield* unpinAll(found, false)
  return got < 0 ? got : -EFAULT
}
