import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { PTR_ERR } from '../../../src-sim/linux/err'
import { EFAULT, EINVAL, EPERM } from '../../../src-sim/linux/errno'
import { HMM_PFN_WRITE } from '../../../src-sim/linux/hmm'
import * as mn from '../../../src-sim/linux/mmu_notifier'
import { mutex_is_locked, mutex_unlock } from '../../../src-sim/linux/mutex'
import { ib_device } from '../../../src-sim/linux/rdma/ib_verbs'
import * as odp from '../../../src-sim/linux/rdma/ib_umem_odp'
import { mmgrab, mmput } from '../../../src-sim/linux/sched/mm'
import { load } from '../../../src-sim/kernel/locking/atomic'
import { currentMm } from '../../../src-sim/kernel/mm/current-mm'
import { PROT } from '../../../src-sim/kernel/mm/mmap'
import { kcall } from '../../sim/harness'
import { checked } from '../checked'
import { BASE, map, PAGE, RW } from './kit'

const ops: mn.mmu_interval_notifier_ops = {
  invalidate: (n, _, seq) => {
    mn.mmu_interval_set_seq(n, seq)
    return true
  },
}

function* region(pages: number, prot: number = RW): Sim<odp.ib_umem_odp> {
  yield* map(currentMm()!, BASE, pages, prot)
  const bytes = pages * PAGE
  return yield* kcall(odp.ib_umem_odp_get, new ib_device(), BASE, bytes, odp.IB_ACCESS_ON_DEMAND, ops)
}

const fault = (umem: odp.ib_umem_odp, at: number, bytes: number, write = true) =>
  kcall(odp.ib_umem_odp_map_dma_and_lock, umem, at, bytes, write ? HMM_PFN_WRITE : 0, true)

test('HMM-08 a fault answers the pages with the mutex held, and keeps no user of the mm', () => {
  const { log, kinds } = checked(function* (say) {
    const mm = currentMm()!
    const umem = yield* region(4)
    const users = load(mm.mm_users)
    say(yield* fault(umem, BASE + PAGE + 8, PAGE), mutex_is_locked(umem.umem_mutex))
    mutex_unlock(umem.umem_mutex)
    say(load(mm.mm_users) === users, odp.ib_umem_odp_num_pages(umem))
    yield* kcall(odp.ib_umem_odp_release, umem)
  })
  expect(log).toEqual(['2 true', 'true 4'])
  expect(kinds).toEqual([])
})

test('HMM-08 every error comes without the mutex', () => {
  const { log } = checked(function* (say) {
    const umem = yield* region(2, PROT.READ)
    say(yield* fault(umem, BASE + PAGE, 2 * PAGE), mutex_is_locked(umem.umem_mutex))
    say(yield* fault(umem, BASE, PAGE), mutex_is_locked(umem.umem_mutex))
    const mm = currentMm()!
    mmgrab(mm)
    yield* kcall(mmput, mm)
    say(yield* fault(umem, BASE, PAGE, false), mutex_is_locked(umem.umem_mutex))
  })
  expect(log).toEqual([`${-EFAULT} false`, `${-EPERM} false`, `${-EINVAL} false`])
})

test('HMM-09 wants the flag, and takes the mutex to unmap before it leaves', () => {
  const { log, kinds } = checked(function* (say) {
    yield* map(currentMm()!, BASE, 1)
    say(PTR_ERR(yield* kcall(odp.ib_umem_odp_get, new ib_device(), BASE, PAGE, 1, ops)))
    const umem = yield* region(1)
    odp.ib_umem_odp_unmap_dma_pages(umem, BASE, BASE + PAGE)
  })
  expect(log).toEqual([String(-EINVAL)])
  expect(kinds).toEqual(['warn.umem-odp', 'warn.lockdep-assert'])
})
