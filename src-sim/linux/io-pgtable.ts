import * as tables from '../kernel/iommu/io-pgtable/alloc'
import type { io_pgtable_cfg, io_pgtable_ops } from '../kernel/iommu/io-pgtable/structs'

/**
 * Page tables for hardware that walks them itself: `linux/io-pgtable`. There is no lock inside:
 * calls for different ranges may run side by side, calls for one range may not (IOMMU-32).
 */
export {
  APPLE_DART, APPLE_DART2, ARM_32_LPAE_S1, ARM_32_LPAE_S2, ARM_64_LPAE_S1, ARM_64_LPAE_S2,
  ARM_MALI_LPAE, ARM_V7S, IO_PGTABLE_QUIRK_ARM_NS, IO_PGTABLE_QUIRK_ARM_OUTER_WBWA,
  IO_PGTABLE_QUIRK_ARM_TTBR1, IO_PGTABLE_QUIRK_NO_PERMS, IO_PGTABLE_QUIRK_NO_WARN, io_pgtable_cfg,
  io_pgtable_ops, type iommu_flush_ops,
} from '../kernel/iommu/io-pgtable/structs'

/**
 * An empty table of a format; `cfg` is changed to what it is like. Null when that cannot be had.
 * `cfg.iommu_dev` is not counted: it must outlive the table (IOMMU-31). Pair:
 * `free_io_pgtable_ops`.
 */
export function alloc_io_pgtable_ops(
  fmt: number, cfg: io_pgtable_cfg, cookie: unknown,
): io_pgtable_ops | null {
  return tables.allocTables(fmt, cfg, cookie)
}
/** Flushes everything and frees all pages; no hardware may walk it any more (IOMMU-34). */
export function free_io_pgtable_ops(ops: io_pgtable_ops | null): void {
  tables.freeTables(ops)
}
