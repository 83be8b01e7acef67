import { begin, clear, end, event, hold, set, unhold } from '../declare'

/** Who is told of changes of an address space, and when. */

export const mmu_notifier_register = event(
  'mmu_notifier_register', 'mm', 'Somebody wants to hear of all changes of an address space.',
  ['notifier:obj', 'mm:obj'],
  [set('notifier', 'registered', 'mmu notifier'), hold('mm', 'notifier', 'mmu notifier')],
)
export const mmu_notifier_unregister = event(
  'mmu_notifier_unregister', 'mm', 'Nobody is told any more, and no callback is under way.',
  ['notifier:obj', 'mm:obj'],
  [clear('notifier', 'registered'), unhold('mm', 'notifier', 'mmu notifier')],
)
export const mmu_interval_notifier_insert = event(
  'mmu_interval_notifier_insert', 'mm', 'Somebody wants to hear of changes of a range.',
  ['notifier:obj', 'mm:obj', 'start:addr', 'length:u64 bytes'],
  [set('notifier', 'registered', 'interval notifier'), hold('mm', 'notifier', 'interval notifier')],
)
export const mmu_interval_notifier_remove = event(
  'mmu_interval_notifier_remove', 'mm', 'Nobody is told of the range any more.',
  ['notifier:obj', 'mm:obj'],
  [clear('notifier', 'registered'), unhold('mm', 'notifier', 'interval notifier')],
)
export const mmu_notifier_callback = event(
  'mmu_notifier_callback', 'mm', 'A subscriber of an address space is called.',
  ['callback:str', 'notifier:obj', 'mm:obj'], [begin('mmu notifier', '$callback')],
)
export const mmu_notifier_callback_end = event(
  'mmu_notifier_callback_end', 'mm', 'The subscriber has done what was to be done.',
  ['callback:str'], [end('mmu notifier')],
)
export const mmu_interval_read_begin = event(
  'mmu_interval_read_begin', 'mm', 'Somebody begins to look at the pages of a range.',
  ['notifier:obj', 'seq:u64'],
)
export const mmu_interval_read_retry = event(
  'mmu_interval_read_retry', 'mm', 'Whoever looked at a range asks whether it has changed.',
  ['notifier:obj', 'seq:u64', 'retry:bool'],
)
export const hmm_range_fault = event(
  'hmm_range_fault', 'mm', 'The pages of a range are looked up for a device.',
  ['notifier:obj', 'start:addr', 'length:u64 bytes', 'ret:i32'],
)
