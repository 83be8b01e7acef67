import { ERR_PTR, generic_device_group, iommu_device, iommu_device_register, iommu_device_unregister, iommu_domain, type iommu_ops } from 'linux/iommu'
import { EXPORT_SYMBOL_GPL, module_exit, module_init } from 'linux/module'
import { type device } from 'linux/device'
import { kfree, kzalloc, GFP_KERNEL } from 'linux/slab'
import { container_of } from 'linux/container_of'
import { EIO, ENODEV, ENOMEM } from 'linux/errno'

/** What the driver knows of a device: the platform's handle for it, and what it is attached to. */
class zpci_dev {
  handle = 1
  s390_domain: s390_domain | null = null
}

class s390_domain {
  domain = new iommu_domain()
  dma_table = 0
}

const zdev = new zpci_dev()
const unit = new iommu_device()
let tables = 0

const to_s390_domain = (domain: iommu_domain) => container_of(domain, s390_domain, 'domain')

/** The platform has taken the device away: nothing can be registered with it any more. */
export function zpci_availability_lost() {
  zdev.handle = 0
}

/** The hot-plug event that follows: takes the table of a device that is there no more. */
export function zpci_deconfigure() {
  return zdev.s390_domain!.dma_table
}

/** Tells the platform which table is the device's. */
function zpci_register_ioat(table: number) {
  return zdev.handle ? 0 : -EIO
}

function s390_domain_free(domain: iommu_domain) {
  kfree(to_s390_domain(domain))
}

function s390_iommu_attach_device(domain: iommu_domain, dev: device) {
  const s390 = to_s390_domain(domain)
  const ret = zpci_register_ioat(s390.dma_table)
  if (ret) return ret
  zdev.s390_domain = s390
  return 0
}

const domain_ops = { attach_dev: s390_iommu_attach_device, free: s390_domain_free }

function s390_domain_alloc_paging(dev: device) {
  const s390 = kzalloc(s390_domain, GFP_KERNEL)
  if (!s390) return ERR_PTR<iommu_domain>(-ENOMEM)
  s390.dma_table = ++tables
  return s390.domain
}

function s390_iommu_probe_device(dev: device) {
  return dev.kobj.name === 'zdev' ? unit : ERR_PTR<iommu_device>(-ENODEV)
}

const s390_iommu_ops: iommu_ops = {
  probe_device: s390_iommu_probe_device,
  device_group: generic_device_group,
  domain_alloc_paging: s390_domain_alloc_paging,
  default_domain_ops: domain_ops,
}


EXPORT_SYMBOL_GPL(zpci_availability_lost)
EXPORT_SYMBOL_GPL(zpci_deconfigure)

module_init(() => iommu_device_register(unit, s390_iommu_ops, null))
module_exit(() => iommu_device_unregister(unit))
