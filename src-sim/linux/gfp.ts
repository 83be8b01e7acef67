import { quiet } from '../kernel/api'
import type { gfp_t } from './types'

/** Brought along, as by the C header. */
export * from './types'

/** Allocation flags: `linux/gfp`. */

export {
  __GFP_NOWARN, __GFP_ZERO, GFP_ATOMIC, GFP_DMA, GFP_DMA32, GFP_KERNEL, GFP_NOFS, GFP_NOIO,
  GFP_NOWAIT, GFP_USER,
} from './slab'
export * from './gfp/pages'
export const __GFP_HIGH: gfp_t = 0x20
export const __GFP_IO: gfp_t = 0x40
export const __GFP_FS: gfp_t = 0x80
export const __GFP_DIRECT_RECLAIM: gfp_t = 0x400
export const __GFP_KSWAPD_RECLAIM: gfp_t = 0x800
export const __GFP_RECLAIM: gfp_t = __GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM
export const __GFP_NOFAIL: gfp_t = 0x8000
export const __GFP_NORETRY: gfp_t = 0x10000
export const __GFP_RETRY_MAYFAIL: gfp_t = 0x4000

/** Whether an allocation with these flags may sleep. */
export const gfpflags_allow_blocking = quiet(
  (flags: gfp_t): boolean => (flags & __GFP_DIRECT_RECLAIM) !== 0,
)
