import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import type { DmaDevice } from '../dma/dma-device'
import { errPtr } from '../err'
import { EBUSY, EFAULT, EINVAL, ENOMEM, EOVERFLOW } from '../errno'
import { allocDmaMap, freeDmaMap, hmm_dma_map, unmapEntry } from '../hmm/dma-map'
import { HMM_PFN, HMM_PFN_FLAGS, pageOfEntry } from '../hmm/pfn'
import { hmm_range, rangeFault } from '../hmm/range'
import { heldChecker } from '../locking/assert'
import { fsReclaimAcquire, fsReclaimRelease } from '../locking/fs-reclaim'
import { initMutex, mutex, mutexLock, mutexUnlock } from '../locking/mutex'
import { currentMm } from '../mm/current-mm'
import { embedMembers } from '../mm/embed'
import { mmapLock, mmapUnlock, mmGetNotZero, mmPutAsync, type mm_struct } from '../mm/mm-struct'
import { ADDRESS_MAX } from '../mm/notify'
import { PG, setFlag } from '../mm/page'
import { slab } from '../mm/slab'
import { insert, readBegin, readRetry, remove } from '../mmu-notifier/interval'
import { mmu_interval_notifier, type mmu_interval_notifier_ops } from '../mmu-notifier/structs'
import { warn } from '../printk/warn'
import type { ib_device } from './device'
import { ib_umem, isWritable } from './umem'

export const IB_ACCESS_ON_DEMAND = 1 << 6
const UMEM_BYTES = 512
const GFP_KERNEL = 0xcc0
/** How long a fault tries again while the range changes: HMM_RANGE_DEFAULT_TIMEOUT. */
const TRY_NS = 1_000_000_000

/** Memory of a program that the hardware faults in when it needs it. */
export class ib_umem_odp extends ib_umem {
  notifier = new mmu_interval_notifier()
  map = new hmm_dma_map()
  /** Taken by faults and by invalidations: what is mapped changes under it only. */
  umem_mutex = new mutex()
  private: any = null
  npages = 0
  is_implicit_odp = false
  page_shift = 12
  owning_mm: mm_struct | null = null
}

export const startOf = (umem: ib_umem_odp): number => umem.notifier.$start
export const endOf = (umem: ib_umem_odp): number => umem.notifier.$last + 1

/** Null where the driver moves the bytes itself. */
const dmaDevice = (umem: ib_umem_odp): DmaDevice | null =>
  umem.ibdev?.dev.parent as DmaDevice | null

function newUmem(device: ib_device, addr: number, size: number, access: number): ib_umem_odp | null {
  const umem = slab(machine()).alloc(new ib_umem_odp(), UMEM_BYTES)
  if (umem === null) return null
  embedMembers(umem)
  umem.ibdev = device
  umem.address = addr
  umem.length = size
  umem.writable = isWritable(access)
  umem.is_odp = true
  umem.owning_mm = currentMm()
  initMutex(umem.umem_mutex, '&umem_odp->umem_mutex')
  return umem
}

function* lock(umem: ib_umem_odp): Sim {
  const taken = mutexLock(umem.umem_mutex)
  if (typeof taken !== 'number') yield* taken
}

/** Subscribes to the range. 0 or -errno. */
function* initialise(umem: ib_umem_odp, ops: mmu_interval_notifier_ops): Sim<number> {
  const start = umem.address - (umem.address % PAGE_SIZE)
  const end = Math.ceil((umem.address + umem.length) / PAGE_SIZE) * PAGE_SIZE
  if (end > ADDRESS_MAX || end < PAGE_SIZE) return -EOVERFLOW
  // Invalidations come from reclaim, too: the lock checker learns that at once.
  fsReclaimAcquire(GFP_KERNEL)
  yield* lock(umem)
  mutexUnlock(umem.umem_mutex)
  fsReclaimRelease(GFP_KERNEL)
  const entries = (end - start) / PAGE_SIZE
  if (entries === 0) return -EINVAL
  const dev = dmaDevice(umem)
  if (dev === null) umem.map.pfn_list = Array.from({ length: entries }, () => 0)
  else {
    const ret = allocDmaMap(dev, umem.map, entries, PAGE_SIZE)
    if (ret) return ret
  }
  const range = { start, length: end - start, ops }
  const ret = yield* insert(umem.notifier, umem.owning_mm!, range)
  if (ret) freeDmaMap(umem.map)
  return ret
}

/** Memory of the running program; an error pointer on failure. */
export function* getOdp(
  device: ib_device, addr: number, size: number, access: number, ops: mmu_interval_notifier_ops,
): Sim<ib_umem_odp> {
  if (!(access & IB_ACCESS_ON_DEMAND)) {
    warn(machine(), 'umem-odp', 'drivers/infiniband/core/umem_odp.c at ib_umem_odp_get', null)
    return errPtr(-EINVAL)
  }
  const umem = newUmem(device, addr, size, access)
  if (umem === null) return errPtr(-ENOMEM)
  const ret = yield* initialise(umem, ops)
  if (!ret) return umem
  slab(machine()).free(umem)
  return errPtr(ret)
}

/** The hardware does not use it any more: unmaps everything, leaves, and frees (HMM-09). */
export function* releaseOdp(umem: ib_umem_odp): Sim {
  if (!umem.is_implicit_odp) {
    yield* lock(umem)
    unmapOdp(umem, startOf(umem), endOf(umem))
    mutexUnlock(umem.umem_mutex)
    yield* remove(umem.notifier)
    freeDmaMap(umem.map)
  }
  slab(machine()).free(umem)
}

/** With the lock held: the hardware's addresses of a part go, and written pages become dirty. */
export function unmapOdp(umem: ib_umem_odp, from: number, to: number): void {
  heldChecker(machine()).assert(umem.umem_mutex.dep_map)
  const dev = dmaDevice(umem)
  const { pfn_list: list } = umem.map
  for (let at = Math.max(from, startOf(umem)); at < Math.min(to, endOf(umem)); at += PAGE_SIZE) {
    const i = Math.floor((at - startOf(umem)) / PAGE_SIZE)
    const entry = list[i]!
    if (dev !== null && unmapEntry(dev, umem.map, i)) {
      if (entry & HMM_PFN.WRITE) setFlag(pageOfEntry(entry), PG.dirty)
      umem.npages--
    }
    list[i]! -= list[i]! & HMM_PFN_FLAGS
  }
}

interface OdpFault {
  start: number
  bytes: number
  access: number
  fault: boolean
}

function rangeFor(umem: ib_umem_odp, { start, bytes, access, fault }: OdpFault): hmm_range {
  const range = new hmm_range()
  range.notifier = umem.notifier
  range.start = start - (start % PAGE_SIZE)
  range.end = Math.ceil((start + bytes) / PAGE_SIZE) * PAGE_SIZE
  range.hmm_pfns = umem.map.pfn_list
  range.$first = (range.start - startOf(umem)) / PAGE_SIZE
  if (fault) range.default_flags = HMM_PFN.VALID | (access & HMM_PFN.WRITE)
  return range
}

/**
 * Looks pages up for the hardware. How many, with the lock held so that no invalidation comes before
 * they are shown to it; or -errno, without the lock (HMM-08).
 */
export function* mapOdpAndLock(umem: ib_umem_odp, fault: OdpFault): Sim<number> {
  if (fault.start < startOf(umem) || fault.start + fault.bytes > endOf(umem)) return -EFAULT
  const mm = umem.owning_mm!
  if (!mmGetNotZero(mm)) return -EINVAL
  const ret = yield* lookUp(umem, mm, rangeFor(umem, fault))
  mmPutAsync(mm)
  return ret
}

function* lookUp(umem: ib_umem_odp, mm: mm_struct, range: hmm_range): Sim<number> {
  const untilNs = machine().nowNs + TRY_NS
  for (;;) {
    range.notifier_seq = yield* readBegin(umem.notifier)
    yield* mmapLock(mm, false)
    const ret = yield* rangeFault(range)
    mmapUnlock(mm, false)
    if (ret === -EBUSY && machine().nowNs <= untilNs) continue
    if (ret) return ret
    yield* lock(umem)
    if (!readRetry(umem.notifier, range.notifier_seq)) return (range.end - range.start) / PAGE_SIZE
    mutexUnlock(umem.umem_mutex)
  }
}
