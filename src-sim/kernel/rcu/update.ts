import { machine as currentMachine } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { rcu_barrier } from '../../trace/events'
import { emit } from '../emit'
import { acquireOn } from '../locking/access'
import { heldChecker } from '../locking/assert'
import { lockMutex, mutex, initMutex, mutexUnlock } from '../locking/mutex'
import { slab } from '../mm/slab'
import { addressOf, hex16 } from '../printk/format'
import { symbolOf } from '../printk/symbols'
import { warn } from '../printk/warn'
import { report, resolveFrame } from '../report'
import { completion, complete, waitForCompletion } from '../sched/completion'
import { mightSleep } from '../sched/schedule'
import { TASK_UNINTERRUPTIBLE } from '../sched/states'
import { rcuMaps } from './maps'
import { preemptibleRcu, rcu, rcuReadLockHeld, type rcu_head, type RcuFunction } from './tree'

const DOUBLE_MAX = 3

class RcuUpdate {
  readonly barrierLock = new mutex()
  doubles = 0
  readonly once = new Set<string>()
  readonly freeing = new Set<object>()

  constructor(machine: Machine) {
    machine.inside(() => initMutex(this.barrierLock, 'rcu_state.barrier_mutex', this.barrierLock))
  }
}

const update = service((machine) => new RcuUpdate(machine))

function once(key: string): boolean {
  const { once: known } = update(currentMachine())
  if (known.has(key)) return false
  known.add(key)
  return true
}

/** Queues a callback that runs, in softirq context, after all readers of now are gone. */
export function callRcu(head: rcu_head, func: RcuFunction): void {
  const m = currentMachine()
  if (head.$queued) return doubleCall(m, head)
  if (func === null) {
    if (once('null')) warn(m, 'rcu-null', 'kernel/rcu/tree.c at __call_rcu_common', null)
    return
  }
  head.$queued = true
  head.$func = func
  rcu(m).queue(head, func, () => {
    head.$queued = false
    return head.$func!(head)
  })
}

/** The callback becomes a no-op: the object leaks instead of being freed twice. */
function doubleCall(m: Machine, head: rcu_head): void {
  const all = update(m)
  const func = head.$func
  const pointer = hex16(addressOf(m, head))
  head.$func = () => {}
  rcu(m).on.double.emit(head)
  if (++all.doubles > DOUBLE_MAX) return
  report(m, {
    kind: 'rcu.double-call',
    title: `__call_rcu_common(): Double-freed CB ${pointer}->${symbolOf(m, func, true)}()!!!  `,
    objects: [head],
    rules: ['RCU-04'],
    help: 'rcu',
  })
}

/** Frees `object` after a grace period. */
export function kfreeRcu(object: object | null): void {
  if (object === null) return
  const m = currentMachine()
  const { freeing } = update(m)
  if (freeing.has(object)) {
    rcu(m).on.double.emit(object)
    const head = hex16(addressOf(m, object))
    const text = `kvfree_call_rcu(): Double-freed call. rcu_head ${head}`
    const source = 'mm/slab_common.c at kvfree_call_rcu'
    if (once('kvfree')) warn(m, 'rcu-double-free', source, text, { rules: ['RCU-07'] })
    return
  }
  freeing.add(object)
  rcu(m).queue(object, kfreeRcu, () => {
    freeing.delete(object)
    slab(m).free(object)
  })
}

/** Returns when every reader that had begun before is over. */
export function* synchronizeRcu(name: string, expedited: boolean): Sim {
  const m = currentMachine()
  const all = rcu(m)
  if (rcuReadLockHeld())
    all.on.suspicious.emit(
      `Illegal ${name}() in RCU read-side critical section`,
      'kernel/rcu/tree.c:3296',
    )
  mightSleep(name)
  const done = new completion()
  all.afterReaders(() => complete(done), expedited)
  const wait = waitForCompletion(done)
  if (wait) yield* wait
}

/** Returns when all callbacks queued before, on any CPU, have run. */
export function* rcuBarrier(): Sim {
  const m = currentMachine()
  const { barrierLock } = update(m)
  const locked = lockMutex('rcu_barrier', barrierLock, TASK_UNINTERRUPTIBLE)
  if (typeof locked !== 'number') yield* locked
  const all = rcu(m)
  const done = new completion()
  let left = 0
  for (const cpu of m.cpus) {
    if (all.pendingOn(cpu) === 0) continue
    left++
    all.entrain(cpu, () => {
      if (--left === 0) complete(done)
    })
  }
  emit(rcu_barrier, 'rcu_preempt', 'begin', left)
  if (left > 0) {
    const wait = waitForCompletion(done)
    if (wait) yield* wait
  }
  acquireOn(all)
  emit(rcu_barrier, 'rcu_preempt', 'end', 0)
  mutexUnlock(barrierLock)
}

/** Tells the lock checker of something suspicious at the caller's place. */
export function suspiciousHere(text: string): void {
  const m = currentMachine()
  const { suspicious } = rcu(m).on
  if (!suspicious.listened) return
  const { file, line } = resolveFrame(m, m.runtime.p)
  suspicious.emit(text, file === null ? 'kernel' : `${file}:${line}`)
}

/** Judged by the lock checker: `held` says whether the access is protected. */
export function checkDereference(held: boolean, form: string): void {
  if (!held) suspiciousHere(`suspicious ${form}() usage`)
}


/** A number for the readers of now; `pollRcu` tells when they are gone. */
export const rcuCookie = (): number => rcu(currentMachine()).period + 1

export function startPollRcu(): number {
  const cookie = rcuCookie()
  rcu(currentMachine()).afterReaders(() => {}, false)
  return cookie
}

export const pollRcu = (cookie: number): boolean => rcu(currentMachine()).completed >= cookie

/** Called by what may sleep: readers that forbid it, and that a lock checker knows, are reported. */
export function rcuSleepCheck(source = 'include/linux/rcupdate.h'): void {
  const m = currentMachine()
  const { suspicious } = rcu(m).on
  const { lookUp } = heldChecker(m)
  if (!suspicious.listened || lookUp === null) return
  const maps = rcuMaps(m)
  const inside = (flavour: string): string =>
    `Illegal context switch in ${flavour} read-side critical section`
  if (!preemptibleRcu(m) && lookUp(maps.rcu)) suspicious.emit(inside('RCU'), source)
  if (lookUp(maps.bh)) suspicious.emit(inside('RCU-bh'), source)
  if (lookUp(maps.sched)) suspicious.emit(inside('RCU-sched'), source)
}
