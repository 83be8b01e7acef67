import { pfnToPage, type page } from '../mm/page'

/**
 * What is known of one page of a range: a frame number and flags. The flags are the low bits here,
 * where `&` finds them; the frame number is above, and may need more than 32 bits altogether.
 */
export const HMM_PFN = {
  /** The frame is there and may be read. As a request: it is to be made so. */
  VALID: 1 << 10,
  /** It may be written. As a request: it is to be made so. */
  WRITE: 1 << 9,
  /** There is none, and no fault would bring one. */
  ERROR: 1 << 8,
  /** Kept from call to call, for the mapping helpers. */
  DMA_MAPPED: 1 << 7,
  P2PDMA: 1 << 6,
  P2PDMA_BUS: 1 << 5,
} as const

const ORDER_MASK = 0x1f
const FLAG_VALUES = 1 << 11
export const HMM_PFN_FLAGS = FLAG_VALUES - 1
export const INOUT = HMM_PFN.DMA_MAPPED | HMM_PFN.P2PDMA | HMM_PFN.P2PDMA_BUS

export const makeEntry = (pfn: number, flags: number): number => pfn * FLAG_VALUES + flags

export const pfnOf = (entry: number): number => Math.floor(entry / FLAG_VALUES)

/** The same frame with other flags. */
export const withFlags = (entry: number, flags: number): number =>
  makeEntry(pfnOf(entry), flags & HMM_PFN_FLAGS)

export const pageOfEntry = (entry: number): page => pfnToPage(pfnOf(entry))

/** log2 of how many pages the CPU maps by one entry around this one. */
export const orderOf = (entry: number): number => entry & ORDER_MASK
