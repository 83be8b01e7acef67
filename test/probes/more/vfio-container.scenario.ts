import { spawn, wait } from 'klab/scenario'
import { tool, say } from './user'
import { open, close, ioctl, errno, O_RDWR } from 'user/libc'
import * as v from 'linux/vfio'
function tell(what: string, ret: number) { say(what + '=' + (ret < 0 ? -errno() : ret)) }
function u() {
  tool('vfio-container')
  const c = open('/dev/vfio/vfio', O_RDWR)
  tell('version', ioctl(c, v.VFIO_GET_API_VERSION, 0))
  tell('type1', ioctl(c, v.VFIO_CHECK_EXTENSION, v.VFIO_TYPE1_IOMMU))
  tell('type1v2', ioctl(c, v.VFIO_CHECK_EXTENSION, v.VFIO_TYPE1v2_IOMMU))
  tell('set', ioctl(c, v.VFIO_SET_IOMMU, v.VFIO_TYPE1v2_IOMMU))
  tell('map', ioctl(c, v.VFIO_IOMMU_MAP_DMA, { argsz: 32, flags: 3, vaddr: 0x1000, iova: 0, size: 4096 }))
  tell('unknown', ioctl(c, 0x3bff, 0))
  tell('group', open('/dev/vfio/99', O_RDWR))
  close(c)
}
export default function () { wait(spawn(u)) }
