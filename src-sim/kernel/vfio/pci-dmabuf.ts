import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { invalidateMappings, isRevocable } from '../dma-buf/attach'
import { dma_buf_export_info, type dma_buf, type dma_buf_attachment, type dma_buf_ops } from '../dma-buf/buffer'
import { exportBuffer, fdOfBuffer, putBuffer } from '../dma-buf/export'
import { freeTableOf, physVecToTable, type phys_vec } from '../dma-buf/phys-vec'
import { lockResv, unlockResv, USAGE_BOOKKEEP } from '../dma-buf/resv'
import { waitResv } from '../dma-buf/resv-iter'
import type { sg_table } from '../dma/sg'
import { errPtr, isErr, ptrErr } from '../err'
import { EFAULT, EINVAL, ENODEV, ENOTTY, EOPNOTSUPP } from '../errno'
import { getFile } from '../fs/file'
import { fput } from '../fs/file-table'
import { physicalExporters, type PhysRange } from '../iommufd/dma-buf-source'
import { writeLock } from '../iommufd/lock'
import { upWrite } from '../locking/rwsem'
import { initP2pdma, providerOf, type p2pdma_provider } from '../pci/p2pdma'
import { resourceSize } from '../platform/resource'
import { WaitList } from '../sched/schedule'
import { MAX_SCHEDULE_TIMEOUT } from '../time/clock'
import { getDevice, putDevice } from './device'
import type { vfio_pci_core_device } from './pci-core'
import { VFIO_PCI_ROM_REGION_INDEX } from './uapi'

/** BARs lent out as shared buffers: drivers/vfio/pci/vfio_pci_dmabuf.c. */

export const VFIO_DEVICE_FEATURE_MASK = 0xffff
export const VFIO_DEVICE_FEATURE_GET = 1 << 16
export const VFIO_DEVICE_FEATURE_SET = 1 << 17
export const VFIO_DEVICE_FEATURE_PROBE = 1 << 18
export const VFIO_DEVICE_FEATURE_DMA_BUF = 11
const HEADER = 8
const REQUEST = 16
const SWIOTLB_MARK = 2 ** 63

/** A part of a BAR. */
export interface vfio_region_dma_range {
  offset: number
  length: number
}

/** What a program asks for; the answer is the descriptor. */
export interface vfio_device_feature_dma_buf {
  region_index: number
  open_flags: number
  flags: number
  nr_ranges: number
  dma_ranges: vfio_region_dma_range[]
}

/** A buffer, and the device it was lent by, as long as that has it. */
class Lent {
  vdev: vfio_pci_core_device | null
  readonly provider: p2pdma_provider
  readonly ranges: phys_vec[]
  dmabuf: dma_buf | null = null
  revoked = false
  mapped = 0
  readonly idle = new WaitList()

  constructor(vdev: vfio_pci_core_device, provider: p2pdma_provider, ranges: phys_vec[]) {
    this.vdev = vdev
    this.provider = provider
    this.ranges = ranges
  }
}

const lentOf = (dmabuf: dma_buf): Lent => dmabuf.priv as Lent

/** What each device has lent, oldest first; under its memory lock. */
const lentBy = new WeakMap<vfio_pci_core_device, Lent[]>()

function attach(dmabuf: dma_buf, a: dma_buf_attachment): number {
  if (!a.peer2peer) return -EOPNOTSUPP
  if (lentOf(dmabuf).revoked) return -ENODEV
  return isRevocable(a) ? 0 : -EOPNOTSUPP
}

function map_dma_buf(a: dma_buf_attachment, dir: number): sg_table {
  const lent = lentOf(a.dmabuf!)
  if (lent.revoked) return errPtr(-ENODEV)
  const table = physVecToTable(a, lent.provider, lent.ranges, dir)
  if (!isErr(table)) lent.mapped++
  return table
}

function unmap_dma_buf(a: dma_buf_attachment, table: sg_table, dir: number): void {
  const lent = lentOf(a.dmabuf!)
  freeTableOf(a, table, dir)
  if (--lent.mapped === 0) lent.idle.wakeAll()
}

function* release(dmabuf: dma_buf): Sim {
  const lent = lentOf(dmabuf)
  const { vdev } = lent
  if (vdev === null) return
  yield* writeLock(vdev.memory_lock)
  unlink(vdev, lent)
  upWrite(vdev.memory_lock)
  putDevice(vdev)
}

function unlink(vdev: vfio_pci_core_device, lent: Lent): void {
  const all = lentBy.get(vdev)!
  all.splice(all.indexOf(lent), 1)
}

const OPERATIONS = { attach, map_dma_buf, unmap_dma_buf, release } as unknown as dma_buf_ops

/** For the one importer that maps physical addresses (DBUF-44). */
function physicalRange({ dmabuf }: dma_buf_attachment): PhysRange | number | null {
  if (dmabuf!.ops !== OPERATIONS) return null
  const { revoked, ranges } = lentOf(dmabuf!)
  if (revoked) return -ENODEV
  if (ranges.length > 1) return -EOPNOTSUPP
  return { phys: ranges[0]!.paddr, length: ranges[0]!.len }
}

const exporter = service((m) => {
  physicalExporters(m).push(physicalRange)
  return OPERATIONS
})

/**
 * Memory goes (or is back), lock held for writing: all importers are told, fences are waited for,
 * and when it goes also the last unmapping (DBUF-24, DBUF-26).
 */
export function* moveBuffers(vdev: vfio_pci_core_device, revoked: boolean): Sim {
  for (const lent of [...(lentBy.get(vdev) ?? [])]) {
    const f = lent.dmabuf!.file!
    if (f.$count <= 0 || lent.revoked === revoked) continue
    getFile(f)
    const resv = lent.dmabuf!.resv!
    yield* lockResv(resv)
    if (revoked) lent.revoked = true
    yield* invalidateMappings(lent.dmabuf!)
    yield* waitResv(resv, USAGE_BOOKKEEP, false, MAX_SCHEDULE_TIMEOUT)
    if (!revoked) lent.revoked = false
    unlockResv(resv)
    if (revoked)
      yield* lent.idle.waitUntil(() => lent.mapped === 0, lent.dmabuf!, 'the last unmapping')
    fput(f)
  }
}

/** The device's file is closed: what was lent stays as an empty shell. Lock held for writing. */
export function* cleanUpBuffers(vdev: vfio_pci_core_device): Sim {
  yield* moveBuffers(vdev, true)
  for (const lent of [...(lentBy.get(vdev) ?? [])]) {
    if (lent.dmabuf!.file!.$count <= 0) continue
    unlink(vdev, lent)
    lent.vdev = null
    putDevice(vdev)
  }
}

/** The total length, or -errno. */
function measure(ranges: readonly vfio_region_dma_range[]): number {
  let total = 0
  for (const { offset, length } of ranges) {
    if (length === 0 || offset % PAGE_SIZE || length % PAGE_SIZE) return -EINVAL
    total += length
    if (total >= SWIOTLB_MARK) return -EINVAL
  }
  return total
}

function physicalRanges(
  vdev: vfio_pci_core_device, bar: number, ranges: readonly vfio_region_dma_range[],
): phys_vec[] | number {
  const r = vdev.pdev.resource[bar]!
  const size = resourceSize(r)
  if (ranges.some(({ offset, length }) => offset + length > size)) return -EINVAL
  return ranges.map(({ offset, length }) => ({ paddr: r.start + offset, len: length }))
}

function* exportLent(lent: Lent, size: number, openFlags: number): Sim<dma_buf> {
  const info = new dma_buf_export_info()
  info.exp_name = 'vfio-pci'
  info.ops = exporter(machine())
  info.size = size
  info.flags = openFlags
  info.priv = lent
  return yield* exportBuffer(info)
}

function* lend(vdev: vfio_pci_core_device, arg: vfio_device_feature_dma_buf): Sim<number> {
  const size = measure(arg.dma_ranges)
  if (size < 0) return size
  const unready = yield* initP2pdma(vdev.pdev)
  const provider = unready ? null : providerOf(vdev.pdev, arg.region_index)
  if (!provider) return -EINVAL
  const ranges = physicalRanges(vdev, arg.region_index, arg.dma_ranges)
  if (typeof ranges === 'number') return ranges
  if (!getDevice(vdev)) return -ENODEV
  const lent = new Lent(vdev, provider, ranges)
  const dmabuf = yield* exportLent(lent, size, arg.open_flags)
  if (isErr(dmabuf)) {
    putDevice(vdev)
    return ptrErr(dmabuf)
  }
  lent.dmabuf = dmabuf
  yield* writeLock(vdev.memory_lock)
  yield* lockResv(dmabuf.resv!)
  lent.revoked = !vdev.$memoryOn
  const all = lentBy.get(vdev) ?? []
  lentBy.set(vdev, [...all, lent])
  unlockResv(dmabuf.resv!)
  upWrite(vdev.memory_lock)
  const fd = fdOfBuffer(dmabuf, arg.open_flags)
  if (fd < 0) putBuffer(dmabuf)
  return fd
}

/** The feature call of a device; a descriptor, 0 for a probe, or -errno (DBUF-27). */
export function* askFeature(vdev: vfio_pci_core_device, user: unknown): Sim<number> {
  const head = user as { argsz?: number; flags?: number; data?: vfio_device_feature_dma_buf } | null
  if (head === null || typeof head !== 'object') return -EFAULT
  const { argsz = 0, flags = 0, data } = head
  const known = VFIO_DEVICE_FEATURE_MASK | VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_SET
  if (argsz < HEADER || flags & ~(known | VFIO_DEVICE_FEATURE_PROBE)) return -EINVAL
  const [get, set] = [flags & VFIO_DEVICE_FEATURE_GET, flags & VFIO_DEVICE_FEATURE_SET]
  if (get && set && !(flags & VFIO_DEVICE_FEATURE_PROBE)) return -EINVAL
  if ((flags & VFIO_DEVICE_FEATURE_MASK) !== VFIO_DEVICE_FEATURE_DMA_BUF) return -ENOTTY
  if (set) return -EINVAL
  if (flags & VFIO_DEVICE_FEATURE_PROBE) return 0
  if (!get || argsz < HEADER + REQUEST) return -EINVAL
  if (!data || typeof data !== 'object') return -EFAULT
  if (!data.nr_ranges || data.flags) return -EINVAL
  const { region_index: bar } = data
  if (bar >= VFIO_PCI_ROM_REGION_INDEX || !vdev.$claimed.has(bar)) return -ENODEV
  if ((data.dma_ranges?.length ?? 0) < data.nr_ranges) return -EFAULT
  return yield* lend(vdev, { ...data, dma_ranges: data.dma_ranges.slice(0, data.nr_ranges) })
}
