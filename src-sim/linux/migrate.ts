import { kernelCall, quiet } from '../kernel/api'
import * as m from '../kernel/hmm/migrate'
import * as pfn from '../kernel/hmm/migrate-pfn'
import type { page } from '../kernel/mm/page'

/**
 * Moving the pages of a program into the memory of a device and back: `linux/migrate`. Setup takes
 * them away from the program, the driver copies, pages and finalize show the copies instead.
 */

/** Brought along, as by the C header. */
export * from './mm'

export { migrate_vma } from '../kernel/hmm/migrate'

export const MIGRATE_PFN_VALID = pfn.MIGRATE_PFN.VALID
/** It can be moved; after `migrate_vma_pages`: it has been. */
export const MIGRATE_PFN_MIGRATE = pfn.MIGRATE_PFN.MIGRATE
export const MIGRATE_PFN_WRITE = pfn.MIGRATE_PFN.WRITE
export const MIGRATE_PFN_COMPOUND = pfn.MIGRATE_PFN.COMPOUND
export const MIGRATE_PFN_SHIFT = 6

export const MIGRATE_VMA_SELECT_SYSTEM = pfn.SELECT.SYSTEM
export const MIGRATE_VMA_SELECT_DEVICE_PRIVATE = pfn.SELECT.DEVICE_PRIVATE
export const MIGRATE_VMA_SELECT_DEVICE_COHERENT = pfn.SELECT.DEVICE_COHERENT
export const MIGRATE_VMA_SELECT_COMPOUND = pfn.SELECT.COMPOUND

/** The entry that stands for a frame. */
export const migrate_pfn = quiet(pfn.migratePfn)
/** The page of an entry; null for one without. */
export const migrate_pfn_to_page = quiet((mpfn: number): page | null => pfn.pageOfMigratePfn(mpfn))

/**
 * Takes the pages of [start, end) of a mapping away from everybody, locked, and lists them in
 * `src`. The lock of the mappings is held. 0, or -EINVAL for a mapping or range that will not do.
 * May sleep. HMM-06.
 */
export const migrate_vma_setup = kernelCall('migrate_vma_setup', (args: m.migrate_vma) =>
  m.migrateSetup(args),
)
/** Puts the locked pages of `dst` in the place of those of `src`; what failed loses its flag. */
export const migrate_vma_pages = kernelCall('migrate_vma_pages', (args: m.migrate_vma) =>
  m.migratePages(args.src, args.dst, args.npages, args),
)
/** Shows the pages to the program again, new ones or old ones, and unlocks them. */
export const migrate_vma_finalize = kernelCall('migrate_vma_finalize', (args: m.migrate_vma): void =>
  m.migrateFinalize(args.src, args.dst, args.npages, args.fault_page),
)
/** Takes `npages` frames of a device's memory from `start` on away from their users. */
export const migrate_device_range = kernelCall(
  'migrate_device_range',
  (src_pfns: m.MigrateList, start: number, npages: number) =>
    m.migrateDeviceRange(src_pfns, start, npages),
)
/** The same for frames by number. */
export const migrate_device_pfns = kernelCall(
  'migrate_device_pfns',
  (src_pfns: m.MigrateList, npages: number) => m.migrateDevicePfns(src_pfns, npages),
)
export const migrate_device_pages = kernelCall(
  'migrate_device_pages',
  (src_pfns: m.MigrateList, dst_pfns: m.MigrateList, npages: number) =>
    m.migratePages(src_pfns, dst_pfns, npages, null),
)
export const migrate_device_finalize = kernelCall(
  'migrate_device_finalize',
  (src_pfns: m.MigrateList, dst_pfns: m.MigrateList, npages: number): void =>
    m.migrateFinalize(src_pfns, dst_pfns, npages),
)
