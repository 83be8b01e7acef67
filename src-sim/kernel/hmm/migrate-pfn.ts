import { pfnToPage, type page } from '../mm/page'

/** What is known of one page that is to move: a frame number above, flags below. */
export const MIGRATE_PFN = { VALID: 1, MIGRATE: 2, WRITE: 8, COMPOUND: 16 } as const

const SHIFT = 64

export const migratePfn = (pfn: number): number => pfn * SHIFT + MIGRATE_PFN.VALID

export const pageOfMigratePfn = (mpfn: number): page | null =>
  mpfn & MIGRATE_PFN.VALID ? pfnToPage(Math.floor(mpfn / SHIFT)) : null

/** Bits of `&` and `|` reach only 32 places; these numbers may be longer. */
export const hasFlag = (mpfn: number, flag: number): boolean => (mpfn & flag) !== 0
export const withoutFlag = (mpfn: number, flag: number): number =>
  hasFlag(mpfn, flag) ? mpfn - flag : mpfn

/** Which pages are meant. */
export const SELECT = { SYSTEM: 1, DEVICE_PRIVATE: 2, DEVICE_COHERENT: 4, COMPOUND: 8 } as const
