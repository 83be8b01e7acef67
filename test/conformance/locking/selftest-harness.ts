import { HARDIRQ_OFFSET, SOFTIRQ_MASK, SOFTIRQ_OFFSET } from '../../../src-sim/engine/cpu'
import { cpu } from '../../../src-sim/engine/current'
import type { Machine } from '../../../src-sim/engine/machine'
import { attachLockdep, type Lockdep } from '../../../src-sim/checkers/lockdep'
import { locksOf } from '../../../src-sim/checkers/lockdep/held'
import { localIrqDisable, localIrqEnable } from '../../../src-sim/kernel/irq/irqflags'
import { localBhDisable, localBhEnable } from '../../../src-sim/kernel/irq/softirq'
import { Locking, locking } from '../../../src-sim/kernel/locking/locking'
import * as mx from '../../../src-sim/kernel/locking/mutex'
import * as rt from '../../../src-sim/kernel/locking/rtmutex'
import * as rw from '../../../src-sim/kernel/locking/rwlock'
import * as sem from '../../../src-sim/kernel/locking/rwsem'
import * as spin from '../../../src-sim/kernel/locking/spinlock'
import * as ww from '../../../src-sim/kernel/locking/ww-mutex'
import { TASK_UNINTERRUPTIBLE } from '../../../src-sim/kernel/sched/states'

/** How a column takes and gives back its kind of lock. */
export interface Kind {
  make(key: object, name: string): object
  init(lock: object): void
  lock(lock: object): unknown
  unlock(lock: object): unknown
}

const D = TASK_UNINTERRUPTIBLE
type Any = never

function kind<T extends object>(
  make: () => T,
  init: (lock: T, name?: string, key?: unknown) => void,
  lock: (lock: T) => unknown,
  unlock: (lock: T) => unknown,
): Kind {
  return {
    make(key, name) {
      const made = make()
      init(made, name, key)
      return made
    },
    init: (l) => init(l as Any, 'again', {}),
    lock: (l) => lock(l as Any),
    unlock: (l) => unlock(l as Any),
  }
}

export const KINDS = {
  spin: kind(() => new spin.spinlock_t(), spin.initSpinlock, spin.spinLock, spin.spinUnlock),
  raw: kind(() => new spin.raw_spinlock_t(), spin.initSpinlock, spin.spinLock, spin.spinUnlock),
  wlock: kind(() => new rw.rwlock_t(), rw.initRwlock, rw.writeLock, rw.writeUnlock),
  rlock: kind(() => new rw.rwlock_t(), rw.initRwlock, rw.readLock, rw.readUnlock),
  mutex: kind(() => new mx.mutex(), mx.initMutex, mx.mutexLock, mx.mutexUnlock),
  wsem: kind(() => new sem.rw_semaphore(), sem.initRwsem, (s) => sem.downWrite('down_write', s, D), sem.upWrite),
  rsem: kind(
    () => new sem.rw_semaphore(),
    sem.initRwsem,
    (s) => sem.downRead('down_read', s, D),
    (s) => sem.upRead(s),
  ),
  rtmutex: kind(
    () => new rt.rt_mutex(),
    mx.initMutex,
    (l) => rt.rtMutexLock('rt_mutex_lock', l),
    rt.rtMutexUnlock,
  ),
} as const
export type KindName = keyof typeof KINDS

/** Locks by kind of object: `wlock` and `rlock` are two ways to the same rwlock. */
const FAMILY: Record<KindName, string> = {
  spin: 'spin', raw: 'raw', wlock: 'rw', rlock: 'rw', mutex: 'mutex', wsem: 'sem', rsem: 'sem',
  rtmutex: 'rt',
}

/** One cell's world: locks made on first use, X1 and X2 of one class, everything else its own. */
export class World {
  readonly lockdep: Lockdep
  readonly machine: Machine
  #locks = new Map<string, object>()
  #keys = new Map<string, object>()
  readonly wwClass = new ww.ww_class('ww_lockdep', true)
  readonly o = this.#ww()
  readonly o2 = this.#ww()
  readonly o3 = this.#ww()
  readonly t = new ww.ww_acquire_ctx()
  readonly t2 = new ww.ww_acquire_ctx()

  constructor(lockdep: Lockdep) {
    this.lockdep = lockdep
    this.machine = lockdep.machine
  }

  #ww(): ww.ww_mutex {
    const lock = new ww.ww_mutex()
    ww.initWwMutex(lock, this.wwClass)
    return lock
  }

  lockOf(kind: KindName, name: string): object {
    const id = `${FAMILY[kind]} ${name}`
    let lock = this.#locks.get(id)
    if (lock) return lock
    const cls = `${FAMILY[kind]} ${name.replace(/\d$/, '')}`
    let key = this.#keys.get(cls)
    if (!key) this.#keys.set(cls, (key = {}))
    lock = KINDS[kind].make(key, cls)
    this.#locks.set(id, lock)
    return lock
  }

  L(kind: KindName, name: string): void {
    KINDS[kind].lock(this.lockOf(kind, name))
  }

  U(kind: KindName, name: string): void {
    KINDS[kind].unlock(this.lockOf(kind, name))
  }

  /** Takes all, gives all back in the opposite order. */
  nest(...locks: [KindName, string][]): void {
    for (const [k, n] of locks) this.L(k, n)
    for (const [k, n] of [...locks].reverse()) this.U(k, n)
  }

  irq(kind: 'hard' | 'soft', body: () => void, threadable = true): void {
    const c = cpu()
    if (kind === 'hard') {
      localIrqDisable()
      c.preemptCount += HARDIRQ_OFFSET
      this.lockdep.threadable[c.id] = threadable
      body()
      c.preemptCount -= HARDIRQ_OFFSET
      localIrqEnable()
      return
    }
    localBhDisable()
    localIrqDisable()
    c.preemptCount += SOFTIRQ_OFFSET
    body()
    c.preemptCount -= SOFTIRQ_OFFSET
    localIrqEnable()
    localBhEnable()
  }

  /** `irqs off` and `irqs on` of a row. */
  off(kind: 'hard' | 'soft'): void {
    if (kind === 'hard') localIrqDisable()
    else localBhDisable()
  }

  on(kind: 'hard' | 'soft'): void {
    if (kind === 'hard') localIrqEnable()
    else localBhEnable()
  }
}

export interface Cell {
  /** Whether some lock check must have fired. */
  fails: boolean
  run(world: World): void
}

/** Runs one cell and cleans up; true when the outcome was the expected one. */
export function runCell(lockdep: Lockdep, cell: Cell, recursiveReads: boolean): boolean {
  const { machine } = lockdep
  const l: Locking = locking(machine)
  const c = cpu()
  const { preemptCount } = c
  l.recursiveReads = recursiveReads
  cell.run(new World(lockdep))
  const fired = !l.debugLocks
  c.preemptCount = preemptCount
  c.irqsOff = false
  if (c.preemptCount & SOFTIRQ_MASK) throw new Error('softirqs left off')
  locksOf(c.current!).length = 0
  lockdep.reset([])
  l.recursiveReads = false
  machine.findings.length = 0
  return fired === cell.fails
}

export { attachLockdep }
