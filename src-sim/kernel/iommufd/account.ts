import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { ENOMEM } from '../errno'
import { change } from '../locking/atomic'
import { memlockLimit } from '../mm/mlock'
import type { mm_struct } from '../mm/mm-struct'
import type { AccountMode } from './objects'

/** Who pays for pinned pages: nobody, the user, or the process that has mapped them. */
export type Account = AccountMode | 'none'

/** Pages that all programs together have pinned: they run as one user. */
const byUser = service(() => ({ pages: 0 }))

/** Whose account the pages of a mapping count on, when a program makes it now. */
export const accountFor = (mode: AccountMode): Account =>
  memlockLimit(machine()).capable ? 'none' : mode

/** Counts `pages` more or fewer. 0, or -ENOMEM when that is too many. */
export function account(mm: mm_struct, by: Account, pages: number): number {
  const m = machine()
  const limit = memlockLimit(m).pages
  if (by === 'user') {
    if (pages > 0 && byUser(m).pages + pages > limit) return -ENOMEM
    byUser(m).pages += pages
  } else if (by === 'mm') {
    if (pages > 0 && mm.locked_vm + pages > limit) return -ENOMEM
    mm.locked_vm += pages
  }
  change(mm.pinned_vm, (n) => n + pages)
  return 0
}
