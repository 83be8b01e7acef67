import { iommu_attach_group, iommu_detach_group, iommu_domain_free, iommu_group_claim_dma_owner, iommu_group_get, iommu_group_put, iommu_group_release_dma_owner, iommu_paging_domain_alloc, type iommu_domain, type iommu_group } from 'linux/iommu'
import { bus_find_device_by_name, put_device, type device } from 'linux/device'
import { platform_bus_type } from 'linux/platform_device'
import { zpci_availability_lost, zpci_deconfigure } from './s390_iommu'
import { module_exit, module_init } from 'linux/module'
import { IS_ERR, PTR_ERR } from 'linux/err'
import { ENODEV } from 'linux/errno'
import { pr_info } from 'linux/printk'

/** One device in the hands of a program. */
class vfio_group {
  dev: device | null = null
  group: iommu_group | null = null
  domain: iommu_domain | null = null
}

const vfio = new vfio_group()

/** The program opens the device and fills a domain of its own. */
function vfio_open() {
  vfio.dev = bus_find_device_by_name(platform_bus_type, null, 'zdev')
  if (!vfio.dev) return -ENODEV
  vfio.group = iommu_group_get(vfio.dev)
  if (!vfio.group) return -ENODEV
  const ret = iommu_group_claim_dma_owner(vfio.group, vfio)
  if (ret) return ret
  const domain = iommu_paging_domain_alloc(vfio.dev)
  if (IS_ERR(domain)) return PTR_ERR(domain)
  vfio.domain = domain
  return iommu_attach_group(domain, vfio.group)
}

/** The program closes it: the device sees what the core wants again, the domain is not needed. */
function vfio_release() {
  iommu_detach_group(vfio.domain!, vfio.group!)
  iommu_domain_free(vfio.domain!)
  iommu_group_release_dma_owner(vfio.group!)
  iommu_group_put(vfio.group)
  put_device(vfio.dev)
}

module_init(vfio_open)
module_exit(() => {
  zpci_availability_lost()
  vfio_release()
  pr_info('vfio: the device had table %d\n', zpci_deconfigure())
})
