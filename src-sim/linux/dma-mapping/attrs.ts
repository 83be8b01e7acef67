import { ATTR } from '../../kernel/dma/attrs'

/** What a mapping or an allocation may be asked for. Part of `linux/dma-mapping`. */

/** Reads and writes may pass each other. */
export const DMA_ATTR_WEAK_ORDERING = ATTR.WEAK_ORDERING
export const DMA_ATTR_WRITE_COMBINE = ATTR.WRITE_COMBINE
/** The CPU needs no pointer: what the allocation answers is only good for freeing it. */
export const DMA_ATTR_NO_KERNEL_MAPPING = ATTR.NO_KERNEL_MAPPING
/** The buffer is in the device's hands already: no copying and no cache work (DMA-28). */
export const DMA_ATTR_SKIP_CPU_SYNC = ATTR.SKIP_CPU_SYNC
export const DMA_ATTR_FORCE_CONTIGUOUS = ATTR.FORCE_CONTIGUOUS
export const DMA_ATTR_ALLOC_SINGLE_PAGES = ATTR.ALLOC_SINGLE_PAGES
export const DMA_ATTR_NO_WARN = ATTR.NO_WARN
export const DMA_ATTR_PRIVILEGED = ATTR.PRIVILEGED
/** The address is one of registers, not of RAM. Unmap with the same. */
export const DMA_ATTR_MMIO = ATTR.MMIO
export const DMA_ATTR_DEBUGGING_IGNORE_CACHELINES = ATTR.IGNORE_CACHELINES
/** Fail rather than copy or clean caches (DMA-30). Unmap with the same. */
export const DMA_ATTR_REQUIRE_COHERENT = ATTR.REQUIRE_COHERENT
export const DMA_ATTR_CC_SHARED = ATTR.CC_SHARED
