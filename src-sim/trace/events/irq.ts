import {
  alloc, begin, clear, end, enter, event, flowIn, flowOut, free, hold, leave, set, unhold,
} from '../declare'

/** Interrupts: include/trace/events/irq.h and preemptirq.h, and the life of an irq action. */

export const irq_raise = event(
  'irq_raise', 'irq', 'A device raises its interrupt line or sends a message.',
  ['line:obj', 'irq:u32', 'device:obj'], [flowOut('irq', 'line')],
)
export const irq_handler_entry = event(
  'irq_handler_entry', 'irq', 'The handler of an interrupt is called.',
  ['irq:u32', 'name:str', 'action:obj', 'line:obj', 'handler:sym'],
  [begin('irq', '$name'), set('action', 'running'), flowIn('irq', 'line')],
)
export const irq_handler_exit = event(
  'irq_handler_exit', 'irq', 'The handler of an interrupt returns.',
  ['irq:u32', 'ret:unhandled|handled|wake_thread', 'action:obj'],
  [end('irq'), clear('action', 'running')],
)
export const irq_request = event(
  'irq_request', 'irq', 'A driver asks for an interrupt.',
  ['irq:u32', 'name:str', 'action:obj', 'line:obj', 'handler:sym', 'thread_fn:sym', 'dev:obj'],
  [
    alloc('action'), hold('line', 'action', 'irq requested'),
    hold('action', 'dev', 'irq requested'),
  ],
)
export const irq_free = event(
  'irq_free', 'irq', 'A driver gives an interrupt back.',
  ['irq:u32', 'action:obj', 'line:obj', 'dev:obj'],
  [
    unhold('line', 'action', 'irq requested'), unhold('action', 'dev', 'irq requested'),
    free('action'),
  ],
)
export const irq_thread_wake = event(
  'irq_thread_wake', 'irq', 'A hard handler wakes its thread.',
  ['irq:u32', 'action:obj', 'task:ctx'],
  [flowOut('irq thread', 'action')],
)
export const irq_thread_entry = event(
  'irq_thread_entry', 'irq', 'The threaded handler is called.',
  ['irq:u32', 'name:str', 'action:obj', 'thread_fn:sym'],
  [begin('irq thread', '$name'), set('action', 'thread running'), flowIn('irq thread', 'action')],
)
export const irq_thread_exit = event(
  'irq_thread_exit', 'irq', 'The threaded handler returns.',
  ['irq:u32', 'ret:unhandled|handled|wake_thread', 'action:obj'],
  [end('irq thread'), clear('action', 'thread running')],
)
export const irq_line_disable = event(
  'irq_line_disable', 'irq', 'An interrupt line is disabled.', ['line:obj', 'irq:u32', 'depth:u32'],
  [set('line', 'disabled')],
)
export const irq_line_enable = event(
  'irq_line_enable', 'irq', 'An interrupt line is enabled again.',
  ['line:obj', 'irq:u32', 'depth:u32'], [clear('line', 'disabled')],
)
export const irq_affinity = event(
  'irq_affinity', 'irq', 'An interrupt is directed to a CPU.', ['line:obj', 'irq:u32', 'cpu:u32'],
)
export const irq_disable = event(
  'irq_disable', 'irq', 'A CPU stops taking interrupts.', ['caller:sym'],
  [enter('@cpu', 'irqs off')],
)
export const irq_enable = event(
  'irq_enable', 'irq', 'A CPU takes interrupts again.', ['caller:sym'], [leave('@cpu', 'irqs off')],
)

const VECTORS = 'vec:HI|TIMER|NET_TX|NET_RX|BLOCK|IRQ_POLL|TASKLET|SCHED|HRTIMER|RCU'

export const softirq_raise = event(
  'softirq_raise', 'irq', 'A softirq is marked pending on this CPU.', [VECTORS],
  [flowOut('softirq', '@cpu')],
)
export const softirq_entry = event(
  'softirq_entry', 'irq', 'A softirq runs.', [VECTORS],
  [begin('softirq', '$vec'), flowIn('softirq', '@cpu')],
)
export const softirq_exit = event(
  'softirq_exit', 'irq', 'A softirq is done.', [VECTORS], [end('softirq')],
)
export const nmi_handler = event(
  'nmi_handler', 'irq', 'A handler of non-maskable interrupts has answered.',
  ['handler:sym', 'handled:i32'], [],
)
export const tasklet_schedule = event(
  'tasklet_schedule', 'irq', 'A tasklet is scheduled.', ['tasklet:obj', 'func:sym'],
  [set('tasklet', 'queued'), flowOut('tasklet', 'tasklet')],
)
export const tasklet_entry = event(
  'tasklet_entry', 'irq', 'A tasklet runs.', ['tasklet:obj', 'func:sym'],
  [
    begin('tasklet', '$func'), clear('tasklet', 'queued'), set('tasklet', 'running'),
    flowIn('tasklet', 'tasklet'),
  ],
)
export const tasklet_exit = event(
  'tasklet_exit', 'irq', 'A tasklet is done.', ['tasklet:obj', 'func:sym'],
  [end('tasklet'), clear('tasklet', 'running')],
)
export const tasklet_kill = event(
  'tasklet_kill', 'irq', 'A tasklet is taken off its queue for good.', ['tasklet:obj'],
  [clear('tasklet', 'queued')],
)
