import { MADV } from '../kernel/mm/madvise'
import { MAP, PROT } from '../kernel/mm/mmap'
import { MREMAP } from '../kernel/mm/mremap'

/** What programs ask for when they map memory: `linux/mman`. */

export const PROT_NONE = PROT.NONE
export const PROT_READ = PROT.READ
export const PROT_WRITE = PROT.WRITE
export const PROT_EXEC = PROT.EXEC
export const MAP_SHARED = MAP.SHARED
export const MAP_PRIVATE = MAP.PRIVATE
export const MAP_SHARED_VALIDATE = MAP.SHARED_VALIDATE
export const MAP_FIXED = MAP.FIXED
export const MAP_ANONYMOUS = MAP.ANONYMOUS
export const MAP_ANON = MAP.ANONYMOUS
export const MAP_LOCKED = MAP.LOCKED
export const MAP_NORESERVE = MAP.NORESERVE
export const MAP_POPULATE = MAP.POPULATE
export const MAP_FIXED_NOREPLACE = MAP.FIXED_NOREPLACE
export const MREMAP_MAYMOVE = MREMAP.MAYMOVE
export const MREMAP_FIXED = MREMAP.FIXED
export const MREMAP_DONTUNMAP = MREMAP.DONTUNMAP
export const MADV_NORMAL = MADV.NORMAL
export const MADV_RANDOM = MADV.RANDOM
export const MADV_SEQUENTIAL = MADV.SEQUENTIAL
export const MADV_WILLNEED = MADV.WILLNEED
/** What is there goes; the next touch finds zeros (or the file). */
export const MADV_DONTNEED = MADV.DONTNEED
export const MADV_FREE = MADV.FREE
export const MADV_REMOVE = MADV.REMOVE
/** A child does not get it. */
export const MADV_DONTFORK = MADV.DONTFORK
export const MADV_DOFORK = MADV.DOFORK
export const MADV_HUGEPAGE = MADV.HUGEPAGE
export const MADV_NOHUGEPAGE = MADV.NOHUGEPAGE
export const MADV_DONTDUMP = MADV.DONTDUMP
export const MADV_DODUMP = MADV.DODUMP
/** A child gets it empty. */
export const MADV_WIPEONFORK = MADV.WIPEONFORK
export const MADV_KEEPONFORK = MADV.KEEPONFORK
export const MADV_COLD = MADV.COLD
export const MADV_PAGEOUT = MADV.PAGEOUT
export const MADV_POPULATE_READ = MADV.POPULATE_READ
export const MADV_POPULATE_WRITE = MADV.POPULATE_WRITE
