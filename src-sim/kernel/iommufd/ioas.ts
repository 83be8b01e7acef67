import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { EINVAL, EMSGSIZE, EFAULT, EOPNOTSUPP, EOVERFLOW } from '../errno'
import { IOMMU_CACHE, IOMMU_READ, IOMMU_WRITE } from '../iommu/domain'
import { defineMutex } from '../locking/mutex'
import { upRead, upWrite } from '../locking/rwsem'
import { memlockLimit } from '../mm/mlock'
import { IoPagetable } from './io-pagetable'
import { readLock, writeLock } from './lock'
import type { HwptPaging } from './hwpt'
import {
  abortObject, allocObject, finalizeObject, getObject, IommufdObject, putObject, type iommufd_ctx,
} from './objects'
import { holes, overlaps, SPACE_END, type Range } from './ranges'
import type { Ucmd } from './ucmd'

/** An address space for devices, by itself without hardware: drivers/iommu/iommufd/ioas.c. */
export class Ioas extends IommufdObject {
  readonly type = 'ioas'
  readonly iopt = new IoPagetable()
  readonly hwpts: HwptPaging[] = []
  readonly lock = defineMutex('&ioas->mutex');

  *destroy(): Sim {
    yield* this.iopt.unmapAll({ value: 0 })
  }
}

export function newIoas(ictx: iommufd_ctx): Ioas | number {
  return allocObject(new Ioas(ictx))
}

export const IOMMU_IOAS_MAP_FIXED_IOVA = 1
export const IOMMU_IOAS_MAP_WRITEABLE = 2
export const IOMMU_IOAS_MAP_READABLE = 4
const MAP_FLAGS = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_WRITEABLE | IOMMU_IOAS_MAP_READABLE

/** What devices may do there; the hardware is always asked to keep CPU caches in sight. */
export const protOf = (flags: number): number =>
  IOMMU_CACHE |
  (flags & IOMMU_IOAS_MAP_WRITEABLE ? IOMMU_WRITE : 0) |
  (flags & IOMMU_IOAS_MAP_READABLE ? IOMMU_READ : 0)

/** The checks that every way of mapping begins with (IOMMUFD-06). */
export function checkMap(flags: number, ...numbers: number[]): number {
  if (flags & ~MAP_FLAGS) return -EOPNOTSUPP
  if (numbers.some((n) => n >= SPACE_END)) return -EOVERFLOW
  return flags & (IOMMU_IOAS_MAP_WRITEABLE | IOMMU_IOAS_MAP_READABLE) ? 0 : -EINVAL
}

export function* withIoas(
  ucmd: Ucmd, id: number, body: (ioas: Ioas) => Sim<number>,
): Sim<number> {
  const ioas = getObject(ucmd.ictx, id, 'ioas')
  if (typeof ioas === 'number') return ioas
  const ret = yield* body(ioas as Ioas)
  putObject(ioas)
  return ret
}

export function* ioasAlloc(ucmd: Ucmd): Sim<number> {
  const { cmd } = ucmd
  if (cmd['flags']) return -EOPNOTSUPP
  const ioas = newIoas(ucmd.ictx)
  if (typeof ioas === 'number') return ioas
  cmd['out_ioas_id'] = ioas.id
  const ret = ucmd.respond()
  if (ret) yield* abortObject(ioas)
  else finalizeObject(ioas)
  return ret
}

/** IOMMUFD-11: as many as fit, and how many there are. */
export function* iovaRanges(ucmd: Ucmd): Sim<number> {
  const { cmd } = ucmd
  if (cmd['__reserved']) return -EOPNOTSUPP
  return yield* withIoas(ucmd, cmd['ioas_id'], function* ({ iopt }) {
    yield* readLock(iopt.iovaLock)
    const free = [...holes(0, SPACE_END, iopt.reserved)]
    upRead(iopt.iovaLock)
    const room = cmd['num_iovas']
    cmd['num_iovas'] = free.length
    cmd['out_iova_alignment'] = iopt.alignment
    const to = cmd['allowed_iovas'] as unknown
    for (const [i, { start, end }] of free.slice(0, room).entries()) {
      if (!Array.isArray(to)) return -EFAULT
      to[i] = { start, last: end - 1 }
    }
    return ucmd.respond() || (free.length > room ? -EMSGSIZE : 0)
  })
}

function loadRanges(list: unknown, count: number): Range[] | number {
  const ranges: Range[] = []
  for (let i = 0; i < count; i++) {
    const given = Array.isArray(list) ? (list[i] as { start: number; last: number }) : undefined
    if (!given) return -EFAULT
    const { start, last } = given
    if (start >= last) return -EINVAL
    if (ranges.some((r) => overlaps(r, start, last + 1))) return -EINVAL
    ranges.push({ start, end: Math.min(last + 1, SPACE_END) })
  }
  return ranges.sort((a, b) => a.start - b.start)
}

export function* allowIovas(ucmd: Ucmd): Sim<number> {
  const { cmd } = ucmd
  if (cmd['__reserved']) return -EOPNOTSUPP
  return yield* withIoas(ucmd, cmd['ioas_id'], function* ({ iopt }) {
    const ranges = loadRanges(cmd['allowed_iovas'], cmd['num_iovas'])
    return typeof ranges === 'number' ? ranges : yield* iopt.allow(ranges)
  })
}

/** IOMMUFD-10: the same pages elsewhere. */
export function* ioasCopy(ucmd: Ucmd): Sim<number> {
  const { cmd } = ucmd
  const { flags, length, src_iova: from, dst_iova: to } = cmd
  const error = checkMap(flags, length, from, to)
  if (error) return error
  const source = getObject(ucmd.ictx, cmd['src_ioas_id'], 'ioas')
  if (typeof source === 'number') return source
  const slices = yield* (source as Ioas).iopt.slices(from, length)
  putObject(source)
  if (typeof slices === 'number') return slices
  const ret = yield* withIoas(ucmd, cmd['dst_ioas_id'], function* ({ iopt }) {
    const wanted = flags & IOMMU_IOAS_MAP_FIXED_IOVA ? to : null
    const place = yield* iopt.map(slices, wanted, protOf(flags))
    if (place < 0) return place
    cmd['dst_iova'] = place
    return ucmd.respond()
  })
  for (const { pages } of slices) yield* pages.put()
  return ret
}

export function* ioasUnmap(ucmd: Ucmd): Sim<number> {
  const { cmd } = ucmd
  return yield* withIoas(ucmd, cmd['ioas_id'], function* ({ iopt }) {
    const { iova, length } = cmd
    const done = { value: 0 }
    let ret: number
    if (iova === 0 && length >= SPACE_END) ret = yield* iopt.unmapAll(done)
    else if (iova >= SPACE_END || length >= SPACE_END) ret = -EOVERFLOW
    else ret = yield* iopt.unmap(iova, length, done)
    if (ret) return ret
    cmd['length'] = done.value
    return ucmd.respond()
  })
}

export const IOMMU_OPTION_RLIMIT_MODE = 0
export const IOMMU_OPTION_HUGE_PAGES = 1
export const IOMMU_OPTION_OP_SET = 0
export const IOMMU_OPTION_OP_GET = 1

/** IOMMU_OPTION: whose limit counts, and whether large pages are used. */
export function* option(ucmd: Ucmd): Sim<number> {
  const { cmd } = ucmd
  if (cmd['__reserved']) return -EOPNOTSUPP
  let ret = -EOPNOTSUPP
  if (cmd['option_id'] === IOMMU_OPTION_RLIMIT_MODE) ret = rlimitMode(ucmd)
  else if (cmd['option_id'] === IOMMU_OPTION_HUGE_PAGES)
    ret = yield* withIoas(ucmd, cmd['object_id'], ({ iopt }) => hugePages(ucmd, iopt))
  return ret || ucmd.respond()
}

const EPERM = 1
const EBUSY = 16

function rlimitMode({ cmd, ictx }: Ucmd): number {
  if (cmd['object_id']) return -EOPNOTSUPP
  if (cmd['op'] === IOMMU_OPTION_OP_GET) {
    cmd['val64'] = ictx.accountMode === 'mm' ? 1 : 0
    return 0
  }
  if (cmd['op'] !== IOMMU_OPTION_OP_SET) return -EOPNOTSUPP
  if (!memlockLimit(machine()).capable) return -EPERM
  if (ictx.$entries.size > 0) return -EBUSY
  if (cmd['val64'] > 1) return -EINVAL
  ictx.accountMode = cmd['val64'] === 1 ? 'mm' : 'user'
  return 0
}

function* hugePages({ cmd }: Ucmd, iopt: IoPagetable): Sim<number> {
  if (cmd['op'] === IOMMU_OPTION_OP_GET) {
    cmd['val64'] = iopt.hugePages ? 1 : 0
    return 0
  }
  if (cmd['op'] !== IOMMU_OPTION_OP_SET) return -EOPNOTSUPP
  if (cmd['val64'] > 1) return -EINVAL
  yield* writeLock(iopt.domainsLock)
  yield* writeLock(iopt.iovaLock)
  const before = iopt.hugePages
  iopt.hugePages = cmd['val64'] === 1
  // Nobody goes from large pages to small ones while hardware has them.
  let ret = 0
  if (before && !iopt.hugePages) {
    ret = iopt.domains.length > 0 ? -EINVAL : iopt.realign()
    if (ret) iopt.hugePages = before
  } else iopt.realign()
  upWrite(iopt.iovaLock)
  upWrite(iopt.domainsLock)
  return ret
}
