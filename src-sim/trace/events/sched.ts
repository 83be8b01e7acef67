import {
  alloc, begin, clear, end, enter, event, exit, flowIn, flowOut, hold, leave, link, set, unhold,
} from '../declare'

/** Tasks: as include/trace/events/sched.h and signal.h name them, and what a task waits for. */

export const sched_switch = event(
  'sched_switch', 'sched', 'A CPU turns from one task to another.',
  ['prev:ctx', 'prev_state:R|R+|S|D|T|t|X|Z|P|I', 'next:ctx'],
  [
    set('prev', 'state', '$prev_state'), set('next', 'state', 'running'),
    set('@cpu', 'current', '$next'), flowIn('wakeup', 'next'),
  ],
)
export const sched_waking = event(
  'sched_waking', 'sched', 'Somebody is about to wake a task.', ['task:ctx', 'target_cpu:u32'],
)
export const sched_wakeup = event(
  'sched_wakeup', 'sched', 'A task can run again.', ['task:ctx', 'target_cpu:u32'],
  [set('task', 'state', 'R'), flowOut('wakeup', 'task')],
)
export const sched_wakeup_new = event(
  'sched_wakeup_new', 'sched', 'A new task can run for the first time.',
  ['task:ctx', 'target_cpu:u32'], [set('task', 'state', 'R'), flowOut('wakeup', 'task')],
)
export const sched_migrate_task = event(
  'sched_migrate_task', 'sched', 'A task moves to another CPU.',
  ['task:ctx', 'orig_cpu:u32', 'dest_cpu:u32'],
)
export const sched_process_fork = event(
  'sched_process_fork', 'sched', 'A task is created.', ['parent:ctx', 'child:ctx'],
  [alloc('child'), link('child', 'parent')],
)
export const sched_process_exec = event(
  'sched_process_exec', 'sched', 'A process starts a program.', ['task:ctx', 'filename:str'],
)
export const sched_process_exit = event(
  'sched_process_exit', 'sched', 'A task ends.', ['task:ctx', 'group_dead:bool'], [exit('task')],
)
export const sched_kthread_stop = event(
  'sched_kthread_stop', 'sched', 'Somebody asks a kernel thread to stop.', ['task:ctx'],
  [flowOut('kthread stop', 'task')],
)
export const sched_kthread_stop_ret = event(
  'sched_kthread_stop_ret', 'sched', 'The kernel thread that was asked to stop has stopped.',
  ['ret:i32'],
)
export const task_state = event(
  'task_state', 'sched', 'A task sets its own state, usually before it goes to sleep.',
  ['task:ctx', 'state:R|S|D|T|t|X|Z|P|I'], [set('task', 'state', '$state')],
)
export const wait_begin = event(
  'wait_begin', 'sched', 'A task starts to wait for something.',
  ['object:obj', 'what:str', 'interruptible:bool'],
  [set('@context', 'waiting', '$what'), hold('@context', 'object', 'waits for')],
)
export const wait_end = event(
  'wait_end', 'sched', 'A task is done waiting.', ['object:obj', 'what:str', 'ret:i32'],
  [clear('@context', 'waiting'), unhold('@context', 'object', 'waits for')],
)
export const wake_up = event(
  'wake_up', 'sched', 'A wait queue is woken.', ['object:obj', 'woken:u32'],
)
export const complete = event(
  'complete', 'sched', 'A completion is completed.',
  ['completion:obj', 'all:bool', 'done:u32'], [set('completion', 'done', 'done')],
)
export const reinit_completion = event(
  'reinit_completion', 'sched', 'A completion is made ready for another wait.',
  ['completion:obj'], [clear('completion', 'done')],
)
export const preempt_disable = event(
  'preempt_disable', 'sched', 'A context forbids preemption.', ['caller:sym'],
  [enter('@context', 'preempt off')],
)
export const preempt_enable = event(
  'preempt_enable', 'sched', 'A context allows preemption again.', ['caller:sym'],
  [leave('@context', 'preempt off')],
)
export const signal_generate = event(
  'signal_generate', 'sched', 'A signal is sent.',
  ['sig:u32', 'task:ctx', 'group:bool', 'result:delivered|ignored|already_pending'],
  [flowOut('signal', 'task')],
)
export const signal_deliver = event(
  'signal_deliver', 'sched', 'A signal reaches its task.', ['sig:u32', 'task:ctx'],
  [flowIn('signal', 'task')],
)
export const call_begin = event(
  'call_begin', 'sched', 'A driver function is entered.', ['function:sym', 'object:obj'],
  [begin('call', '$function')],
)
export const call_end = event(
  'call_end', 'sched', 'A driver function returns.', ['function:sym', 'ret:i32'], [end('call')],
)
