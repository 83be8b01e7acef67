import { msleep } from 'linux/delay'
import { ktime_get, ktime_ms_delta } from 'linux/ktime'
import { pr_info } from 'linux/printk'
import { mmget_not_zero, mmput, type mm_struct } from 'linux/sched/mm'
import { alloc_ordered_workqueue, destroy_workqueue, INIT_WORK, queue_work, work_struct } from 'linux/workqueue'

/** Page requests of a network card, for all programs: one worker answers them in order. */
class request {
  work = new work_struct()
  mm: mm_struct | null = null
  asked = 0
}

let queue = alloc_ordered_workqueue('page-requests', 0)!
const first = new request()
const second = new request()

/** The request of the program that ends: with this `mmput` it does. */
function answer_first(work: work_struct) {
  const { mm } = first
  if (!mmget_not_zero(mm!)) return
  msleep(10)
  mmput(mm!)
}

/** The request of somebody else. */
function answer_second(work: work_struct) {
  const ms = ktime_ms_delta(ktime_get(), second.asked)
  pr_info('faults: another program waited %s\n', ms < 20 ? 'a moment' : 'for a queue that is none of its business')
}

/** A page request for a program, and one of another program behind it. */
export function fault_later(mm: mm_struct) {
  INIT_WORK(first.work, answer_first)
  INIT_WORK(second.work, answer_second)
  first.mm = mm
  second.asked = ktime_get()
  queue_work(queue, first.work)
  queue_work(queue, second.work)
}

export function faults_exit() {
  destroy_workqueue(queue)
}
