import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { warn } from '../printk/warn'

/** Flags of `get_user_pages` and its kin. */
export const FOLL = {
  WRITE: 1 << 0,
  GET: 1 << 1,
  DUMP: 1 << 2,
  FORCE: 1 << 3,
  NOWAIT: 1 << 4,
  NOFAULT: 1 << 5,
  HWPOISON: 1 << 6,
  LONGTERM: 1 << 8,
  SPLIT_PMD: 1 << 9,
  PCI_P2PDMA: 1 << 10,
  INTERRUPTIBLE: 1 << 11,
  HONOR_NUMA_FAULT: 1 << 12,
  TOUCH: 1 << 16,
  TRIED: 1 << 17,
  REMOTE: 1 << 18,
  PIN: 1 << 19,
  FAST_ONLY: 1 << 20,
  UNLOCKABLE: 1 << 21,
} as const

/** Those that callers may not set. */
const INTERNAL =
  FOLL.TOUCH | FOLL.TRIED | FOLL.REMOTE | FOLL.PIN | FOLL.FAST_ONLY | FOLL.UNLOCKABLE

/** Where the pages go: an array to be filled, or nothing. */
export type PageArray = (unknown | null)[] | null

const warned = service(() => new Set<string>())

function wrong(what: string): null {
  const m = machine()
  if (!warned(m).has(what)) {
    warned(m).add(what)
    warn(m, 'gup-args', 'mm/gup.c at is_valid_gup_args', null, { rules: ['MM-12', 'MM-17'] })
  }
  return null
}

/** The flags to work with, or null (and a warning, once) when they make no sense together. */
export function checkFlags(pages: PageArray, asked: number, add: number): number | null {
  if (asked & INTERNAL) return wrong('internal')
  const flags = asked | add
  if ((flags & (FOLL.PIN | FOLL.GET)) === (FOLL.PIN | FOLL.GET)) return wrong('get and pin')
  if (flags & FOLL.LONGTERM && !(flags & FOLL.PIN)) return wrong('longterm without pin')
  if (flags & (FOLL.PIN | FOLL.GET) && pages === null) return wrong('no array')
  if (flags & FOLL.LONGTERM && flags & FOLL.PCI_P2PDMA) return wrong('longterm of device memory')
  return flags
}
