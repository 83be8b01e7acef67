import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { WaitList } from '../sched/schedule'
import { initWork, queueWorkOn } from '../workqueue/queue'
import { work_struct, type work_func_t } from '../workqueue/structs'
import { workqueues } from '../workqueue/workqueues'

/** Functions that run in workers of their own, and those who wait until they have ended. */
class Async {
  nextCookie = 1
  readonly pending = new Set<number>()
  readonly waiters = new WaitList()
}

const async = service(() => new Async())

/** Lets `body` run in a worker; its number in the order of scheduling. */
export function asyncSchedule(body: (cookie: number) => Sim): number {
  const m = machine()
  const all = async(m)
  const work = new work_struct()
  const cookie = all.nextCookie++
  all.pending.add(cookie)
  initWork(work, function* () {
    yield* body(cookie)
    all.pending.delete(cookie)
    all.waiters.wakeAll()
  } as unknown as work_func_t)
  queueWorkOn(null, workqueues(m).system('system_dfl_wq'), work)
  return cookie
}

/** `async_synchronize_full`. */
export function* asyncSynchronize(): Sim {
  const all = async(machine())
  yield* all.waiters.waitUntil(() => all.pending.size === 0, null, 'async_synchronize_full')
}

/** Waits for the functions that were scheduled before the one with this number. */
export function* asyncSynchronizeCookie(cookie: number): Sim {
  const all = async(machine())
  const through = (): boolean => {
    for (const other of all.pending) return other >= cookie
    return true
  }
  yield* all.waiters.waitUntil(through, null, 'async_synchronize_cookie')
}
