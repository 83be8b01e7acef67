import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { EINVAL, ENOMEM, EOPNOTSUPP, EOVERFLOW } from '../errno'
import { initGather, iommu_iotlb_gather } from '../iommu/gather'
import { iotlbSync } from '../iommu/map'
import { upRead } from '../locking/rwsem'
import { faultInjection } from '../mm/fault-injection'
import { contiguous } from './area'
import { withHwpt, type HwptPaging } from './hwpt'
import { readLock } from './lock'
import { overflows } from './ranges'
import type { Ucmd } from './ucmd'

/** Which pages devices have written (IOMMUFD-13). */

export const IOMMU_HWPT_DIRTY_TRACKING_ENABLE = 1
export const IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR = 1

/** Where a driver of an IOMMU tells what was written. */
export interface iommu_dirty_bitmap {
  /** Marks bytes; null: the caller only wants the marks of the hardware cleared. */
  record: ((iova: number, length: number) => void) | null
  gather: iommu_iotlb_gather
}

/** Clears what the hardware remembers of areas from before. */
function* clearMarks(hwpt: HwptPaging): Sim<number> {
  const { iopt } = hwpt.ioas
  const domain = hwpt.domain!
  const read = domain.dirty_ops?.read_and_clear_dirty
  if (!read) return -EOPNOTSUPP
  const dirty: iommu_dirty_bitmap = { record: null, gather: initGather(new iommu_iotlb_gather()) }
  for (const area of iopt.areas) {
    if (!area.pages) continue
    const ret = yield* call(() => read(domain, area.start, area.length, 0, dirty))
    if (ret) return ret
  }
  yield* iotlbSync(domain, dirty.gather)
  return 0
}

export function* setDirtyTracking(ucmd: Ucmd): Sim<number> {
  const { cmd } = ucmd
  if (cmd['flags'] & ~IOMMU_HWPT_DIRTY_TRACKING_ENABLE || cmd['__reserved']) return -EOPNOTSUPP
  return yield* withHwpt(ucmd, cmd['hwpt_id'], function* (hwpt) {
    const enable = (cmd['flags'] & IOMMU_HWPT_DIRTY_TRACKING_ENABLE) !== 0
    const ops = hwpt.domain!.dirty_ops
    if (!ops) return -EOPNOTSUPP
    const { iopt } = hwpt.ioas
    yield* readLock(iopt.iovaLock)
    let ret = enable ? yield* clearMarks(hwpt) : 0
    if (!ret) ret = yield* call(() => ops.set_dirty_tracking(hwpt.domain!, enable))
    upRead(iopt.iovaLock)
    return ret
  })
}

function checkBitmap(cmd: Record<string, any>, { ioas }: HwptPaging): number {
  const { iova, length, page_size: page } = cmd
  const { alignment } = ioas.iopt
  if (!page || page & (page - 1) || iova % alignment || iova % page || length % page) return -EINVAL
  if (length === 0) return -EINVAL
  return overflows(iova, length) ? -EOVERFLOW : 0
}

/** One bit for each page; a hole ends the walk, which nobody is told. */
export function* getDirtyBitmap(ucmd: Ucmd): Sim<number> {
  const { cmd } = ucmd
  if (cmd['flags'] & ~IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR || cmd['__reserved']) return -EOPNOTSUPP
  return yield* withHwpt(ucmd, cmd['hwpt_id'], function* (hwpt) {
    const ops = hwpt.domain!.dirty_ops
    if (!ops) return -EOPNOTSUPP
    const wrong = checkBitmap(cmd, hwpt)
    if (wrong) return wrong
    const bitmap = cmd['data'] as unknown
    const refused = faultInjection(machine()).shouldFail('iova_bitmap_alloc')
    if (!(bitmap instanceof Uint8Array) || refused) return -ENOMEM
    const dirty = recorder(bitmap, cmd['iova'], cmd['page_size'])
    const { iopt } = hwpt.ioas
    yield* readLock(iopt.iovaLock)
    yield* walk(hwpt, cmd, dirty)
    upRead(iopt.iovaLock)
    return 0
  })
}

function recorder(bitmap: Uint8Array, from: number, page: number): iommu_dirty_bitmap {
  return {
    gather: initGather(new iommu_iotlb_gather()),
    record(iova, length) {
      const first = Math.floor((iova - from) / page)
      const last = Math.floor((iova + length - 1 - from) / page)
      for (let bit = Math.max(first, 0); bit <= last && bit >> 3 < bitmap.length; bit++)
        bitmap[bit >> 3]! |= 1 << (bit & 7)
    },
  }
}

function* walk(hwpt: HwptPaging, cmd: Record<string, any>, dirty: iommu_dirty_bitmap): Sim {
  const domain = hwpt.domain!
  const { read_and_clear_dirty: read } = domain.dirty_ops!
  const end = cmd['iova'] + cmd['length']
  for (let at = cmd['iova'] as number; at < end; ) {
    const part = contiguous(hwpt.ioas.iopt.areas, at, 1)?.[0]
    if (!part) break
    const length = Math.min(part.area.end, end) - at
    const from = at
    yield* call(() => read(domain, from, length, cmd['flags'], dirty))
    at += length
  }
  if (!(cmd['flags'] & IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR)) yield* iotlbSync(domain, dirty.gather)
}
