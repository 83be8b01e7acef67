import { currentTask, machine as currentMachine } from '../../engine/current'
import { point, spinOn, type Sim } from '../../engine/suspend'
import { workqueue_flush_end, workqueue_flush_start } from '../../trace/events'
import { emit } from '../emit'
import { localIrqDisable, localIrqEnable } from '../irq/irqflags'
import { memoryAccess } from '../mm/watch'
import { symbolOf } from '../printk/symbols'
import { warn } from '../printk/warn'
import { contextState } from '../sched/context'
import { mightSleep } from '../sched/schedule'
import { timerDeleteSync } from '../time/timer-run'
import { queueNow } from './queue'
import {
  Barrier, LEGACY, WQ_MEM_RECLAIM, type delayed_work, type work_struct, type workqueue_struct,
} from './structs'
import { workqueues } from './workqueues'

export function* flushWork(work: work_struct): Sim<boolean> {
  mightSleep('flush_work')
  return yield* flushFrom(work, false)
}

/** Waits for the last queued instance; false when there is nothing to wait for. */
export function* flushFrom(work: work_struct, fromCancel: boolean): Sim<boolean> {
  const machine = currentMachine()
  const all = workqueues(machine)
  memoryAccess(machine).touch(work, 'data', false, '__flush_work')
  if (work.func === null) {
    warn(machine, 'wq-flush-uninitialised', 'kernel/workqueue.c at __flush_work', null, {
      rules: ['WQ-16'],
      objects: [work],
    })
    return false
  }
  const instance = work.$instance ?? all.executing(work.$lastPool, work)?.current ?? null
  if (instance === null) return false
  const { wq, pool } = instance.pwq
  if (!fromCancel) checkDependency(wq, work)
  all.on.flushWork.emit(work, wq, !fromCancel && (wq.$maxActive === 1 || wq.$rescuer !== null))
  emit(workqueue_flush_start, work)
  const barrier = new Barrier()
  instance.barriers.push(barrier)
  if (fromCancel && pool.bh) while (!barrier.done) yield spinOn(barrier)
  else {
    const what = `work ${symbolOf(machine, work.func, false)}`
    yield* barrier.waiters.waitUntil(() => barrier.done, work, what)
  }
  emit(workqueue_flush_end, work, true)
  return true
}

/** Waits until everything that has been queued so far is done. */
export function* flushWorkqueue(wq: workqueue_struct): Sim {
  const machine = currentMachine()
  const all = workqueues(machine)
  memoryAccess(machine).touch(wq, 'flags', false, '__flush_workqueue')
  mightSleep('__flush_workqueue')
  all.on.flushQueue.emit(wq)
  const mark = wq.$seq
  const oldest = (): number => {
    for (const instance of wq.$inFlight) return instance.seq
    return Infinity
  }
  if (oldest() < mark) checkDependency(wq, null)
  emit(workqueue_flush_start, wq)
  yield* wq.$flushers.waitUntil(() => oldest() >= mark, wq, `workqueue ${wq.name}`)
  emit(workqueue_flush_end, wq, true)
}

/** Queues a delayed work at once if its timer runs, then flushes it. */
export function* flushDelayedWork(dwork: delayed_work): Sim<boolean> {
  localIrqDisable()
  const was = yield* timerDeleteSync(dwork.timer, false)
  if (was === 1) queueNow(dwork.$cpu, dwork.$wq!, dwork.work)
  localIrqEnable()
  yield point(flushDelayedWork, dwork.work)
  return yield* flushWork(dwork.work)
}

/** Work that memory reclaim depends on must not wait for work that reclaim may hold up. */
function checkDependency(target: workqueue_struct, work: work_struct | null): void {
  if (target.flags & WQ_MEM_RECLAIM) return
  const machine = currentMachine()
  const all = workqueues(machine)
  const what = work === null ? '0x0' : symbolOf(machine, work.func, false)
  const waitedFor = `!WQ_MEM_RECLAIM ${target.name}:${what}`
  const task = currentTask()
  if (task !== null && contextState(task).noReclaim > 0 && !all.once.has('memalloc')) {
    all.once.add('memalloc')
    warn(machine, 'wq-flush-dependency', 'kernel/workqueue.c at check_flush_dependency',
      `workqueue: PF_MEMALLOC task ${task.pid}(${task.comm}) is flushing ${waitedFor}`,
      { rules: ['WQ-18'], objects: [target] })
  }
  const worker = all.currentWorker()
  const own = worker?.current?.pwq.wq
  if (!own || (own.flags & (WQ_MEM_RECLAIM | LEGACY)) !== WQ_MEM_RECLAIM) return
  if (all.once.has('reclaim')) return
  all.once.add('reclaim')
  const by = symbolOf(machine, worker!.currentFunc, false)
  warn(machine, 'wq-flush-dependency', 'kernel/workqueue.c at check_flush_dependency',
    `workqueue: WQ_MEM_RECLAIM ${own.name}:${by} is flushing ${waitedFor}`,
    { rules: ['WQ-18'], objects: [target] })
}

