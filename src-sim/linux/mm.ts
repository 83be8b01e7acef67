/** Brought along, as by the C header. */
export * from './gfp'
export * from './mm_types'
export * from './mmap_lock'

/** Address spaces, mappings and pages: `linux/mm`. */

export * from './mm/areas'
export * from './mm/fault'
export * from './mm/gup'
export * from './mm/pages'
export * from './mm/small'
export { is_vmalloc_addr, vmalloc_to_page, vmalloc_to_pfn } from './vmalloc'
