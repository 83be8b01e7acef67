import { currentTask, machine } from '../../engine/current'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { EINTR } from '../errno'
import { mightSleep, WaitList } from '../sched/schedule'
import { fatalSignalPending } from '../sched/signal'
import { clearFlag, headOf, PG, setFlag, testFlag, type page } from './page'

/** Those who wait for locked pages. */
const waiters = service(() => new WaitList())

/** Waits until nobody has the page locked, then locks it. */
export function* lockPage(p: page): Sim {
  mightSleep('lock_page')
  const head = headOf(p)
  if (testFlag(head, PG.locked))
    yield* waiters(machine()).waitUntil(() => !testFlag(head, PG.locked), head, 'a locked page')
  setFlag(head, PG.locked)
}

export function unlockPage(p: page): void {
  clearFlag(headOf(p), PG.locked)
  waiters(machine()).wakeAll()
}

export const isLocked = (p: page): boolean => testFlag(headOf(p), PG.locked)

/** Does not wait: true when it has the lock now. */
export function trylockPage(p: page): boolean {
  if (isLocked(p)) return false
  setFlag(headOf(p), PG.locked)
  return true
}

/** Gives up when the task is killed meanwhile: 0 or -EINTR. */
export function* lockPageKillable(p: page): Sim<number> {
  mightSleep('folio_lock_killable')
  const task = currentTask()
  const killed = (): boolean => task !== null && fatalSignalPending(task)
  while (isLocked(p)) {
    if (killed()) return -EINTR
    yield* waiters(machine()).waitUntil(() => !isLocked(p) || killed(), headOf(p), 'a locked page')
  }
  setFlag(headOf(p), PG.locked)
  return 0
}
