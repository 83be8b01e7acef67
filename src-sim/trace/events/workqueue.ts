import { begin, clear, end, event, flowIn, flowOut, hold, set, unhold } from '../declare'

/** Work items: include/trace/events/workqueue.h, and cancelling and flushing. */

export const workqueue_queue_work = event(
  'workqueue_queue_work', 'workqueue', 'A work item is put on a queue.',
  ['work:obj', 'function:sym', 'workqueue:obj', 'req_cpu:i32', 'cpu:i32'],
  [
    set('work', 'queued'), clear('work', 'delayed'), hold('workqueue', 'work', 'work queued'),
    flowOut('work', 'work'),
  ],
)
export const workqueue_delay_work = event(
  'workqueue_delay_work', 'workqueue', 'A delayed work item waits for its timer.',
  ['work:obj', 'function:sym', 'workqueue:obj', 'delay:u64 jiffies'],
  [set('work', 'delayed')],
)
export const workqueue_activate_work = event(
  'workqueue_activate_work', 'workqueue', 'A queued work item may now be taken by a worker.',
  ['work:obj', 'function:sym'],
)
export const workqueue_execute_start = event(
  'workqueue_execute_start', 'workqueue', 'A worker calls the function of a work item.',
  ['work:obj', 'function:sym', 'workqueue:obj'],
  [
    begin('work', '$function'), clear('work', 'queued'), set('work', 'running', '@context'),
    unhold('workqueue', 'work', 'work queued'), hold('@context', 'work', 'work running'),
    flowIn('work', 'work'),
  ],
)
export const workqueue_execute_end = event(
  'workqueue_execute_end', 'workqueue', 'The function of a work item has returned.',
  ['work:obj', 'function:sym'],
  [end('work'), clear('work', 'running'), unhold('@context', 'work', 'work running')],
)
export const workqueue_cancel = event(
  'workqueue_cancel', 'workqueue', 'A pending work item is taken off its queue.',
  ['work:obj', 'workqueue:obj', 'was_pending:bool'],
  [clear('work', 'queued'), clear('work', 'delayed'), unhold('workqueue', 'work', 'work queued')],
)
export const workqueue_disable = event(
  'workqueue_disable', 'workqueue', 'A work item can no longer be queued.',
  ['work:obj', 'depth:u32'], [set('work', 'disabled')],
)
export const workqueue_enable = event(
  'workqueue_enable', 'workqueue', 'A work item can be queued again.',
  ['work:obj', 'depth:u32'], [clear('work', 'disabled')],
)
export const workqueue_flush_start = event(
  'workqueue_flush_start', 'workqueue', 'Somebody waits until work has been done.',
  ['object:obj'], [begin('flush', 'flush')],
)
export const workqueue_flush_end = event(
  'workqueue_flush_end', 'workqueue', 'The work that was waited for is done.',
  ['object:obj', 'waited:bool'], [end('flush')],
)
