import { PAGE_SIZE } from '../base/units'
import { machine } from '../engine/current'
import { kernelCall, quiet } from '../kernel/api'
import { hmmHooks } from '../kernel/hmm/hooks'
import * as pfn from '../kernel/hmm/pfn'
import { rangeFault, type hmm_range } from '../kernel/hmm/range'
import type { page } from '../kernel/mm/page'

/**
 * The page tables of a program, for hardware that keeps a copy of them: `linux/hmm`. The caller
 * subscribes to the range first (`linux/mmu_notifier`), and asks for nothing it could keep.
 */

/** Brought along, as by the C header. */
export * from './mm'

export { hmm_range } from '../kernel/hmm/range'

/** The frame is there and may be read. */
export const HMM_PFN_VALID = pfn.HMM_PFN.VALID
/** It may be written. */
export const HMM_PFN_WRITE = pfn.HMM_PFN.WRITE
/** There is none, and a fault would not help. */
export const HMM_PFN_ERROR = pfn.HMM_PFN.ERROR
export const HMM_PFN_DMA_MAPPED = pfn.HMM_PFN.DMA_MAPPED
export const HMM_PFN_P2PDMA = pfn.HMM_PFN.P2PDMA
export const HMM_PFN_P2PDMA_BUS = pfn.HMM_PFN.P2PDMA_BUS
/** All flags together. The number of the frame is above them. */
export const HMM_PFN_FLAGS = pfn.HMM_PFN_FLAGS
/** Request: bring the page in. */
export const HMM_PFN_REQ_FAULT = HMM_PFN_VALID
/** Request, with the other: make it writable. */
export const HMM_PFN_REQ_WRITE = HMM_PFN_WRITE

/** How long callers try again by default, in milliseconds. */
export const HMM_RANGE_DEFAULT_TIMEOUT = 1000

/**
 * Looks up the pages of `range`, faulting in what is asked for, with the lock of the mappings held.
 * 0; -EBUSY when the range has changed (begin again with `mmu_interval_read_begin`), -EFAULT where
 * there is or can be nothing, -EPERM for a write where reading only is allowed, -EINVAL for an
 * empty range. Takes no reference: the answers hold until `invalidate`. May sleep. HMM-01, HMM-02.
 */
export const hmm_range_fault = kernelCall('hmm_range_fault', (range: hmm_range) =>
  rangeFault(range),
)

/** The page of an entry that is valid; under the lock of the reader, after the retry check. */
export const hmm_pfn_to_page = quiet(function hmm_pfn_to_page(hmm_pfn: number): page {
  hmmHooks(machine()).used.emit(hmm_pfn, 'hmm_pfn_to_page')
  return pfn.pageOfEntry(hmm_pfn)
})
/** Its physical address. */
export const hmm_pfn_to_phys = quiet(function hmm_pfn_to_phys(hmm_pfn: number): number {
  hmmHooks(machine()).used.emit(hmm_pfn, 'hmm_pfn_to_phys')
  return pfn.pfnOf(hmm_pfn) * PAGE_SIZE
})
/** log2 of how many pages the CPU maps by one entry here. */
export const hmm_pfn_to_map_order = quiet(pfn.orderOf)
