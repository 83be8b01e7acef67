import { CALLS, IOMMUFD_CMD_BASE as BASE, IOMMUFD_TYPE as TYPE, structure } from '../../kernel/iommufd/uapi'
import { _IO } from '../ioctl'

/**
 * What programs and /dev/iommu share. Structures know their size when they are made; what is a
 * pointer to an array in C is an array (or bytes) here.
 */

export const IOMMUFD_TYPE = TYPE
export const IOMMUFD_CMD_BASE = BASE

const call = (name: keyof typeof CALLS): number => _IO(TYPE, CALLS[name][0])

export const IOMMU_DESTROY = call('IOMMU_DESTROY')
export const IOMMU_IOAS_ALLOC = call('IOMMU_IOAS_ALLOC')
export const IOMMU_IOAS_ALLOW_IOVAS = call('IOMMU_IOAS_ALLOW_IOVAS')
export const IOMMU_IOAS_COPY = call('IOMMU_IOAS_COPY')
export const IOMMU_IOAS_IOVA_RANGES = call('IOMMU_IOAS_IOVA_RANGES')
export const IOMMU_IOAS_MAP = call('IOMMU_IOAS_MAP')
export const IOMMU_IOAS_UNMAP = call('IOMMU_IOAS_UNMAP')
export const IOMMU_OPTION = call('IOMMU_OPTION')
export const IOMMU_VFIO_IOAS = call('IOMMU_VFIO_IOAS')
export const IOMMU_HWPT_ALLOC = call('IOMMU_HWPT_ALLOC')
export const IOMMU_GET_HW_INFO = call('IOMMU_GET_HW_INFO')
export const IOMMU_HWPT_SET_DIRTY_TRACKING = call('IOMMU_HWPT_SET_DIRTY_TRACKING')
export const IOMMU_HWPT_GET_DIRTY_BITMAP = call('IOMMU_HWPT_GET_DIRTY_BITMAP')
export const IOMMU_HWPT_INVALIDATE = call('IOMMU_HWPT_INVALIDATE')
export const IOMMU_FAULT_QUEUE_ALLOC = call('IOMMU_FAULT_QUEUE_ALLOC')
export const IOMMU_IOAS_MAP_FILE = call('IOMMU_IOAS_MAP_FILE')
export const IOMMU_VIOMMU_ALLOC = call('IOMMU_VIOMMU_ALLOC')
export const IOMMU_VDEVICE_ALLOC = call('IOMMU_VDEVICE_ALLOC')
export const IOMMU_IOAS_CHANGE_PROCESS = call('IOMMU_IOAS_CHANGE_PROCESS')
export const IOMMU_VEVENTQ_ALLOC = call('IOMMU_VEVENTQ_ALLOC')
export const IOMMU_HW_QUEUE_ALLOC = call('IOMMU_HW_QUEUE_ALLOC')

export const iommu_destroy = structure('iommu_destroy')
export const iommu_ioas_alloc = structure('iommu_ioas_alloc')
export const iommu_ioas_allow_iovas = structure('iommu_ioas_allow_iovas')
export const iommu_ioas_copy = structure('iommu_ioas_copy')
export const iommu_ioas_iova_ranges = structure('iommu_ioas_iova_ranges')
export const iommu_ioas_map = structure('iommu_ioas_map')
export const iommu_ioas_map_file = structure('iommu_ioas_map_file')
export const iommu_ioas_unmap = structure('iommu_ioas_unmap')
export const iommu_option = structure('iommu_option')
export const iommu_vfio_ioas = structure('iommu_vfio_ioas')
export const iommu_hwpt_alloc = structure('iommu_hwpt_alloc')
export const iommu_hw_info = structure('iommu_hw_info')
export const iommu_hwpt_set_dirty_tracking = structure('iommu_hwpt_set_dirty_tracking')
export const iommu_hwpt_get_dirty_bitmap = structure('iommu_hwpt_get_dirty_bitmap')
export const iommu_hwpt_invalidate = structure('iommu_hwpt_invalidate')
export const iommu_fault_alloc = structure('iommu_fault_alloc')
export const iommu_viommu_alloc = structure('iommu_viommu_alloc')
export const iommu_vdevice_alloc = structure('iommu_vdevice_alloc')
export const iommu_ioas_change_process = structure('iommu_ioas_change_process')
export const iommu_veventq_alloc = structure('iommu_veventq_alloc')
export const iommu_hw_queue_alloc = structure('iommu_hw_queue_alloc')

/** A stretch of addresses with its last one: an element of `allowed_iovas`. */
export interface iommu_iova_range {
  start: number
  last: number
}

export {
  IOMMU_IOAS_MAP_FIXED_IOVA,
  IOMMU_IOAS_MAP_READABLE,
  IOMMU_IOAS_MAP_WRITEABLE,
  IOMMU_OPTION_HUGE_PAGES,
  IOMMU_OPTION_OP_GET,
  IOMMU_OPTION_OP_SET,
  IOMMU_OPTION_RLIMIT_MODE,
} from '../../kernel/iommufd/ioas'
export {
  IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
  IOMMU_HWPT_ALLOC_NEST_PARENT,
  IOMMU_HWPT_ALLOC_PASID,
  IOMMU_HWPT_DATA_NONE,
  IOMMU_HWPT_FAULT_ID_VALID,
} from '../../kernel/iommufd/hwpt'
export {
  IOMMU_HWPT_DIRTY_TRACKING_ENABLE,
  IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR,
} from '../../kernel/iommufd/dirty'
export {
  IOMMU_HW_CAP_DIRTY_TRACKING,
  IOMMU_HW_INFO_FLAG_INPUT_TYPE,
  IOMMU_HW_INFO_TYPE_NONE,
} from '../../kernel/iommufd/hw-info'
export {
  IOMMU_VFIO_IOAS_CLEAR,
  IOMMU_VFIO_IOAS_GET,
  IOMMU_VFIO_IOAS_SET,
} from '../../kernel/iommufd/vfio-ioas'
export { IOMMU_HW_QUEUE_TYPE_DEFAULT, IOMMU_VIOMMU_TYPE_DEFAULT } from '../../kernel/iommufd/viommu'
export { IOMMU_VEVENTQ_FLAG_LOST_EVENTS, IOMMU_VEVENTQ_TYPE_DEFAULT } from '../../kernel/iommufd/veventq'
/** Codes of answers to page requests. */
export const IOMMUFD_PAGE_RESP_SUCCESS = 0
export const IOMMUFD_PAGE_RESP_INVALID = 1
