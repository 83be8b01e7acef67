import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { point, type Sim } from '../../engine/suspend'
import { exit_mmap } from '../../trace/events'
import { step } from '../api'
import { currentProcessOrNull } from '../fs/process'
import { warn } from '../printk/warn'
import { emit } from '../emit'
import { AtomicCounter, load, result, store } from '../locking/atomic'
import { acquireOn, releaseOn } from '../locking/access'
import {
  downgradeWrite, downRead, downReadTrylock, downWrite, downWriteTrylock, initRwsem, rw_semaphore,
  upRead, upWrite,
} from '../locking/rwsem'
import { mightSleep } from '../sched/schedule'
import { TASK_KILLABLE, TASK_UNINTERRUPTIBLE } from '../sched/states'
import { initWork, queueWorkOn } from '../workqueue/queue'
import { work_struct, type work_func_t } from '../workqueue/structs'
import { workqueues } from '../workqueue/workqueues'
import { embedMembers } from './embed'
import { exitMmap } from './exit-mmap'
import type { MmSubscriptions } from './notify'
import { PageTable } from './page-table'
import { slab } from './slab'
import type { vm_area_struct } from './vma'
import { memoryAccess } from './watch'

const MM_BYTES = 1024

/**
 * The address space of a process, counted twice: its users keep the mappings (the last one tears
 * them down), and all users together are one holder of the structure itself.
 */
export class mm_struct extends KernelObject {
  mm_users = new AtomicCounter()
  mm_count = new AtomicCounter()
  /** Held for writing while mappings are made and torn down. */
  mmap_lock = new rw_semaphore()
  /** Pages that drivers have pinned for long. */
  pinned_vm = new AtomicCounter()
  /** Pages that may not leave memory, counted against RLIMIT_MEMLOCK. */
  locked_vm = 0
  /** Pages in all mappings. */
  total_vm = 0
  def_flags = 0
  /** @internal The process that it was made for, as the trace shows it. */
  $owner: object | null = null
  /** Null until somebody wants to hear of changes. */
  notifier_subscriptions: MmSubscriptions | null = null
  /** What devices that use its addresses are known by; null before the first one. */
  iommu_mm: { readonly pasid: number; drop(): void } | null = null
  /** @internal Its mappings, in the order of their addresses. */
  readonly $vmas: vm_area_struct[] = []
  /** @internal */
  readonly $table = new PageTable()
  /** @internal Some page has been pinned through it: a fork must look closer (MMF_HAS_PINNED). */
  $hasPinned = false
  /** @internal Its owner is being reaped, or nothing is left to reap (MMF_OOM_SKIP). */
  $oomSkip = false

  constructor() {
    super()
    embedMembers(this)
  }

  get map_count(): number {
    return this.$vmas.length
  }
}

/** An empty address space with one user, who owns it. */
export function newMm(): mm_struct {
  const mm = new mm_struct()
  slab(machine()).allocAlways(mm, MM_BYTES, 'mm_struct')
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

function* lastPut(mm: mm_struct): Sim {
  yield point(EXITS, mm)
  emit(exit_mmap, mm)
  yield* step('exit_mmap', exitMmap(mm))
  mmDrop(mm)
}

/** One user less; the last one tears the mappings down here and now. May sleep. */
export function* mmPut(mm: mm_struct): Sim {
  mightSleep('mmput')
  use(mm, 'mmput')
  releaseOn(mm)
  if (result(mm.mm_users, (n) => n - 1) === 0) yield* lastPut(mm)
}

/** The same from anywhere: the tearing down is left to a worker. */
export function mmPutAsync(mm: mm_struct): void {
  use(mm, 'mmput_async')
  releaseOn(mm)
  if (result(mm.mm_users, (n) => n - 1) !== 0) return
  const work = new work_struct()
  initWork(work, (() => lastPut(mm)) as unknown as work_func_t)
  queueWorkOn(null, workqueues(machine()).system('system_percpu_wq'), work)
}

/** One more holder of the structure, whose mappings may go all the same. */
export function mmGrab(mm: mm_struct): void {
  use(mm, 'mmgrab')
  result(mm.mm_count, (n) => n + 1)
}

export function mmDrop(mm: mm_struct): void {
  use(mm, 'mmdrop')
  if (result(mm.mm_count, (n) => n - 1) !== 0) return
  mm.iommu_mm?.drop()
  const m = machine()
  if (currentProcessOrNull()?.mmIfUsed === mm)
    warn(m, 'mmdrop-current', 'kernel/fork.c at __mmdrop', null, { rules: ['MM-06'], objects: [mm] })
  mm.notifier_subscriptions?.destroy(mm)
  slab(m).free(mm)
}

export function* mmapLock(mm: mm_struct, write: boolean): Sim {
  use(mm, 'down_write')
  const down = write
    ? downWrite('down_write', mm.mmap_lock, TASK_UNINTERRUPTIBLE)
    : downRead('down_read', mm.mmap_lock, TASK_UNINTERRUPTIBLE)
  if (typeof down !== 'number') yield* down
}

/** Gives up when the task is killed meanwhile: 0 or -EINTR. */
export function* mmapLockKillable(mm: mm_struct, write: boolean): Sim<number> {
  use(mm, 'down_write_killable')
  const down = write
    ? downWrite('down_write_killable', mm.mmap_lock, TASK_KILLABLE)
    : downRead('down_read_killable', mm.mmap_lock, TASK_KILLABLE)
  return typeof down === 'number' ? down : yield* down
}

export function mmapTrylock(mm: mm_struct, write: boolean): boolean {
  use(mm, 'down_read_trylock')
  return (write ? downWriteTrylock(mm.mmap_lock) : downReadTrylock(mm.mmap_lock)) === 1
}

export function mmapUnlock(mm: mm_struct, write: boolean): void {
  if (write) upWrite(mm.mmap_lock)
  else upRead(mm.mmap_lock)
}

export function mmapDowngrade(mm: mm_struct): void {
  downgradeWrite(mm.mmap_lock)
}
