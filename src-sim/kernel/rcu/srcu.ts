import { machine as currentMachine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { call, type Sim } from '../../engine/suspend'
import {
  rcu_callback,
  rcu_invoke_callback,
  rcu_callback_end,
  rcu_read_lock,
  rcu_read_unlock,
} from '../../trace/events'
import { named } from '../api'
import { emit } from '../emit'
import { localBhDisable, localBhEnable } from '../irq/softirq'
import { releaseOn } from '../locking/access'
import { heldChecker } from '../locking/assert'
import { locking } from '../locking/locking'
import { memoryAccess } from '../mm/watch'
import { initLockMap, type lockdep_map } from '../locking/map'
import { addressOf, hex16 } from '../printk/format'
import { warn } from '../printk/warn'
import { completion, complete, waitForCompletion } from '../sched/completion'
import { mightSleep } from '../sched/schedule'
import { mapAcquire, mapRelease } from './maps'
import { rcu, rcuReadLockHeld, type rcu_head, type RcuFunction } from './tree'

type Flavour = 'normal' | 'nmisafe' | 'fast'

/** A domain of sleepable readers. */
export class srcu_struct extends KernelObject {
  dep_map: lockdep_map | null = null
  /** @internal Readers by index; a grace period flips the index and waits for both. */
  $counts = [0, 0]
  /** @internal */
  $index = 0
  /** @internal Grace periods in progress. */
  $waiting: { index: number; done: completion }[] = []
  /** @internal Callbacks not run yet. */
  $pending = 0
  /** @internal */
  $barriers: completion[] = []
  /** @internal Grace periods that have passed. */
  $completed = 0
  /** @internal */
  $flavour: Flavour | null = null
  /** @internal */
  $dying = false
}

const GRACE_NS = 1_000_000

export function initSrcu(domain: srcu_struct, name?: string, key?: unknown): number {
  initLockMap(domain, name, key, 0, 0)
  domain.$counts = [0, 0]
  domain.$index = 0
  domain.$waiting = []
  domain.$pending = 0
  domain.$barriers = []
  domain.$flavour = null
  return 0
}

/** Answers the index to leave with. */
export function srcuReadLock(domain: srcu_struct, flavour: Flavour, tracked = true): number {
  const m = currentMachine()
  memoryAccess(m).touch(domain, 'srcu_ctrp', true, '__srcu_read_lock')
  if (domain.$flavour !== null && domain.$flavour !== flavour)
    warn(
      m,
      'srcu-flavour',
      'kernel/rcu/srcutree.c at __srcu_check_read_flavor',
      null,
      { rules: ['RCU-10'], printsOnce: true },
    )
  domain.$flavour ??= flavour
  const index = domain.$index
  domain.$counts[index]!++
  if (tracked && domain.dep_map) mapAcquire(domain.dep_map, 2)
  rcu(m).on.readLock.emit(domain)
  emit(rcu_read_lock, 'srcu', domain)
  return index
}

export function srcuReadUnlock(domain: srcu_struct, index: number, tracked = true): void {
  const m = currentMachine()
  memoryAccess(m).touch(domain, 'srcu_ctrp', true, '__srcu_read_unlock')
  if (tracked && domain.dep_map) mapRelease(domain.dep_map)
  emit(rcu_read_unlock, 'srcu', domain)
  rcu(m).on.readUnlock.emit(domain)
  if (index !== 0 && index !== 1)
    warn(m, 'srcu-index', 'include/linux/srcu.h at srcu_read_unlock', null, {
      rules: ['RCU-10'],
      printsOnce: true,
    })
  domain.$counts[index & 1]!--
  for (const waiter of [...domain.$waiting])
    if (domain.$counts[waiter.index] === 0) {
      domain.$waiting.splice(domain.$waiting.indexOf(waiter), 1)
      complete(waiter.done)
    }
}

function* awaitReaders(domain: srcu_struct, index: number): Sim {
  if (domain.$counts[index] === 0) return
  const done = new completion()
  domain.$waiting.push({ index, done })
  const wait = waitForCompletion(done)
  if (wait) yield* wait
}

/** Both indexes in turn: readers that began meanwhile are not waited for twice. */
function* gracePeriod(domain: srcu_struct): Sim {
  yield* awaitReaders(domain, 1 - domain.$index)
  domain.$index = 1 - domain.$index
  yield* awaitReaders(domain, 1 - domain.$index)
  domain.$completed++
}

/** Whether the running task is a reader; true as long as nobody keeps book. */
export const srcuReadLockHeld = (domain: srcu_struct): boolean =>
  heldChecker(currentMachine()).isHeld(domain.dep_map)

/** The number of grace periods after which all readers of now are gone. */
export const srcuCookie = (domain: srcu_struct): number => domain.$completed + 2

export function startPollSrcu(domain: srcu_struct): number {
  const cookie = srcuCookie(domain)
  const poll = named('srcu_gp', function* (): Sim {
    while (domain.$completed < cookie) yield* gracePeriod(domain)
  })
  currentMachine().spawn('kworker/srcu', poll())
  return cookie
}

export const pollSrcu = (domain: srcu_struct, cookie: number): boolean =>
  domain.$completed >= cookie

/** Returns when all readers of this domain that had begun before are over. */
export function* synchronizeSrcu(domain: srcu_struct): Sim {
  const m = currentMachine()
  if (domain.dep_map) locking(m).on.sync.emit(domain.dep_map, 0)
  if (rcuReadLockHeld())
    rcu(m).on.suspicious.emit(
      'Illegal synchronize_srcu() in same-type SRCU (or in RCU) read-side critical section',
      'kernel/rcu/srcutree.c',
    )
  mightSleep('synchronize_srcu')
  yield* gracePeriod(domain)
}

const srcuWorker = named('srcu_invoke_callbacks', function* (
  domain: srcu_struct,
  head: rcu_head,
  func: RcuFunction,
): Sim {
  yield* gracePeriod(domain)
  localBhDisable()
  head.$queued = false
  emit(rcu_invoke_callback, 'srcu', head, func)
  rcu(currentMachine()).on.invoke.emit(head, func)
  yield* call(() => func(head))
  releaseOn(domain)
  emit(rcu_callback_end, 'srcu', func)
  const softirqs = localBhEnable()
  if (softirqs) yield* softirqs
  if (--domain.$pending === 0) for (const barrier of domain.$barriers.splice(0)) complete(barrier)
})

/** Queues a callback that runs in process context after the domain's readers of now are gone. */
export function callSrcu(domain: srcu_struct, head: rcu_head, func: RcuFunction): void {
  const m = currentMachine()
  if (head.$queued) {
    warn(
      m,
      'srcu-double',
      'kernel/rcu/srcutree.c at srcu_gp_start_if_needed',
      'call_srcu(): Leaked duplicate callback',
      { rules: ['RCU-11'], printsOnce: true },
    )
    return
  }
  head.$queued = true
  head.$func = func
  domain.$pending++
  rcu(m).on.queue.emit(head, func)
  emit(rcu_callback, 'srcu', head, func, domain.$pending)
  const task = m.spawn('kworker/srcu', srcuWorker(domain, head, func), { asleep: true })
  task.waitsFor = 'first wake-up'
  m.at(m.nowNs + GRACE_NS, 'srcu grace period', domain, () => m.wake(task))
}

export function* srcuBarrier(domain: srcu_struct): Sim {
  mightSleep('srcu_barrier')
  if (domain.$pending === 0) return
  const done = new completion()
  domain.$barriers.push(done)
  const wait = waitForCompletion(done)
  if (wait) yield* wait
}

/** The domain must be at rest; otherwise it is leaked with a warning. */
export function cleanupSrcu(domain: srcu_struct): void {
  const m = currentMachine()
  const busy = domain.$counts[0]! + domain.$counts[1]! > 0
  if (!busy && domain.$pending === 0 && domain.$waiting.length === 0) {
    domain.$dying = true
    return
  }
  const address = hex16(addressOf(m, domain))
  const text = busy
    ? null
    : `cleanup_srcu_struct: Active srcu_struct ${address} read state: ${domain.$index} gp state: 1/1`
  warn(m, 'srcu-cleanup', 'kernel/rcu/srcutree.c at cleanup_srcu_struct', text, {
    objects: [domain],
    rules: ['RCU-12'],
  })
}

