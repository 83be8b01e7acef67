import type { Sim } from '../../../src-sim/engine/suspend'
import type { file } from '../../../src-sim/kernel/fs/file'
import { currentProcess } from '../../../src-sim/kernel/fs/process'
import type { Ioas } from '../../../src-sim/kernel/iommufd/ioas'
import type { iommufd_ctx } from '../../../src-sim/kernel/iommufd/objects'
import * as u from '../../../src-sim/linux/iommufd/uapi'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import type { Kit } from '../device-model/kit'
import { playAll } from '../p2pdma/p2p-kit'
import { Mock } from './mock'

export const PAGE = 4096
export const FIXED = u.IOMMU_IOAS_MAP_FIXED_IOVA
export const RW = u.IOMMU_IOAS_MAP_WRITEABLE | u.IOMMU_IOAS_MAP_READABLE
export const U64_MAX = 2 ** 64

/** One open /dev/iommu, with the calls that tests make: each answers 0 or -errno. */
export class Iommu {
  readonly fd: number
  readonly mock: Mock

  constructor(fd: number, mock: Mock) {
    this.fd = fd
    this.mock = mock
  }

  get file(): file {
    return currentProcess().files!.open.get(this.fd)!
  }

  get ctx(): iommufd_ctx {
    return this.file.private_data as iommufd_ctx
  }

  *call(cmd: number, arg: object): Sim<number> {
    const ret = (yield* sim(libc.ioctl(this.fd, cmd, arg))) as number
    return ret < 0 ? -libc.errno() : ret
  }

  *ioas(): Sim<number> {
    const cmd = new u.iommu_ioas_alloc()
    const ret = yield* this.call(u.IOMMU_IOAS_ALLOC, cmd)
    return ret || cmd.out_ioas_id
  }

  destroy(id: number): Sim<number> {
    return this.call(u.IOMMU_DESTROY, new u.iommu_destroy({ id }))
  }

  /** At a fixed address. */
  map(ioas_id: number, user_va: number, length: number, iova: number, flags = RW | FIXED): Sim<number> {
    const cmd = new u.iommu_ioas_map({ ioas_id, user_va, length, iova, flags })
    return this.call(u.IOMMU_IOAS_MAP, cmd)
  }

  /** Wherever there is room: the address, or -errno. */
  *mapAnywhere(ioas_id: number, user_va: number, length: number): Sim<number> {
    const cmd = new u.iommu_ioas_map({ ioas_id, user_va, length, flags: RW })
    return (yield* this.call(u.IOMMU_IOAS_MAP, cmd)) || cmd.iova
  }

  /** Bytes, or -errno. */
  *unmap(ioas_id: number, iova: number, length: number): Sim<number> {
    const cmd = new u.iommu_ioas_unmap({ ioas_id, iova, length })
    return (yield* this.call(u.IOMMU_IOAS_UNMAP, cmd)) || cmd.length
  }

  *copy(dst: number, src: number, src_iova: number, length: number, dst_iova: number, flags = RW | FIXED): Sim<number> {
    const cmd = new u.iommu_ioas_copy({
      dst_ioas_id: dst, src_ioas_id: src, src_iova, length, dst_iova, flags,
    })
    return (yield* this.call(u.IOMMU_IOAS_COPY, cmd)) || cmd.dst_iova
  }

  *hwpt(more: Partial<InstanceType<typeof u.iommu_hwpt_alloc>>): Sim<number> {
    const cmd = new u.iommu_hwpt_alloc(more)
    return (yield* this.call(u.IOMMU_HWPT_ALLOC, cmd)) || cmd.out_hwpt_id
  }

  *allow(ioas_id: number, ...allowed: [start: number, last: number][]): Sim<number> {
    const allowed_iovas = allowed.map(([start, last]) => ({ start, last }))
    return yield* this.call(
      u.IOMMU_IOAS_ALLOW_IOVAS,
      new u.iommu_ioas_allow_iovas({ ioas_id, num_iovas: allowed.length, allowed_iovas }),
    )
  }

  object(id: number): any {
    return this.ctx.$entries.get(id)
  }

  ioasOf(id: number): Ioas {
    return this.object(id) as Ioas
  }
}

/** Plays with an open /dev/iommu, mock hardware and some memory of the program. */
export function withIommu(
  body: (t: Iommu, kit: Kit, memory: number) => Sim,
  options: { dirty?: boolean } = {},
): Kit {
  return playAll(function* (kit) {
    const mock = new Mock(kit, options.dirty ?? true)
    yield* mock.start()
    const fd = (yield* sim(libc.open('/dev/iommu', libc.O_RDWR))) as number
    if (fd < 0) throw new Error(`open: ${libc.errno()}`)
    const memory = yield* anonymous(64 * PAGE)
    yield* body(new Iommu(fd, mock), kit, memory)
    if (currentProcess().files!.open.has(fd)) yield* sim(libc.close(fd))
  })
}

export function* anonymous(length: number): Sim<number> {
  const flags = 0x20 | libc.MAP_PRIVATE
  const prot = libc.PROT_READ | libc.PROT_WRITE
  const at = yield* sim(libc.mmap(0 as never, length, prot, flags, -1, 0))
  return at as unknown as number
}
