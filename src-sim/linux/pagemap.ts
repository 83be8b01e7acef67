/** Brought along, as by the C header. */
export * from './mm'
export * from './highmem'

/** Pages of files: `linux/pagemap`. */

export { address_space } from './mm_types'
