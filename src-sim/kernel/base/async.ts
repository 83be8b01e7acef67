import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { WaitList } from '../sched/schedule'
import { initWork, queueWorkOn } from '../workqueue/queue'
import { work_struct, type work_func_t } from '../workqueue/structs'
import { workqueues } from '../workqueue/workqueues'

/** Functions that run in workers of their own, and those who wait until all have ended. */
class Async {
  pending = 0
  readonly waiters = new WaitList()
}

const async = service(() => new Async())

export function asyncSchedule(body: () => Sim): void {
  const m = machine()
  const all = async(m)
  const work = new work_struct()
  all.pending++
  initWork(work, function* () {
    yield* body()
    if (--all.pending === 0) all.waiters.wakeAll()
  } as unknown as work_func_t)
  queueWorkOn(null, workqueues(m).system('system_dfl_wq'), work)
}

/** `async_synchronize_full`. */
export function* asyncSynchronize(): Sim {
  const all = async(machine())
  yield* all.waiters.waitUntil(() => all.pending === 0, null, 'async_synchronize_full')
}
