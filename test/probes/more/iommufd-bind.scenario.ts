import { insmod, rmmod, spawn, wait } from 'klab/scenario'
import { tool, say } from './user'
import { open, close, ioctl, errno, mmap, O_RDWR, PROT_READ, PROT_WRITE, MAP_PRIVATE, MAP_ANONYMOUS } from 'user/libc'
import { load32, store32 } from 'user/memory'
import * as i from 'linux/iommufd'
function tell(what: string, ret: number) { say(what + '=' + (ret < 0 ? -errno() : ret)) }
function u() {
  tool('iommufd-bind')
  const dev = open('/dev/klabbind', O_RDWR)
  const fd = open('/dev/iommu', O_RDWR)
  ioctl(fd, i.IOMMU_IOAS_ALLOC, new i.iommu_ioas_alloc())
  const mem = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  store32(mem, 0, 0x1234)
  tell('map', ioctl(fd, i.IOMMU_IOAS_MAP, new i.iommu_ioas_map({ flags: 7, ioas_id: 1, user_va: mem, length: 8192, iova: 0x100000 })))
  tell('start', ioctl(dev, 1, fd))
  say('word=0x' + load32(mem, 4096).toString(16))
  tell('busy', ioctl(fd, i.IOMMU_DESTROY, new i.iommu_destroy({ id: 1 })))
  tell('busy', ioctl(fd, i.IOMMU_DESTROY, new i.iommu_destroy({ id: 2 })))
  tell('stop', ioctl(dev, 2, 0))
  tell('gone', ioctl(fd, i.IOMMU_DESTROY, new i.iommu_destroy({ id: 2 })))
  tell('destroy', ioctl(fd, i.IOMMU_DESTROY, new i.iommu_destroy({ id: 1 })))
  close(fd)
  close(dev)
}
export default function () { insmod('iommufd_bind'); wait(spawn(u)); rmmod('iommufd_bind') }
