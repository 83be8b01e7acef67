import { spawn, wait } from 'klab/scenario'
import { tool, say } from './user'
import { open, close, ioctl, errno, mmap, O_RDWR, PROT_READ, PROT_WRITE, MAP_PRIVATE, MAP_ANONYMOUS } from 'user/libc'
import * as i from 'linux/iommufd'
function tell(what: string, ret: number) { say(what + '=' + (ret < 0 ? -errno() : ret)) }
function u() {
  tool('iommufd-errors')
  const fd = open('/dev/iommu', O_RDWR)
  tell('open', fd < 0 ? fd : 0)
  tell('destroy0', ioctl(fd, i.IOMMU_DESTROY, new i.iommu_destroy({ id: 0 })))
  tell('unknown', ioctl(fd, 0x3bff, new i.iommu_destroy()))
  tell('short', ioctl(fd, i.IOMMU_IOAS_ALLOC, new i.iommu_ioas_alloc({ size: 8 })))
  tell('flags', ioctl(fd, i.IOMMU_IOAS_ALLOC, new i.iommu_ioas_alloc({ flags: 1 })))
  const a = new i.iommu_ioas_alloc()
  tell('alloc', ioctl(fd, i.IOMMU_IOAS_ALLOC, a))
  say('id=' + a.out_ioas_id)
  const mem = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  const map = (more: object) => ioctl(fd, i.IOMMU_IOAS_MAP, new i.iommu_ioas_map({ flags: 7, ioas_id: a.out_ioas_id, user_va: mem, length: 8192, iova: 0x100000, ...more }))
  tell('map-flags', map({ flags: 0x17 }))
  tell('map-huge', map({ length: 2 ** 64 }))
  tell('map-noperm', map({ flags: 1 }))
  tell('map-noid', map({ ioas_id: 55 }))
  tell('map-zero', map({ length: 0 }))
  tell('map', map({}))
  tell('map-again', map({ iova: 0x101000 }))
  const unmap = (iova: number, length: number) => {
    const c = new i.iommu_ioas_unmap({ ioas_id: a.out_ioas_id, iova, length })
    tell('unmap', ioctl(fd, i.IOMMU_IOAS_UNMAP, c))
    return c.length
  }
  unmap(0x100000, 4096)
  unmap(0x200000, 4096)
  unmap(0x100000, 0)
  say('bytes=' + unmap(0, 2 ** 64))
  unmap(0, 2 ** 64)
  tell('destroy', ioctl(fd, i.IOMMU_DESTROY, new i.iommu_destroy({ id: a.out_ioas_id })))
  tell('destroy', ioctl(fd, i.IOMMU_DESTROY, new i.iommu_destroy({ id: a.out_ioas_id })))
  close(fd)
}
export default function () { wait(spawn(u)) }
