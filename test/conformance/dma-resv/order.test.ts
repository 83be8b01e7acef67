import { describe, expect, it } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { settle } from '../../../src-sim/kernel/live'
import { mm_struct, newMm } from '../../../src-sim/kernel/mm/mm-struct'
import { downRead, upRead } from '../../../src-sim/kernel/locking/rwsem'
import { TASK_UNINTERRUPTIBLE } from '../../../src-sim/kernel/sched/states'
import * as f from '../../../src-sim/linux/dma-fence'
import * as r from '../../../src-sim/linux/dma-resv'
import { fs_reclaim_acquire, fs_reclaim_release } from '../../../src-sim/linux/lockdep'
import { GFP_ATOMIC, GFP_KERNEL, GFP_NOFS, GFP_NOIO, kfree, kmalloc } from '../../../src-sim/linux/slab'
import * as w from '../../../src-sim/linux/ww_mutex'
import { sim } from '../../sim/harness'
import { checked } from '../checked'
import { newFence } from '../dma-fence/support'

function newResv(): r.dma_resv {
  const resv = new r.dma_resv()
  r.dma_resv_init(resv)
  return resv
}

function* mmapLocked(body: () => Sim): Sim {
  const mm: mm_struct = newMm()
  const down = downRead('down_read', mm.mmap_lock, TASK_UNINTERRUPTIBLE)
  if (typeof down !== 'number') yield* down
  yield* body()
  upRead(mm.mmap_lock)
}

function* resvLocked(body: () => Sim): Sim {
  const resv = newResv()
  yield* sim(r.dma_resv_lock(resv, null))
  yield* body()
  r.dma_resv_unlock(resv)
}

function* reclaiming(body: () => Sim): Sim {
  fs_reclaim_acquire(GFP_KERNEL)
  yield* body()
  fs_reclaim_release(GFP_KERNEL)
}

/** An allocation by code that somebody's wait for a fence depends on. */
function* signaling(flags: number): Sim {
  const cookie = f.dma_fence_begin_signalling()
  kfree(kmalloc(16, flags))
  f.dma_fence_end_signalling(cookie)
}

function* nothing(): Sim {}

const kindsOf = (body: () => Sim): string[] => checked(body).kinds

describe('RESV-10 the order of the locks is known from the start: the first breach is reported', () => {
  it.each([
    ['mmap_lock under a reservation', () => resvLocked(() => mmapLocked(nothing))],
    ['a reservation in reclaim', () => reclaiming(() => resvLocked(nothing))],
    ['mmap_lock in reclaim, once reservations are used', function* () {
      newResv()
      yield* reclaiming(() => mmapLocked(nothing))
    }],
    ['FENCE-15 an allocation where fences are signaled', () => signaling(GFP_KERNEL)],
    ['FENCE-15 one that does not call file systems', () => signaling(GFP_NOFS)],
    ['FENCE-15 one that does no input or output', () => signaling(GFP_NOIO)],
    ['a reservation where fences are signaled', function* () {
      const cookie = f.dma_fence_begin_signalling()
      yield* resvLocked(nothing)
      f.dma_fence_end_signalling(cookie)
    }],
    ['FENCE-13 FENCE-22 a page fault to be served before a fence is signaled', function* () {
      const cookie = f.dma_fence_begin_signalling()
      yield* mmapLocked(nothing)
      f.dma_fence_end_signalling(cookie)
    }],
    ['mmap_lock with an open context, though it holds nothing (WW-10)', function* () {
      const ctx = new w.ww_acquire_ctx()
      w.ww_acquire_init(ctx, settle(r.reservation_ww_class))
      yield* mmapLocked(nothing)
      w.ww_acquire_fini(ctx)
    }],
  ] as [string, () => Sim][])('%s', (_name, body) => {
    expect(kindsOf(body)).toEqual(['lockdep.circular'])
  })

  it.each([
    ['a reservation under mmap_lock', () => mmapLocked(() => resvLocked(nothing))],
    ['reclaim and a wait under a reservation', function* () {
      const fence = newFence()
      yield* sim(f.dma_fence_signal(fence))
      yield* resvLocked(() => reclaiming(() => sim(f.dma_fence_wait(fence, false)) as never))
    }],
    ['a reservation that is only tried in reclaim', function* () {
      const resv = newResv()
      fs_reclaim_acquire(GFP_KERNEL)
      if (r.dma_resv_trylock(resv)) r.dma_resv_unlock(resv)
      fs_reclaim_release(GFP_KERNEL)
    }],
    ['an atomic allocation where fences are signaled', () => signaling(GFP_ATOMIC)],
  ] as [string, () => Sim][])('and is no obstacle: %s', (_name, body) => {
    expect(kindsOf(body)).toEqual([])
  })
})
