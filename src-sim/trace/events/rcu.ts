import { clear, enter, event, flowIn, flowOut, leave, begin, end, set } from '../declare'

/** RCU and SRCU: include/trace/events/rcu.h, and the read-side critical sections. */

export const rcu_read_lock = event(
  'rcu_read_lock', 'rcu', 'A reader enters.', ['rcuname:str', 'domain:obj'],
  [enter('@context', 'rcu reader', '$rcuname')],
)
export const rcu_read_unlock = event(
  'rcu_read_unlock', 'rcu', 'A reader leaves.', ['rcuname:str', 'domain:obj'],
  [leave('@context', 'rcu reader')],
)
export const rcu_grace_period = event(
  'rcu_grace_period', 'rcu', 'A grace period starts or ends.',
  ['rcuname:str', 'gp_seq:u32', 'gpevent:start|end'],
)
export const rcu_quiescent_state = event(
  'rcu_quiescent_state', 'rcu', 'A CPU is seen outside of every reader.',
  ['rcuname:str', 'cpu:u32'],
)
export const rcu_callback = event(
  'rcu_callback', 'rcu', 'A callback is to run after a grace period.',
  ['rcuname:str', 'rhp:obj', 'func:sym', 'qlen:u32'],
  [set('rhp', 'rcu pending', '$func'), flowOut('rcu', 'rhp')],
)
export const rcu_invoke_callback = event(
  'rcu_invoke_callback', 'rcu', 'The callback is called.', ['rcuname:str', 'rhp:obj', 'func:sym'],
  [begin('rcu callback', '$func'), clear('rhp', 'rcu pending'), flowIn('rcu', 'rhp')],
)
export const rcu_callback_end = event(
  'rcu_callback_end', 'rcu', 'The callback returns.', ['rcuname:str', 'func:sym'],
  [end('rcu callback')],
)
export const rcu_barrier = event(
  'rcu_barrier', 'rcu', 'Somebody waits until all callbacks have run.',
  ['rcuname:str', 'state:begin|end', 'cnt:u32'],
)
