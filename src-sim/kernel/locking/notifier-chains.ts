import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { fileOf } from '../../engine/position'
import { call, point, type Sim } from '../../engine/suspend'
import {
  NOTIFY_DONE,
  NOTIFY_STOP_MASK,
  NotifierChain,
  type notifier_block,
} from '../base/notifier'
import { ENOENT } from '../errno'
import { memoryAccess } from '../mm/watch'
import { warn } from '../printk/warn'
import {
  cleanupSrcu,
  initSrcu,
  srcu_struct,
  srcuReadLock,
  srcuReadUnlock,
  synchronizeSrcu,
} from '../rcu/srcu'
import { rcuReadLock, rcuReadUnlock } from '../rcu/tree'
import { synchronizeRcu } from '../rcu/update'
import { TASK_UNINTERRUPTIBLE } from '../sched/states'
import { initMutex, mutex, mutexLock, mutexUnlock } from './mutex'
import { downRead, downWrite, initRwsem, rw_semaphore, upRead, upWrite } from './rwsem'
import { initSpinlock, spinlock_t, spinLockIrqsave, spinUnlockIrqrestore } from './spinlock'

/** Callers look after their own locking; nothing waits for running callbacks. */
export class raw_notifier_head extends KernelObject {
  /** @internal */
  readonly $chain = new NotifierChain()
}

/** Callbacks run as RCU readers; unregistering waits for a grace period. */
export class atomic_notifier_head extends raw_notifier_head {
  lock = new spinlock_t()
}

/** Callbacks run with the semaphore held for reading; changing the chain takes it for writing. */
export class blocking_notifier_head extends raw_notifier_head {
  rwsem = new rw_semaphore()
}

/** Callbacks run as readers of the head's own SRCU domain. */
export class srcu_notifier_head extends raw_notifier_head {
  mutex = new mutex()
  srcu = new srcu_struct()
}

/** Prepares the locks of a head that was made by a plain `new`. */
function ready(head: raw_notifier_head): void {
  if (head instanceof atomic_notifier_head && !head.lock.$magic)
    initSpinlock(head.lock, '&nh->lock', head)
  if (head instanceof blocking_notifier_head && !head.rwsem.$magic)
    initRwsem(head.rwsem, '(nh).rwsem', head)
  if (head instanceof srcu_notifier_head && !head.mutex.$magic) {
    initMutex(head.mutex, '&nh->mutex', head)
    initSrcu(head.srcu, '&nh->srcu', head.srcu)
  }
}

function* callAll(head: raw_notifier_head, action: number, data: unknown): Sim<number> {
  let ret = NOTIFY_DONE
  const m = machine()
  for (const nb of [...head.$chain.blocks]) {
    if (!head.$chain.blocks.includes(nb)) continue
    memoryAccess(m).touch(nb, 'notifier_call', false)
    const fn = nb.notifier_call!
    if (textIsGone(fn)) {
      warn(m, 'notifier-invalid', 'kernel/notifier.c at notifier_call_chain', 'Invalid notifier called!', {
        rules: ['NTF-02'],
      })
      continue
    }
    yield point(fn, nb)
    ret = (yield* call(() => fn(nb, action, data))) as number
    if (ret & NOTIFY_STOP_MASK) break
  }
  return ret
}

function textIsGone(fn: object): boolean {
  const { runtime } = machine()
  const place = runtime.textOf(fn)
  return place !== undefined && runtime.dead[fileOf(place)] !== 0
}

function remove(head: raw_notifier_head, nb: notifier_block): number {
  const { blocks } = head.$chain
  const at = blocks.indexOf(nb)
  if (at < 0) return -ENOENT
  blocks.splice(at, 1)
  return 0
}

export const rawRegister = (head: raw_notifier_head, nb: notifier_block): number =>
  head.$chain.register(nb)
export const rawUnregister = remove
export const rawCall = callAll

function* locked<T>(head: atomic_notifier_head, body: () => T): Sim<T> {
  ready(head)
  const wait = spinLockIrqsave(head.lock)
  const flags = typeof wait === 'number' ? wait : yield* wait
  const result = body()
  spinUnlockIrqrestore(head.lock, flags)
  return result
}

export function* atomicRegister(
  head: atomic_notifier_head,
  nb: notifier_block,
  unique: boolean,
): Sim<number> {
  return yield* locked(head, () => head.$chain.register(nb, unique))
}

export function* atomicUnregister(head: atomic_notifier_head, nb: notifier_block): Sim<number> {
  const ret = yield* locked(head, () => remove(head, nb))
  yield* synchronizeRcu('synchronize_rcu', false)
  return ret
}

export function* atomicCall(
  head: atomic_notifier_head,
  action: number,
  data: unknown,
): Sim<number> {
  rcuReadLock()
  const ret = yield* callAll(head, action, data)
  rcuReadUnlock()
  return ret
}

function* writing<T>(head: blocking_notifier_head, body: () => T): Sim<T> {
  ready(head)
  const wait = downWrite('down_write', head.rwsem, TASK_UNINTERRUPTIBLE)
  if (typeof wait !== 'number') yield* wait
  const result = body()
  upWrite(head.rwsem)
  return result
}

export function* blockingRegister(
  head: blocking_notifier_head,
  nb: notifier_block,
  unique: boolean,
): Sim<number> {
  return yield* writing(head, () => head.$chain.register(nb, unique))
}

export function* blockingUnregister(head: blocking_notifier_head, nb: notifier_block): Sim<number> {
  return yield* writing(head, () => remove(head, nb))
}

export function* blockingCall(
  head: blocking_notifier_head,
  action: number,
  data: unknown,
): Sim<number> {
  if (head.$chain.blocks.length === 0) return NOTIFY_DONE
  const wait = downRead('down_read', head.rwsem, TASK_UNINTERRUPTIBLE)
  if (typeof wait !== 'number') yield* wait
  const ret = yield* callAll(head, action, data)
  upRead(head.rwsem)
  return ret
}

export const initSrcuHead = (head: srcu_notifier_head): void => ready(head)
export const cleanupSrcuHead = (head: srcu_notifier_head): void => cleanupSrcu(head.srcu)

function* exclusive<T>(head: srcu_notifier_head, body: () => T): Sim<T> {
  ready(head)
  const wait = mutexLock(head.mutex)
  if (typeof wait !== 'number') yield* wait
  const result = body()
  mutexUnlock(head.mutex)
  return result
}

export function* srcuRegister(head: srcu_notifier_head, nb: notifier_block): Sim<number> {
  return yield* exclusive(head, () => head.$chain.register(nb))
}

export function* srcuUnregister(head: srcu_notifier_head, nb: notifier_block): Sim<number> {
  const ret = yield* exclusive(head, () => remove(head, nb))
  yield* synchronizeSrcu(head.srcu)
  return ret
}

export function* srcuCall(head: srcu_notifier_head, action: number, data: unknown): Sim<number> {
  ready(head)
  const index = srcuReadLock(head.srcu, 'normal')
  const ret = yield* callAll(head, action, data)
  srcuReadUnlock(head.srcu, index)
  return ret
}
