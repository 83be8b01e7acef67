import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { point, type Sim } from '../../engine/suspend'
import { AtomicCounter, load, result, store } from '../locking/atomic'
import { acquireOn, releaseOn } from '../locking/access'
import { downRead, downWrite, initRwsem, rw_semaphore, upRead, upWrite } from '../locking/rwsem'
import { embedMembers } from '../mm/embed'
import { slab } from '../mm/slab'
import { memoryAccess } from '../mm/watch'
import { mightSleep } from '../sched/schedule'
import { TASK_UNINTERRUPTIBLE } from '../sched/states'
import { initWork, queueWorkOn } from '../workqueue/queue'
import { work_struct, type work_func_t } from '../workqueue/structs'
import { workqueues } from '../workqueue/workqueues'

const MM_BYTES = 1024

/**
 * The address space of a process, counted twice: its users keep the mappings (the last one tears
 * them down), and all users together are one holder of the structure itself.
 */
export class mm_struct extends KernelObject {
  mm_users = new AtomicCounter()
  mm_count = new AtomicCounter()
  /** Held for writing while mappings are made and torn down, `vm_ops->close` included. */
  mmap_lock = new rw_semaphore()
  /** @internal Tears the mappings down. */
  $exit: () => Sim

  constructor(exit: () => Sim) {
    super()
    this.$exit = exit
    embedMembers(this)
  }
}

export function newMm(exit: () => Sim): mm_struct {
  const mm = new mm_struct(exit)
  slab(machine()).alloc(mm, MM_BYTES, 'mm_struct')
  store(mm.mm_users, 1)
  store(mm.mm_count, 1)
  initRwsem(mm.mmap_lock, '&mm->mmap_lock', 'mm->mmap_lock')
  return mm
}

function use(mm: mm_struct, inside: string): void {
  memoryAccess(machine()).touch(mm, 'mm_users', true, inside)
}

/** One more user of an address space that has users. */
export function mmGet(mm: mm_struct): void {
  use(mm, 'mmget')
  result(mm.mm_users, (n) => n + 1)
}

/** False when the last user has gone: the mappings are being torn down, or are no more. */
export function mmGetNotZero(mm: mm_struct): boolean {
  use(mm, 'mmget_not_zero')
  acquireOn(mm)
  if (load(mm.mm_users) === 0) return false
  result(mm.mm_users, (n) => n + 1)
  return true
}

const EXITS = { $name: 'exit_mmap' }

/** One user less; the last one tears the mappings down here and now. May sleep. */
export function* mmPut(mm: mm_struct): Sim {
  mightSleep('mmput')
  use(mm, 'mmput')
  releaseOn(mm)
  if (result(mm.mm_users, (n) => n - 1) !== 0) return
  yield point(EXITS, mm)
  yield* mm.$exit()
  mmDrop(mm)
}

/** The same from anywhere: the tearing down is left to a worker. */
export function mmPutAsync(mm: mm_struct): void {
  use(mm, 'mmput_async')
  releaseOn(mm)
  if (result(mm.mm_users, (n) => n - 1) !== 0) return
  const work = new work_struct()
  const exit = function* (): Sim {
    yield* mm.$exit()
    mmDrop(mm)
  }
  initWork(work, exit as unknown as work_func_t)
  queueWorkOn(null, workqueues(machine()).system('system_percpu_wq'), work)
}

/** One more holder of the structure, whose mappings may go all the same. */
export function mmGrab(mm: mm_struct): void {
  use(mm, 'mmgrab')
  result(mm.mm_count, (n) => n + 1)
}

export function mmDrop(mm: mm_struct): void {
  use(mm, 'mmdrop')
  if (result(mm.mm_count, (n) => n - 1) === 0) slab(machine()).free(mm)
}

export function* mmapLock(mm: mm_struct, write: boolean): Sim {
  use(mm, 'down_write')
  const down = write
    ? downWrite('down_write', mm.mmap_lock, TASK_UNINTERRUPTIBLE)
    : downRead('down_read', mm.mmap_lock, TASK_UNINTERRUPTIBLE)
  if (typeof down !== 'number') yield* down
}

export function mmapUnlock(mm: mm_struct, write: boolean): void {
  if (write) upWrite(mm.mmap_lock)
  else upRead(mm.mmap_lock)
}
