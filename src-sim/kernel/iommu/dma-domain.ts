import { machine } from '../../engine/current'
import type { device } from '../base/device'
import { EFAULT } from '../errno'
import { kernelLog } from '../printk/log'
import { iommuCore } from './core'
import {
  __IOMMU_DOMAIN_DMA_API,
  IOMMU_DOMAIN_DMA,
  IOMMU_DOMAIN_DMA_FQ,
  type iommu_domain,
} from './domain'
import { FlushQueue } from './flush-queue'
import { IovaDomain } from './iova'
import { IOMMU_CAP_DEFERRED_FLUSH, IOMMU_RESV_SW_MSI, iommu_resv_region, opsOf } from './ops'
import { lowestBit } from './page-sizes'
import { pciOf } from './pci-group'
import { PCI_WINDOWS } from './pci-windows'

/** What the DMA API keeps with its domain. */
export class DomainDma {
  iova: IovaDomain | null = null
  queue: FlushQueue | null = null

  destroy(): void {
    this.queue?.destroy()
    this.iova?.stop()
  }
}

export const dmaOf = (domain: iommu_domain): DomainDma | null =>
  domain.$cookie === 'dma' ? (domain.$dma as DomainDma) : null

/** `iommu_get_dma_cookie`: addresses of this domain are the DMA API's from now on. */
export function initDomain(domain: iommu_domain): void {
  if (!(domain.type & __IOMMU_DOMAIN_DMA_API) || domain.$cookie !== 'none') return
  domain.$cookie = 'dma'
  domain.$dma = new DomainDma()
}

/**
 * `iommu_setup_dma_ops`: the DMA API of a device goes through its domain, if that is of the right
 * kind (DMA-10).
 */
export function setUpDma(dev: device, domain: iommu_domain): void {
  if (pciOf(dev)) dev.iommu!.pci_32bit_workaround = !iommuCore(machine()).setup.forcedac
  dev.dma_iommu = (domain.type & __IOMMU_DOMAIN_DMA_API) !== 0
  if (!dev.dma_iommu || initIova(domain, dev) === 0) return
  kernelLog(machine()).print(
    4, `iommu: Failed to set up IOMMU for device ${dev.$label}; retaining platform DMA ops\n`,
  )
  dev.dma_iommu = false
}

/** The first device of the domain says what is reserved; the others must fit. */
function initIova(domain: iommu_domain, dev: device): number {
  const dma = dmaOf(domain)
  if (!dma) return -EFAULT
  const granule = lowestBit(domain.pgsize_bitmap)
  const { force_aperture: forced, aperture_start: first } = domain.geometry
  const startPfn = Math.max(1, forced ? Math.ceil(first / granule) : 0)
  if (dma.iova) {
    if (dma.iova.granule === granule && dma.iova.startPfn === startPfn) return 0
    kernelLog(machine()).print(4, 'iommu: Incompatible range for DMA domain\n')
    return -EFAULT
  }
  dma.iova = new IovaDomain(granule, startPfn)
  if (domain.type === IOMMU_DOMAIN_DMA_FQ) {
    const capable = opsOf(dev)?.capable
    if (capable && machine().runtime.atomic(capable(dev, IOMMU_CAP_DEFERRED_FLUSH)))
      dma.queue = new FlushQueue(domain, dma.iova)
    else domain.type = IOMMU_DOMAIN_DMA
  }
  reserve(dma.iova, dev)
  return 0
}

/** Windows of the host bridge never reach the IOMMU; firmware has wishes too (IOMMU-10, 18). */
function reserve(iova: IovaDomain, dev: device): void {
  const { granule } = iova
  const take = (first: number, last: number): void =>
    iova.reserve(Math.floor(first / granule), Math.floor(last / granule))
  if (pciOf(dev)) for (const { first, last } of PCI_WINDOWS) take(first, last)
  const regions: iommu_resv_region[] = []
  const get = opsOf(dev)?.get_resv_regions
  if (get) machine().runtime.atomic(get(dev, regions))
  for (const r of regions)
    if (r.type !== IOMMU_RESV_SW_MSI) take(r.start, r.start + r.length - 1)
}

/** From strict to lazy while in use (IOMMU-11). False when there is no memory for the queue. */
export function goLazy(domain: iommu_domain): boolean {
  const dma = dmaOf(domain)
  if (!dma?.iova) return false
  dma.queue ??= new FlushQueue(domain, dma.iova)
  domain.type = IOMMU_DOMAIN_DMA_FQ
  return true
}
