import { machine, now } from '../../../engine/current'
import { service } from '../../../engine/service'
import { report, takeStack, traceLines } from '../../report'
import { sizesOf } from '../page-sizes'
import { lookUp, mapPages, toPhys, unmapPages } from './lpae'
import { newPage, releaseTree } from './pages'
import {
  APPLE_DART, ARM_64_LPAE_S1, ARM_64_LPAE_S2, io_pgtable_ops, type io_pgtable_cfg, type LeafEntry,
  type PageTables,
} from './structs'

/** All tables there are and were, by where they begin. */
const tables = service(() => new Map<number, PageTables>())

/** Page sizes that go with the smallest page of the CPU or, failing that, the next one. */
const FAMILIES: readonly (readonly number[])[] = [
  [0x1000, 0x20_0000, 0x4000_0000],
  [0x4000, 0x200_0000],
  [0x1_0000, 0x2000_0000],
]

/** What the format can do of the sizes that are asked for; 0: nothing (IOMMU-31). */
function restrict(bitmap: number): number {
  const asked = sizesOf(bitmap)
  const family = FAMILIES.find((sizes) => asked.includes(sizes[0]!))
  return (family ?? []).filter((size) => asked.includes(size)).reduce((sum, size) => sum + size, 0)
}

/** `alloc_io_pgtable_ops`: null on an unknown format or bad wishes. */
export function allocTables(
  fmt: number, cfg: io_pgtable_cfg, cookie: unknown,
): io_pgtable_ops | null {
  if (fmt < 0 || fmt >= APPLE_DART || (fmt !== ARM_64_LPAE_S1 && fmt !== ARM_64_LPAE_S2)) return null
  if ((cfg.alloc === null) !== (cfg.free === null)) return null
  const bitmap = restrict(cfg.pgsize_bitmap)
  if (!bitmap || cfg.ias > 52 || cfg.oas > 52) return null
  cfg.pgsize_bitmap = bitmap
  const root = newPage(cfg, cookie)
  if (!root) return null
  const ops = new io_pgtable_ops()
  const table: PageTables = {
    cfg,
    cookie,
    ops,
    sizes: sizesOf(bitmap),
    root,
    allocated: takeStack(machine(), now.exec, 'alloc_io_pgtable_ops'),
    freed: null,
  }
  ops.$table = table
  ops.map_pages = (_ops, iova, paddr, pgsize, pgcount, prot, _gfp, mapped) =>
    mapPages(table, iova, paddr, pgsize, pgcount, prot, mapped)
  ops.unmap_pages = (_ops, iova, pgsize, pgcount, gather) =>
    unmapPages(table, iova, pgsize, pgcount, gather)
  ops.iova_to_phys = (_ops, iova) => toPhys(table, iova)
  if (fmt === ARM_64_LPAE_S1) cfg.arm_lpae_s1_cfg.ttbr = root.phys
  else cfg.arm_lpae_s2_cfg.vttbr = root.phys
  tables(machine()).set(root.phys, table)
  return ops
}

/** `free_io_pgtable_ops`: live mappings included; the hardware must have let go (IOMMU-34). */
export function freeTables(ops: io_pgtable_ops | null): void {
  const table = ops?.$table
  if (!table) return
  const m = machine()
  m.runtime.atomic(table.cfg.tlb?.tlb_flush_all?.(table.cookie))
  table.freed = takeStack(m, now.exec, 'free_io_pgtable_ops')
  releaseTree(table.cfg, table.cookie, table.root)
  ops.$table = null
}

/**
 * A walk by hardware, from where it was told that the table begins. A table that was freed is read
 * as whatever is there now: nothing that leads anywhere.
 */
export function walkTables(ttbr: number, iova: number): LeafEntry | null {
  const table = tables(machine()).get(ttbr)
  if (!table) return null
  if (!table.freed) return lookUp(table, iova)
  const m = machine()
  report(m, {
    kind: 'iommu.freed-table',
    title: 'klab: IOMMU: hardware walks a page table that was freed',
    details: [
      `Walk of 0x${iova.toString(16)} from the table at 0x${ttbr.toString(16)}`,
      '',
      'Allocated by:',
      ...traceLines(m, table.allocated),
      '',
      'Freed by:',
      ...traceLines(m, table.freed),
    ],
    stacks: [{ role: 'allocated', stack: table.allocated }, { role: 'freed', stack: table.freed }],
    rules: ['IOMMU-34'],
    at: table.freed,
    help: 'dma-lifetime',
  })
  return null
}
