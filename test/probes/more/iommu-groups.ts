import { PTR_ERR_OR_ZERO } from 'linux/err'
import { GFP_KERNEL } from 'linux/gfp'
import { iommu_attach_device, iommu_detach_device, iommu_device_claim_dma_owner, iommu_domain_free, iommu_get_domain_for_dev, iommu_group_dma_owner_claimed, iommu_group_get, iommu_group_id, iommu_group_put, iommu_iova_to_phys, iommu_map, iommu_paging_domain_alloc, IOMMU_READ, iommu_unmap, IOMMU_WRITE } from 'linux/iommu'
import { pci_register_driver, type pci_dev, type pci_device_id } from 'linux/pci'
import { KLAB, KLAB_PROBE } from './klab'
import { EDU_DRIVER } from './klab_edu'

const RW = IOMMU_READ | IOMMU_WRITE

function pr(p: pci_dev, i: pci_device_id) {
  const group = iommu_group_get(p.dev)!
  KLAB('group', 'id=%d claimed=%d', iommu_group_id(group), iommu_group_dma_owner_claimed(group))
  KLAB('claim', 'bound=%d no_owner=%d', iommu_device_claim_dma_owner(p.dev, {}), iommu_device_claim_dma_owner(p.dev, null))
  const before = iommu_get_domain_for_dev(p.dev)
  const d = iommu_paging_domain_alloc(p.dev)
  const e = iommu_paging_domain_alloc(p.dev)
  KLAB('alloc', 'err=%d', PTR_ERR_OR_ZERO(d))
  KLAB('attach', 'first=%d again=%d second=%d', iommu_attach_device(d, p.dev), iommu_attach_device(d, p.dev), iommu_attach_device(e, p.dev))
  KLAB('map', 'ret=%d overlap=%d unaligned=%d zero=%d', iommu_map(d, 0x10000, 0x2000000, 8192, RW, GFP_KERNEL), iommu_map(d, 0x11000, 0x2000000, 4096, RW, GFP_KERNEL), iommu_map(d, 0x20800, 0x2000000, 4096, RW, GFP_KERNEL), iommu_map(d, 0x20000, 0x2000000, 0, RW, GFP_KERNEL))
  KLAB('phys', 'at=0x%llx hole=0x%llx', iommu_iova_to_phys(d, 0x11010), iommu_iova_to_phys(d, 0x12000))
  KLAB('unmap', 'more=%zu again=%zu', iommu_unmap(d, 0x10000, 0x8000), iommu_unmap(d, 0x10000, 4096))
  iommu_detach_device(d, p.dev)
  KLAB('detach', 'default_again=%d', iommu_get_domain_for_dev(p.dev) === before)
  iommu_domain_free(d)
  iommu_domain_free(e)
  iommu_group_put(group)
  return 0
}
function rm(p: pci_dev) {}
const edu_drv = EDU_DRIVER(pr, rm)
KLAB_PROBE('iommu-groups', () => {
  KLAB('register', 'ret=%d', pci_register_driver(edu_drv))
})
