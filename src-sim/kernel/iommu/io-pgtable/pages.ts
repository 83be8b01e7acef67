import { PAGE_SIZE } from '../../../base/units'
import { machine } from '../../../engine/current'
import { deviceLog } from '../../base/core'
import { backendOf } from '../../dma/backend'
import { DMA_TO_DEVICE } from '../../dma/direction'
import { DMA_MAPPING_ERROR } from '../../dma/dma-device'
import { faultInjection } from '../../mm/fault-injection'
import { physicalMemory } from '../../mm/physical'
import { warn } from '../../printk/warn'
import { isTable, type io_pgtable_cfg, type TablePage } from './structs'

/** The pages that tables are made of: real memory, which somebody else has after them. */

const GFP_ATOMIC = 0x20

/** Null without memory, or when the walker would see it at another address (IOMMU-35). */
export function newPage(cfg: io_pgtable_cfg, cookie: unknown): TablePage | null {
  const m = machine()
  if (faultInjection(m).shouldFail('io_pgtable')) return null
  const { alloc } = cfg
  const memory = physicalMemory(m)
  const phys = alloc ? null : memory.allocPages(1)
  const cpu = alloc
    ? m.runtime.atomic<Uint8Array | null>(alloc(cookie, PAGE_SIZE, GFP_ATOMIC))
    : phys === null
      ? null
      : memory.view(phys, PAGE_SIZE)
  if (!cpu) return null
  const page = { phys: memory.addressOf(cpu) ?? 0, cpu, entries: new Map() }
  if (walkerSees(cfg, page.phys)) return page
  giveBack(cfg, cookie, page)
  return null
}

function walkerSees(cfg: io_pgtable_cfg, phys: number): boolean {
  const { iommu_dev: dev } = cfg
  if (cfg.coherent_walk || !dev) return true
  const dma = backendOf(dev).mapPhys(dev, phys, PAGE_SIZE, DMA_TO_DEVICE, 0)
  if (dma === phys) return true
  if (dma !== DMA_MAPPING_ERROR) {
    warn(machine(), 'io-pgtable-dma', 'drivers/iommu/io-pgtable-arm.c at __arm_lpae_alloc_pages', null, {
      rules: ['IOMMU-35'],
    })
    deviceLog(dev, 3, 'Cannot accommodate DMA translation for IOMMU page tables')
    backendOf(dev).unmapPhys(dev, dma, PAGE_SIZE, DMA_TO_DEVICE, 0)
  }
  return false
}

function giveBack(cfg: io_pgtable_cfg, cookie: unknown, page: TablePage): void {
  const m = machine()
  if (cfg.free) m.runtime.atomic(cfg.free(cookie, page.cpu, PAGE_SIZE))
  else physicalMemory(m).freePages(page.phys as never, 1)
}

export function freePage(cfg: io_pgtable_cfg, cookie: unknown, page: TablePage): void {
  const { iommu_dev: dev } = cfg
  if (!cfg.coherent_walk && dev) backendOf(dev).unmapPhys(dev, page.phys, PAGE_SIZE, DMA_TO_DEVICE, 0)
  giveBack(cfg, cookie, page)
}

/** A page of entries and all below it. */
export function releaseTree(cfg: io_pgtable_cfg, cookie: unknown, page: TablePage): void {
  for (const entry of page.entries.values()) if (isTable(entry)) releaseTree(cfg, cookie, entry)
  freePage(cfg, cookie, page)
}
