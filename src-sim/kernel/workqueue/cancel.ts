import { machine as currentMachine } from '../../engine/current'
import { RELAX, type Sim } from '../../engine/suspend'
import {
  workqueue_cancel, workqueue_disable, workqueue_enable,
} from '../../trace/events'
import { emit } from '../emit'
import { inHardirq } from '../irq/context'
import { memoryAccess } from '../mm/watch'
import { warn } from '../printk/warn'
import { mightSleep } from '../sched/schedule'
import { timers } from '../time/timer'
import { flushFrom } from './flush'
import { rearmDelayed } from './queue'
import type { delayed_work, Instance, work_struct, workqueue_struct } from './structs'
import { workqueues } from './workqueues'
import type { Cpu } from '../../engine/cpu'

const DISABLE_MAX = 0xffff

/**
 * Takes the pending bit, and with it the item off its timer or queue. Answers whether it was
 * pending, or undefined when the moment is bad (it is between its timer and its queue).
 */
function tryGrab(work: work_struct, dwork: delayed_work | null): boolean | undefined {
  const machine = currentMachine()
  memoryAccess(machine).touch(work, 'data', true, 'try_to_grab_pending')
  if (dwork !== null && timers(machine).delete(dwork.timer, false) === 1) return true
  if (!work.$pending) {
    work.$pending = true
    return false
  }
  const instance = work.$instance
  if (instance === null) return undefined
  unqueue(instance, work)
  return true
}

/** Takes a queued instance off its list; whoever flushes it goes on waiting for its place. */
function unqueue(instance: Instance, work: work_struct): void {
  const all = workqueues(currentMachine())
  const { pwq } = instance
  all.on.deactivate.emit(work)
  work.$instance = null
  if (!instance.active) {
    pwq.inactive.splice(pwq.inactive.indexOf(instance), 1)
    if (instance.barriers.length > 0) pwq.pool.worklist.push(leftOver(instance))
  } else {
    const list = listOf(instance)
    const at = list.indexOf(instance)
    if (instance.barriers.length > 0) list[at] = leftOver(instance)
    else list.splice(at, 1)
  }
  all.retire(instance)
  all.kick(pwq.pool)
}

const leftOver = (instance: Instance): Instance => ({ ...instance, work: null })

function listOf(instance: Instance): Instance[] {
  const { pool } = instance.pwq
  if (pool.worklist.includes(instance)) return pool.worklist
  return pool.workers.find((w) => w.scheduled.includes(instance))!.scheduled
}

/** Takes a queued item off its queue at once; for those who repair a mistake. */
export function removePending(work: work_struct): void {
  if (work.$instance === null) return
  unqueue(work.$instance, work)
  work.$pending = false
}

/** Grabs the item, polling while it is on its way from the timer to the queue. */
function* grab(work: work_struct, dwork: delayed_work | null): Sim<boolean> {
  for (;;) {
    const was = tryGrab(work, dwork)
    if (was !== undefined) return was
    yield RELAX
  }
}

function* cancel(work: work_struct, dwork: delayed_work | null, disable: boolean): Sim<boolean> {
  const wq = work.$instance?.pwq.wq ?? dwork?.$wq ?? null
  const was = yield* grab(work, dwork)
  if (disable) changeDepth(work, 1)
  work.$pending = false
  emit(workqueue_cancel, work, wq, was)
  return was
}

function changeDepth(work: work_struct, by: number): void {
  const machine = currentMachine()
  const depth = work.$disabled + by
  if (depth < 0 || depth > DISABLE_MAX) {
    const word = depth < 0 ? 'underflowed' : 'overflowed'
    const where = depth < 0 ? 'enable_work' : '__cancel_work'
    const { once } = workqueues(machine)
    if (once.has(word)) return
    once.add(word)
    warn(machine, `wq-disable-${word}`, `kernel/workqueue.c at ${where}`,
      `workqueue: work disable count ${word}`, { rules: ['WQ-27'], objects: [work] })
    return
  }
  work.$disabled = depth
}

export function* cancelWork(work: work_struct, dwork: delayed_work | null = null): Sim<boolean> {
  return yield* cancel(work, dwork, false)
}

/** disable_work: removes what is pending and refuses new queueing. */
export function* disableWork(work: work_struct, dwork: delayed_work | null = null): Sim<boolean> {
  const was = yield* cancel(work, dwork, true)
  emit(workqueue_disable, work, work.$disabled)
  return was
}

/** cancel_work_sync and disable_work_sync: disabled (for good or meanwhile), then waited for. */
export function* cancelWorkSync(
  work: work_struct,
  dwork: delayed_work | null,
  stayDisabled: boolean,
): Sim<boolean> {
  const was = yield* cancel(work, dwork, true)
  const bh = work.$lastPool !== null && work.$lastPool.bh
  if (stayDisabled) emit(workqueue_disable, work, work.$disabled)
  if (!bh) mightSleep('__cancel_work_sync')
  else if (inHardirq()) warnHardirq(work)
  yield* flushFrom(work, true)
  if (!stayDisabled) {
    yield* grab(work, null)
    changeDepth(work, -1)
    work.$pending = false
  }
  return was
}

function warnHardirq(work: work_struct): void {
  const machine = currentMachine()
  const { once } = workqueues(machine)
  if (once.has('hardirq')) return
  once.add('hardirq')
  warn(machine, 'wq-cancel-in-hardirq', 'kernel/workqueue.c at __cancel_work_sync', null, {
    rules: ['WQ-24'],
    objects: [work],
  })
}

/** enable_work: true when it may be queued again. A pending run is lost. */
export function* enableWork(work: work_struct, dwork: delayed_work | null = null): Sim<boolean> {
  yield* grab(work, dwork)
  changeDepth(work, -1)
  work.$pending = false
  emit(workqueue_enable, work, work.$disabled)
  return work.$disabled === 0
}

/** mod_delayed_work_on: true when it was pending. */
export function* modDelayedWorkOn(
  cpu: Cpu | null,
  wq: workqueue_struct,
  dwork: delayed_work,
  delay: number,
): Sim<boolean> {
  const was = yield* grab(dwork.work, dwork)
  rearmDelayed(cpu, wq, dwork, delay)
  return was
}
