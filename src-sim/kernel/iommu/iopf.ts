import { KernelObject } from '../../engine/object'
import type { device } from '../base/device'
import { work_struct, type workqueue_struct } from '../workqueue/structs'
import type { iommu_attach_handle } from './group'

/** Page requests of devices: what they ask, and how they are answered. */

export const IOMMU_FAULT_PAGE_REQ = 1

export const IOMMU_FAULT_PERM_READ = 1
export const IOMMU_FAULT_PERM_WRITE = 2
export const IOMMU_FAULT_PERM_EXEC = 4
export const IOMMU_FAULT_PERM_PRIV = 8

export const IOMMU_FAULT_PAGE_REQUEST_PASID_VALID = 1
export const IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE = 2

/** The page is there now: try again. */
export const IOMMU_PAGE_RESP_SUCCESS = 0
/** It will never be there: do not try again. */
export const IOMMU_PAGE_RESP_INVALID = 1
/** Something is broken: ask for no pages any more. */
export const IOMMU_PAGE_RESP_FAILURE = 2

export class iommu_fault_page_request extends KernelObject {
  flags = 0
  pasid = 0
  grpid = 0
  perm = 0
  addr = 0
}

export class iommu_fault extends KernelObject {
  type = IOMMU_FAULT_PAGE_REQ
  prm = new iommu_fault_page_request()
}

/** One request, as it was reported. */
export class iopf_fault extends KernelObject {
  fault = new iommu_fault()
}

/** What goes back to the device. */
export interface iommu_page_response {
  pasid: number
  grpid: number
  code: number
}

/** Requests that are answered together: the last one of them brings them here. */
export class iopf_group extends KernelObject {
  readonly $type = 'iopf_group'
  last_fault = new iopf_fault()
  readonly faults: iopf_fault[] = []
  fault_count = 0
  work = new work_struct()
  attach_handle: iommu_attach_handle | null = null
  fault_param: iommu_fault_param | null = null
  /** @internal Not answered yet. */
  $pending = false

  constructor() {
    super()
    this.work.$parent = this
    this.work.$field = 'work'
  }

  get $label(): string {
    return `page requests ${this.last_fault.fault.prm.grpid}`
  }
}

/** What a device has with its queue. */
export class iommu_fault_param extends KernelObject {
  dev: device
  queue: iopf_queue
  /** Requests whose group is not complete. */
  readonly partial: iopf_fault[] = []
  /** Groups that were not answered yet. */
  readonly faults: iopf_group[] = []

  constructor(dev: device, queue: iopf_queue) {
    super()
    this.dev = dev
    this.queue = queue
  }
}

/** Where page requests of several devices are handled. */
export class iopf_queue extends KernelObject {
  wq: workqueue_struct
  readonly devices: iommu_fault_param[] = []

  constructor(wq: workqueue_struct) {
    super()
    this.wq = wq
  }
}
