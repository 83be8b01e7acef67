import type { Cpu } from '../../engine/cpu'
import { machine as currentMachine, now } from '../../engine/current'
import { workqueue_delay_work, workqueue_queue_work } from '../../trace/events'
import { emit } from '../emit'
import { hidden } from '../../engine/object'
import { memoryAccess } from '../mm/watch'
import { kernelLog } from '../printk/log'
import { symbolOf } from '../printk/symbols'
import { warn } from '../printk/warn'
import { jiffies } from '../time/clock'
import { timers, TIMER_IRQSAFE, TIMER_PINNED, type timer_list } from '../time/timer'
import {
  DEPRECATED, DESTROYING, DRAINING, ORDERED, delayed_work, work_struct, workqueue_struct,
  WQ_UNBOUND,
  type Instance, type work_func_t,
} from './structs'
import { workqueues } from './workqueues'

/** INIT_WORK. */
export function initWork(work: work_struct, func: work_func_t): void {
  workqueues(currentMachine()).on.init.emit(work)
  work.$pending = false
  work.$instance = null
  work.$lastPool = null
  work.$disabled = 0
  work.$initialised = true
  work.func = func
}

/** The timer of a delayed work has expired: the work is queued now. */
export function delayedWorkTimerFn(timer: timer_list): void {
  const dwork = timer.$parent as delayed_work
  queueNow(dwork.$cpu, dwork.$wq!, dwork.work)
}
Object.defineProperty(delayedWorkTimerFn, 'name', { value: 'delayed_work_timer_fn' })

export function initDelayedWork(dwork: delayed_work, func: work_func_t, flags = 0): void {
  initWork(dwork.work, func)
  timers(currentMachine()).setup(dwork.timer, delayedWorkTimerFn, flags | TIMER_IRQSAFE)
}

/** Takes the pending bit back from an item that is disabled. */
function refusedAsDisabled(work: work_struct): boolean {
  if (work.$disabled === 0) return false
  work.$pending = false
  return true
}

/** queue_work_on: false when it is pending already (or disabled). */
export function queueWorkOn(cpu: Cpu | null, wq: workqueue_struct, work: work_struct): boolean {
  memoryAccess(currentMachine()).touch(work, 'data', true, 'queue_work_on')
  if (work.$pending) return false
  work.$pending = true
  if (refusedAsDisabled(work)) return false
  queueNow(cpu, wq, work)
  return true
}

/** Puts an item, whose pending bit the caller has set, on its queue. */
export function queueNow(cpu: Cpu | null, wq: workqueue_struct, work: work_struct): void {
  const machine = currentMachine()
  const all = workqueues(machine)
  memoryAccess(machine).touch(wq, 'flags', false, '__queue_work')
  if (wq.flags & (DESTROYING | DRAINING) && all.currentWorker()?.current?.pwq.wq !== wq) {
    refuse(wq, work)
    return
  }
  if (wq.flags & DEPRECATED) warnDeprecated(wq, work)
  let pwq = all.queueOn(wq, cpu)
  const last = work.$lastPool
  if (last !== null && last !== pwq.pool && !(wq.flags & ORDERED)) {
    const running = all.executing(last, work)
    if (running?.current?.pwq.wq === wq) pwq = running.current.pwq
  }
  if (!work.$initialised || work.$instance !== null) {
    warn(machine, 'wq-entry-in-use', 'kernel/workqueue.c at __queue_work', null, {
      objects: [work],
    })
    return
  }
  const instance: Instance = { work, pwq, seq: wq.$seq++, barriers: [], active: false }
  work.$instance = instance
  work.$lastPool = pwq.pool
  wq.$inFlight.add(instance)
  all.on.activate.emit(work, wq)
  emit(workqueue_queue_work, work, work.func, wq, cpu?.id ?? -1, pwq.pool.cpu?.id ?? -1)
  if (pwq.inactive.length === 0 && all.hasRoom(pwq)) {
    all.activate(instance)
    all.kick(pwq.pool)
  } else pwq.inactive.push(instance)
}

function refuse(wq: workqueue_struct, work: work_struct): void {
  const machine = currentMachine()
  const { once } = workqueues(machine)
  work.$pending = false
  if (once.has('refused')) return
  once.add('refused')
  const name = (): unknown => memoryAccess(machine).touch(wq, 'name', false, 'string_nocheck')
  name()
  const text = `workqueue: cannot queue ${symbolOf(machine, work.func, false)} on wq ${wq.name}`
  const freed = hidden(wq).$dead !== undefined
  if (freed) {
    // The text is formatted twice, first for its length: its parts are read before and after it.
    kernelLog(machine).print(4, `------------[ cut here ]------------\n${text}\n`)
    name()
  }
  warn(machine, 'wq-cannot-queue', 'kernel/workqueue.c:2305 at __queue_work', text, {
    rules: ['WQ-21'],
    objects: [wq, work],
    ...(freed ? { before: [] } : {}),
  })
}

function warnDeprecated(wq: workqueue_struct, work: work_struct): void {
  const machine = currentMachine()
  const { once } = workqueues(machine)
  if (once.has('deprecated')) return
  once.add('deprecated')
  const use = wq.flags & WQ_UNBOUND ? 'dfl' : 'percpu'
  const func = symbolOf(machine, work.func, false)
  kernelLog(machine).print(
    4,
    `workqueue: work func ${func} enqueued on deprecated workqueue. ` +
      `Use system_${use}_wq instead.\n`,
  )
}

/** queue_delayed_work_on; `delay` in jiffies. False when it is pending already: the timer stays. */
export function queueDelayedWorkOn(
  cpu: Cpu | null,
  wq: workqueue_struct,
  dwork: delayed_work,
  delay: number,
): boolean {
  const { work } = dwork
  memoryAccess(currentMachine()).touch(work, 'data', true, 'queue_delayed_work_on')
  if (work.$pending) return false
  work.$pending = true
  if (refusedAsDisabled(work)) return false
  armDelayed(cpu, wq, dwork, delay)
  return true
}

/** The second half of mod_delayed_work: the caller owns the pending bit. */
export function rearmDelayed(
  cpu: Cpu | null,
  wq: workqueue_struct,
  dwork: delayed_work,
  delay: number,
): void {
  if (!refusedAsDisabled(dwork.work)) armDelayed(cpu, wq, dwork, delay)
}

function armDelayed(
  cpu: Cpu | null,
  wq: workqueue_struct,
  dwork: delayed_work,
  delay: number,
): void {
  const machine = currentMachine()
  const { timer, work } = dwork
  checkDelayed('function', timer.function !== delayedWorkTimerFn, work)
  checkDelayed('pending', timer.$bucket !== null, work)
  checkDelayed('entry', work.$instance !== null, work)
  if (delay <= 0) {
    queueNow(cpu, wq, work)
    return
  }
  dwork.$wq = wq
  dwork.$cpu = cpu
  timer.expires = jiffies(machine) + delay
  emit(workqueue_delay_work, work, work.func, wq, delay)
  const all = timers(machine)
  timer.flags = cpu ? timer.flags | TIMER_PINNED : timer.flags & ~TIMER_PINNED
  if (timer.$bucket === null && timer.function !== null)
    all.addOn(timer, cpu ?? now.cpu ?? machine.cpus[0]!)
}

function checkDelayed(what: string, wrong: boolean, work: work_struct): void {
  const machine = currentMachine()
  const { once } = workqueues(machine)
  if (!wrong || once.has(what)) return
  once.add(what)
  warn(machine, `wq-delayed-${what}`, 'kernel/workqueue.c at __queue_delayed_work', null, {
    rules: ['WQ-29'],
    objects: [work],
  })
}
