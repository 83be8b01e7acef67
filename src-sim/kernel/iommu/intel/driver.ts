import { machine } from '../../../engine/current'
import type { Machine } from '../../../engine/machine'
import { service } from '../../../engine/service'
import type { device } from '../../base/device'
import { errPtr } from '../../err'
import { ENODEV, EOPNOTSUPP } from '../../errno'
import {
  iommu_domain, IOMMU_DOMAIN_BLOCKED, IOMMU_DOMAIN_IDENTITY, type iommu_domain_ops,
} from '../domain'
import {
  IOMMU_CAP_CACHE_COHERENCY, IOMMU_CAP_DEFERRED_FLUSH, IOMMU_CAP_ENFORCE_CACHE_COHERENCY,
  IOMMU_CAP_PCI_ATS_SUPPORTED, IOMMU_CAP_PRE_BOOT_PROTECTION, IOMMU_RESV_MSI,
  iommu_resv_region, type iommu_ops,
} from '../ops'
import { pciDeviceGroup, pciOf } from '../pci-group'
import { acceptSetup } from '../setup'
import { reportFaults } from './faults'
import { disableFeatures, enableFeatures } from './features'
import { allocSva, leavePasid } from './sva'
import { answerPage, wakeRequestTask } from './page-requests'
import { privateOf, vtd } from './vtd'

/** Second-stage domains. */
const PAGING: iommu_domain_ops = {
  attach_dev(domain: iommu_domain, dev, old) {
    const { id, table } = privateOf(domain)
    vtd(machine()).attach(domain, dev, 0, { kind: 'translate', domain, id, table }, old)
    return 0
  },
  set_dev_pasid(domain: iommu_domain, dev, pasid, old) {
    if (!dev.iommu?.max_pasids) return -EOPNOTSUPP
    const { id, table } = privateOf(domain)
    vtd(machine()).attach(domain, dev, pasid, { kind: 'translate', domain, id, table }, old)
    return 0
  },
  $map: (domain: iommu_domain, iova, paddr, size, prot) =>
    privateOf(domain).table.map(iova, paddr, size, prot),
  $unmap: (domain: iommu_domain, iova, size, gather) =>
    privateOf(domain).table.unmap(iova, size, gather),
  flush_iotlb_all: (domain: iommu_domain) => vtd(machine()).flush(domain, 0, Infinity),
  iotlb_sync_map(domain: iommu_domain, iova, size) {
    if (acceptSetup(machine()).cachingMode) vtd(machine()).flush(domain, iova, iova + size - 1)
    return 0
  },
  iotlb_sync: (domain: iommu_domain, gather) => vtd(machine()).sync(domain, gather),
  iova_to_phys: (domain: iommu_domain, iova) => privateOf(domain).table.toPhys(iova),
  enforce_cache_coherency: () => true,
  /** Whoever is attached still walks it: there is no check (IOMMU-13). */
  free(_domain: iommu_domain) {},
}

const BLOCKED: iommu_domain_ops = {
  attach_dev(_domain, dev, old) {
    vtd(machine()).setEntry(dev, 0, { kind: 'blocked', silent: false }, old)
    return 0
  },
  set_dev_pasid: (_domain, dev, pasid, old) =>
    leavePasid(dev, pasid, old) as unknown as number,
}

const IDENTITY: iommu_domain_ops = {
  attach_dev(_domain, dev, old) {
    vtd(machine()).setEntry(dev, 0, { kind: 'pass' }, old)
    return 0
  },
  set_dev_pasid(_domain, dev, pasid, old) {
    vtd(machine()).setEntry(dev, pasid, { kind: 'pass' }, old)
    return 0
  },
}

const MSI_FIRST = 0xfee0_0000
const MSI_BYTES = 0x10_0000

function capable(dev: device, cap: number): boolean {
  switch (cap) {
    case IOMMU_CAP_CACHE_COHERENCY:
    case IOMMU_CAP_DEFERRED_FLUSH:
      return true
    case IOMMU_CAP_PRE_BOOT_PROTECTION:
      return false
    case IOMMU_CAP_ENFORCE_CACHE_COHERENCY:
      return true
    case IOMMU_CAP_PCI_ATS_SUPPORTED:
      return (pciOf(dev)?.$function?.model as { ats?: boolean } | undefined)?.ats === true
    default:
      return false
  }
}

/** Statics of the driver belong to one machine, as all that can be attached. */
export function makeVtdOps(_m: Machine): iommu_ops {
  const blocked = new iommu_domain({ type: IOMMU_DOMAIN_BLOCKED, ops: BLOCKED, pgsize_bitmap: 0 })
  blocked.$label = 'blocked'
  const identity = new iommu_domain({ type: IOMMU_DOMAIN_IDENTITY, ops: IDENTITY, pgsize_bitmap: 0 })
  identity.$label = 'identity'
  return {
    name: 'intel-iommu',
    capable,
    blocked_domain: blocked,
    release_domain: blocked,
    identity_domain: identity,
    default_domain_ops: PAGING,
    domain_alloc_paging_flags(_dev, flags) {
      return flags ? errPtr<iommu_domain>(-EOPNOTSUPP) : vtd(machine()).newDomain(PAGING)
    },
    domain_alloc_sva: allocSva as unknown as (dev: device, mm: unknown) => iommu_domain,
    probe_device(dev) {
      if (!pciOf(dev)) return errPtr(-ENODEV)
      return vtd(machine()).device
    },
    probe_finalize: enableFeatures,
    release_device: disableFeatures,
    device_group: pciDeviceGroup,
    get_resv_regions(_dev, list) {
      list.push(
        new iommu_resv_region({ start: MSI_FIRST, length: MSI_BYTES, type: IOMMU_RESV_MSI }),
      )
    },
    page_response: answerPage,
  }
}

/** The ops of this machine's unit; the hardware is switched on with them. */
export const vtdOps = service((m) => {
  const ops = makeVtdOps(m)
  const { unit, device } = vtd(m)
  device.ops = ops
  unit.onFault = () => reportFaults(m, unit)
  unit.onRequest = () => wakeRequestTask(m)
  return ops
})
