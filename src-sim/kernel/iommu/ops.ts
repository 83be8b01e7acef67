import { KernelObject } from '../../engine/object'
import type { device } from '../base/device'
import type { iommu_domain, iommu_domain_ops } from './domain'
import type { iommu_group } from './group'
import type { iommu_fault_param, iopf_fault, iommu_page_response } from './iopf'

export const IOMMU_CAP_CACHE_COHERENCY = 0
export const IOMMU_CAP_NOEXEC = 1
export const IOMMU_CAP_PRE_BOOT_PROTECTION = 2
export const IOMMU_CAP_ENFORCE_CACHE_COHERENCY = 3
export const IOMMU_CAP_DEFERRED_FLUSH = 4
export const IOMMU_CAP_DIRTY_TRACKING = 5
export const IOMMU_CAP_PCI_ATS_SUPPORTED = 6

/**
 * What a driver of IOMMUs offers: drivers/iommu. Functions that answer a structure answer an error
 * pointer when they fail.
 */
export interface iommu_ops {
  capable?: ((dev: device, cap: number) => boolean) | null
  domain_alloc_identity?: ((dev: device) => iommu_domain) | null
  domain_alloc_paging?: ((dev: device) => iommu_domain) | null
  domain_alloc_paging_flags?: ((dev: device, flags: number, data: unknown) => iommu_domain) | null
  domain_alloc_sva?: ((dev: device, mm: any) => iommu_domain) | null
  domain_alloc_nested?:
    ((dev: device, parent: iommu_domain, flags: number, data: any) => iommu_domain) | null
  /** Answers the IOMMU that serves a device, ERR_PTR(-ENODEV) when none does. */
  probe_device?: ((dev: device) => iommu_device) | null
  release_device?: ((dev: device) => void) | null
  probe_finalize?: ((dev: device) => void) | null
  device_group?: ((dev: device) => iommu_group) | null
  get_resv_regions?: ((dev: device, list: iommu_resv_region[]) => void) | null
  of_xlate?: ((dev: device, args: readonly number[]) => number) | null
  is_attach_deferred?: ((dev: device) => boolean) | null
  page_response?:
    ((dev: device, evt: iopf_fault, msg: iommu_page_response) => void) | null
  def_domain_type?: ((dev: device) => number) | null
  hw_info?: ((dev: device, length: { value: number }, type: { value: number }) => any) | null
  viommu_init?: unknown
  get_viommu_size?: unknown
  default_domain_ops?: iommu_domain_ops | null
  identity_domain?: iommu_domain | null
  blocked_domain?: iommu_domain | null
  release_domain?: iommu_domain | null
  default_domain?: iommu_domain | null
  /** A domain of one's own per PASID under a nested one. */
  user_pasid_table?: boolean
  owner?: object | null
  name?: string
}

/** One IOMMU. */
export class iommu_device extends KernelObject {
  readonly $type = 'iommu_device'
  ops: iommu_ops | null = null
  /** The device that it is itself; devices name it in their firmware description. */
  fwnode: object | null = null
  dev: device | null = null
  max_pasids = 0
  ready = false
  name = ''
  /** @internal The group that all its devices share, for IOMMUs that know one only. */
  $singleton: iommu_group | null = null
}

/** What firmware says about the way from a device to its IOMMU. */
export interface iommu_fwspec {
  iommu_fwnode: object | null
  flags: number
  ids: number[]
}

/** What an IOMMU keeps for a device. */
export class dev_iommu extends KernelObject {
  fault_param: iommu_fault_param | null = null
  fwspec: iommu_fwspec | null = null
  iommu_dev: iommu_device | null = null
  priv: unknown = null
  max_pasids = 0
  attach_deferred = false
  pci_32bit_workaround = false
  /** Firmware wants it mapped one to one at all times. */
  require_direct = false
  shadow_on_flush = false
}

export const IOMMU_RESV_DIRECT = 0
export const IOMMU_RESV_DIRECT_RELAXABLE = 1
export const IOMMU_RESV_RESERVED = 2
export const IOMMU_RESV_MSI = 3
export const IOMMU_RESV_SW_MSI = 4

/** Addresses that are not free for mapping. */
export class iommu_resv_region extends KernelObject {
  start = 0
  length = 0
  prot = 0
  type = IOMMU_RESV_RESERVED

  constructor(init?: Partial<Pick<iommu_resv_region, 'start' | 'length' | 'prot' | 'type'>>) {
    super()
    if (init) Object.assign(this, init)
  }
}


/** The driver behind the IOMMU of a device; null for a device without one. */
export const opsOf = (dev: device): iommu_ops | null => dev.iommu?.iommu_dev?.ops ?? null
