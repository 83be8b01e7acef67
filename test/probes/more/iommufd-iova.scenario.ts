import { spawn, wait } from 'klab/scenario'
import { tool, say } from './user'
import { open, close, ioctl, errno, mmap, O_RDWR, PROT_READ, PROT_WRITE, MAP_PRIVATE, MAP_ANONYMOUS } from 'user/libc'
import * as i from 'linux/iommufd'
function tell(what: string, ret: number) { say(what + '=' + (ret < 0 ? -errno() : ret)) }
const hex = (n: number) => '0x' + n.toString(16)
function u() {
  tool('iommufd-iova')
  const fd = open('/dev/iommu', O_RDWR)
  const a = new i.iommu_ioas_alloc()
  ioctl(fd, i.IOMMU_IOAS_ALLOC, a)
  const id = a.out_ioas_id
  const ranges = (num: number) => {
    const c = new i.iommu_ioas_iova_ranges({ ioas_id: id, num_iovas: num, allowed_iovas: [] })
    tell('ranges', ioctl(fd, i.IOMMU_IOAS_IOVA_RANGES, c))
    say('num=' + c.num_iovas + ' align=' + c.out_iova_alignment)
  }
  ranges(4)
  ranges(0)
  const allow = (...list: number[][]) => tell('allow', ioctl(fd, i.IOMMU_IOAS_ALLOW_IOVAS, new i.iommu_ioas_allow_iovas({ ioas_id: id, num_iovas: list.length, allowed_iovas: list.map(([start, last]) => ({ start, last })) })))
  allow([4096, 4096])
  allow([0, 0x1fff], [0x1000, 0x2fff])
  const mem = mmap(0, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  const auto = (va: number, length: number) => {
    const c = new i.iommu_ioas_map({ flags: 6, ioas_id: id, user_va: va, length })
    const ret = ioctl(fd, i.IOMMU_IOAS_MAP, c)
    say('auto=' + (ret < 0 ? -errno() : hex(c.iova)))
  }
  auto(mem, 4096)
  auto(mem + 32, 100)
  allow([0x100000, 0x101fff])
  auto(mem, 4096)
  auto(mem, 8192)
  auto(mem, 4096)
  auto(mem, 4096)
  const copy = (src_iova: number, length: number) => tell('copy', ioctl(fd, i.IOMMU_IOAS_COPY, new i.iommu_ioas_copy({ flags: 7, dst_ioas_id: id, src_ioas_id: id, length, dst_iova: 0x800000, src_iova })))
  copy(0x1000, 0)
  copy(0x9000, 4096)
  copy(0x1000, 4096)
  copy(0x1000, 4096)
  const option = (op: number, val64: number) => {
    const c = new i.iommu_option({ option_id: i.IOMMU_OPTION_HUGE_PAGES, op, val64, object_id: id })
    tell('option', ioctl(fd, i.IOMMU_OPTION, c))
    say('val=' + c.val64)
  }
  option(i.IOMMU_OPTION_OP_GET, 0)
  option(i.IOMMU_OPTION_OP_SET, 2)
  close(fd)
}
export default function () { wait(spawn(u)) }
