import { spawn, wait } from 'klab/scenario'
import { tool, say } from './user'
import { open, close, ioctl, errno, read, write, O_RDWR } from 'user/libc'
import * as i from 'linux/iommufd'
function tell(what: string, ret: number) { say(what + '=' + (ret < 0 ? -errno() : ret)) }
function u() {
  tool('iommufd-objects')
  const fd = open('/dev/iommu', O_RDWR)
  const f = new i.iommu_fault_alloc()
  tell('fault', ioctl(fd, i.IOMMU_FAULT_QUEUE_ALLOC, f))
  const buf = new Uint8Array(80)
  tell('read', read(f.out_fault_fd, buf, 40))
  tell('read-odd', read(f.out_fault_fd, buf, 41))
  tell('write-odd', write(f.out_fault_fd, buf, 7))
  tell('write-unknown', write(f.out_fault_fd, buf, 8))
  tell('busy', ioctl(fd, i.IOMMU_DESTROY, new i.iommu_destroy({ id: f.out_fault_id })))
  close(f.out_fault_fd)
  tell('destroy', ioctl(fd, i.IOMMU_DESTROY, new i.iommu_destroy({ id: f.out_fault_id })))
  const hw = (more: object) => tell('hwpt', ioctl(fd, i.IOMMU_HWPT_ALLOC, new i.iommu_hwpt_alloc({ dev_id: 5, pt_id: 6, ...more })))
  hw({})
  hw({ data_type: 1 })
  hw({ data_len: 4 })
  hw({ __reserved: 1 })
  tell('hw_info', ioctl(fd, i.IOMMU_GET_HW_INFO, new i.iommu_hw_info({ dev_id: 5 })))
  tell('dirty', ioctl(fd, i.IOMMU_HWPT_SET_DIRTY_TRACKING, new i.iommu_hwpt_set_dirty_tracking({ hwpt_id: 5, flags: 2 })))
  tell('dirty', ioctl(fd, i.IOMMU_HWPT_SET_DIRTY_TRACKING, new i.iommu_hwpt_set_dirty_tracking({ hwpt_id: 5, flags: 1 })))
  tell('viommu', ioctl(fd, i.IOMMU_VIOMMU_ALLOC, new i.iommu_viommu_alloc({ type: 0 })))
  tell('viommu', ioctl(fd, i.IOMMU_VIOMMU_ALLOC, new i.iommu_viommu_alloc({ type: 1, dev_id: 5 })))
  tell('vfio_ioas', ioctl(fd, i.IOMMU_VFIO_IOAS, new i.iommu_vfio_ioas({ op: i.IOMMU_VFIO_IOAS_GET })))
  tell('change', ioctl(fd, i.IOMMU_IOAS_CHANGE_PROCESS, new i.iommu_ioas_change_process()))
  const o = new i.iommu_option({ option_id: i.IOMMU_OPTION_RLIMIT_MODE, op: i.IOMMU_OPTION_OP_SET, val64: 2 })
  tell('mode', ioctl(fd, i.IOMMU_OPTION, o))
  close(fd)
}
export default function () { wait(spawn(u)) }
