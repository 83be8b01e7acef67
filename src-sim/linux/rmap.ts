import { IS_ERR } from './err'
import { kernelCall } from '../kernel/api'
import { makeDeviceExclusive } from '../kernel/hmm/exclusive'
import type { mm_struct } from '../kernel/mm/mm-struct'
import type { folio, page } from '../kernel/mm/page'
import type { ptr } from './types'

/** Where pages are mapped: `linux/rmap`. */

/** Brought along, as by the C header. */
export * from './mm'

/**
 * Faults a page in for writing and keeps all CPUs from it, until one of them touches it: others are
 * told EXCLUSIVE with `owner`. The lock of the mappings is held. Answers the page, locked and with a
 * reference, and its folio; an error pointer: -EOPNOTSUPP for what is not anonymous, -EFAULT for
 * what may not be written. May sleep. HMM-07.
 */
export const make_device_exclusive = kernelCall(
  'make_device_exclusive',
  function* (mm: mm_struct, addr: number, owner: unknown, foliop: ptr<folio> | null) {
    const found: page = yield* makeDeviceExclusive(mm, addr, owner)
    if (foliop && !IS_ERR(found)) foliop.value = found
    return found
  },
)
