import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EINVAL } from '../errno'
import { assignMap, clearMap, iosys_map, isNullMap, sameMap } from '../lib/iosys-map'
import { locking } from '../locking/locking'
import { memoryAccess } from '../mm/watch'
import { MAX_SCHEDULE_TIMEOUT } from '../time/clock'
import { assertBufferLocked, bugBuffer, useBuffer, warnBuffer, type dma_buf, type dma_buf_ops } from './buffer'
import { lockResv, unlockResv, USAGE_READ, USAGE_WRITE, type dma_resv } from './resv'
import { waitResv } from './resv-iter'

const DMA_FROM_DEVICE = 2

/** `might_lock`: checked as if the lock was taken, whether or not it will be. */
function mightLockResv(resv: dma_resv): void {
  const { acquire, release } = locking(machine()).on
  const map = resv.lock.base.dep_map
  if (!acquire.listened || map === null) return
  acquire.emit(map, 0, false, 0, null, resv.lock.base)
  release.emit(map, resv.lock.base)
}

function operations(dmabuf: dma_buf, inside: string): dma_buf_ops {
  memoryAccess(machine()).touch(dmabuf.ops!, 'begin_cpu_access', false, inside)
  return dmabuf.ops!
}

/**
 * The CPU is about to read or write: the exporter makes that possible, and then what devices are
 * doing with the buffer is waited for (DBUF-35). 0 or -errno.
 */
export function* beginCpuAccess(dmabuf: dma_buf | null, dir: number): Sim<number> {
  if (!dmabuf) {
    warnBuffer('null', ' at dma_buf_begin_cpu_access', 'DBUF-35')
    return -EINVAL
  }
  useBuffer(dmabuf, 'resv', false, 'dma_buf_begin_cpu_access')
  mightLockResv(dmabuf.resv!)
  const begin = operations(dmabuf, 'dma_buf_begin_cpu_access').begin_cpu_access
  let ret = begin ? Number((yield* call(() => begin(dmabuf, dir))) ?? 0) : 0
  if (ret === 0) {
    const usage = dir === DMA_FROM_DEVICE ? USAGE_WRITE : USAGE_READ
    ret = Math.min(0, yield* waitResv(dmabuf.resv!, usage, true, MAX_SCHEDULE_TIMEOUT))
  }
  emit(ev.dma_buf_begin_cpu_access, dmabuf, dir, ret)
  return ret
}

/** The CPU has finished; waits for nothing. 0 or the exporter's -errno. */
export function* endCpuAccess(dmabuf: dma_buf | null, dir: number): Sim<number> {
  if (!dmabuf) warnBuffer('null', ' at dma_buf_end_cpu_access', 'DBUF-35')
  const buffer = dmabuf!
  const { resv } = buffer
  useBuffer(buffer, 'resv', false, 'dma_buf_end_cpu_access')
  mightLockResv(resv!)
  const end = operations(buffer, 'dma_buf_end_cpu_access').end_cpu_access
  const ret = end ? Number((yield* call(() => end(buffer, dir))) ?? 0) : 0
  emit(ev.dma_buf_end_cpu_access, buffer, dir, ret)
  return ret
}

/** The buffer for the kernel itself; all users get the one mapping (DBUF-38). 0 or -errno. */
export function* vmapBuffer(dmabuf: dma_buf | null, map: iosys_map): Sim<number> {
  clearMap(map)
  if (!dmabuf) {
    warnBuffer('null', ' at dma_buf_vmap', 'DBUF-38')
    return -EINVAL
  }
  assertBufferLocked(dmabuf, 'dma_buf_vmap')
  const { vmap } = operations(dmabuf, 'dma_buf_vmap')
  if (!vmap) return -EINVAL
  const isFirst = dmabuf.vmapping_counter === 0
  if (isFirst !== isNullMap(dmabuf.vmap_ptr)) bugBuffer('dma_buf_vmap', 'DBUF-38')
  if (isFirst) {
    const made = new iosys_map()
    const ret = Number((yield* call(() => vmap(dmabuf, made))) ?? 0)
    if (ret) {
      warnBuffer('vmap', ' at dma_buf_vmap', 'DBUF-38', true)
      return ret
    }
    assignMap(dmabuf.vmap_ptr, made)
  }
  dmabuf.vmapping_counter++
  emit(ev.dma_buf_vmap, dmabuf, dmabuf.vmapping_counter)
  assignMap(map, dmabuf.vmap_ptr)
  return 0
}

/** One user less; the last one ends the mapping. */
export function* vunmapBuffer(dmabuf: dma_buf | null, map: iosys_map): Sim {
  if (!dmabuf) return warnBuffer('null', ' at dma_buf_vunmap', 'DBUF-38')
  assertBufferLocked(dmabuf, 'dma_buf_vunmap')
  const unbalanced = isNullMap(dmabuf.vmap_ptr) || dmabuf.vmapping_counter === 0
  if (unbalanced || !sameMap(dmabuf.vmap_ptr, map)) bugBuffer('dma_buf_vunmap', 'DBUF-38')
  dmabuf.vmapping_counter--
  emit(ev.dma_buf_vunmap, dmabuf, dmabuf.vmapping_counter)
  if (dmabuf.vmapping_counter > 0) return
  const { vunmap } = operations(dmabuf, 'dma_buf_vunmap')
  if (vunmap) yield* call(() => vunmap(dmabuf, map))
  clearMap(dmabuf.vmap_ptr)
}

export function* vmapUnlocked(dmabuf: dma_buf | null, map: iosys_map): Sim<number> {
  clearMap(map)
  if (!dmabuf) {
    warnBuffer('null', ' at dma_buf_vmap_unlocked', 'DBUF-38')
    return -EINVAL
  }
  useBuffer(dmabuf, 'resv', false, 'dma_buf_vmap_unlocked')
  yield* lockResv(dmabuf.resv!)
  const ret = yield* vmapBuffer(dmabuf, map)
  unlockResv(dmabuf.resv!)
  return ret
}

export function* vunmapUnlocked(dmabuf: dma_buf | null, map: iosys_map): Sim {
  if (!dmabuf) return warnBuffer('null', ' at dma_buf_vunmap_unlocked', 'DBUF-38')
  useBuffer(dmabuf, 'resv', false, 'dma_buf_vunmap_unlocked')
  yield* lockResv(dmabuf.resv!)
  yield* vunmapBuffer(dmabuf, map)
  unlockResv(dmabuf.resv!)
}
