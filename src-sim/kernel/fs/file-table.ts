import { machine, now } from '../../engine/current'
import { service } from '../../engine/service'
import { call, type Sim } from '../../engine/suspend'
import type { Machine } from '../../engine/machine'
import { flushDelayedWork } from '../workqueue/flush'
import { initDelayedWork, queueDelayedWorkOn } from '../workqueue/queue'
import { delayed_work, type work_func_t } from '../workqueue/structs'
import { workqueues } from '../workqueue/workqueues'
import { callback_head, NOTIFY, taskWorkAdd } from '../sched/task-work'
import { dropFile, finishFile, type file } from './file'

/**
 * Files whose last reference went where `release` must not run: in interrupts, in kernel threads
 * and in tasks that are past their last work. A worker releases them a tick later.
 */
class DelayedPuts {
  files: file[] = []
  readonly work = new delayed_work()

  constructor() {
    initDelayedWork(this.work, delayed_fput as unknown as work_func_t)
  }

  add(m: Machine, f: file): void {
    this.files.unshift(f)
    if (this.files.length > 1) return
    queueDelayedWorkOn(null, workqueues(m).system('system_percpu_wq'), this.work, 1)
  }
}

const delayedPuts = service(() => new DelayedPuts())

function* delayed_fput(): Sim {
  const puts = delayedPuts(machine())
  const { files } = puts
  puts.files = []
  for (const f of files) yield* finishFile(f)
}

/**
 * Drops a reference anywhere. A last one in a process is released when it leaves the kernel, any
 * other by a worker (DM-75, DM-80).
 */
export function fput(f: file): void {
  if (!dropFile(f)) return
  const m = machine()
  const task = now.exec?.kind === 'task' ? now.cpu?.current : null
  if (task && !task.kernelThread) {
    const work = new callback_head()
    work.func = (() => finishFile(f)) as unknown as (head: callback_head) => void
    if (taskWorkAdd(task, work, NOTIFY.resume) === 0) return
  }
  delayedPuts(m).add(m, f)
}

/** Returns when what a worker would have to release has been released. */
export function* flushDelayedFput(): Sim {
  yield* call(() => delayed_fput())
  yield* flushDelayedWork(delayedPuts(machine()).work)
}
