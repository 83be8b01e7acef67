import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { memoryAccess } from '../mm/watch'
import {
  addWaitQueue,
  initWait,
  removeWaitQueue,
  wait_queue_entry,
  type wait_queue_head,
} from '../sched/wait-queue'
import { current } from '../sched/schedule'
import { signalPending } from '../sched/signal'
import { setTaskState, TASK_INTERRUPTIBLE, TASK_RUNNING } from '../sched/states'
import { scheduleTimeout } from '../time/sleep'
import { MAX_SCHEDULE_TIMEOUT, msecsToJiffies } from '../time/clock'
import { EINTR } from '../errno'
import { pollFile, type file } from './file'

export const POLLIN = 1
export const POLLOUT = 4
export const POLLERR = 8
export const POLLHUP = 16
export const POLLNVAL = 32

export interface PollTarget {
  file: file | null
  events: number
  revents: number
}

/** Asks every file; those that are not ready name the queues to wait on. How many are ready. */
function* ask(targets: PollTarget[], queues: Set<wait_queue_head>): Sim<number> {
  let ready = 0
  for (const target of targets) {
    target.revents = POLLNVAL
    if (target.file) {
      const table = {
        queues: [] as wait_queue_head[],
        _key: target.events | POLLERR | POLLHUP,
      }
      const mask = yield* pollFile(target.file, table)
      for (const queue of table.queues) queues.add(queue)
      target.revents = mask & (target.events | POLLERR | POLLHUP)
    }
    if (target.revents) ready++
  }
  return ready
}

/** `poll`: how many are ready, 0 after `timeoutMs` (negative: never), or -EINTR. */
export function* pollFiles(targets: PollTarget[], timeoutMs: number): Sim<number> {
  const m = machine()
  let left = timeoutMs < 0 ? MAX_SCHEDULE_TIMEOUT : msecsToJiffies(m, timeoutMs)
  const entries = new Map<wait_queue_head, wait_queue_entry>()
  for (;;) {
    const queues = new Set<wait_queue_head>()
    setTaskState(current(), TASK_INTERRUPTIBLE, m.nowNs, null)
    const ready = yield* ask(targets, queues)
    let result: number | null = null
    if (ready > 0 || left === 0) result = ready
    else if (signalPending(current())) result = -EINTR
    if (result !== null) {
      setTaskState(current(), TASK_RUNNING, 0, null)
      leave(entries)
      return result
    }
    let joined = false
    for (const queue of queues) {
      if (entries.has(queue)) continue
      const entry = initWait(new wait_queue_entry())
      entry.func = new wait_queue_entry().func
      addWaitQueue(queue, entry)
      entries.set(queue, entry)
      joined = true
    }
    if (joined) continue
    setTaskState(current(), TASK_INTERRUPTIBLE, m.nowNs, null)
    left = yield* scheduleTimeout(left, null, 'poll')
  }
}

/** Takes the waiter off every queue, whatever has become of its memory. */
function leave(entries: Map<wait_queue_head, wait_queue_entry>): void {
  const memory = memoryAccess(machine())
  for (const [queue, entry] of entries) {
    memory.touch(queue, 'lock', true)
    removeWaitQueue(queue, entry)
  }
}
