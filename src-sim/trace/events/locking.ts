import { clear, enter, event, hold, leave, set, unhold } from '../declare'

/** Locks: include/trace/events/lock.h, with the lock as an object. */

export const lock_acquire = event(
  'lock_acquire', 'lock', 'A context wants a lock.',
  ['lock:obj', 'mode:exclusive|shared', 'trylock:bool'],
)
export const lock_acquired = event(
  'lock_acquired', 'lock', 'A context has got a lock.', ['lock:obj', 'mode:exclusive|shared'],
  [enter('lock', 'held', '@context'), hold('@context', 'lock', 'lock held')],
)
export const lock_contended = event(
  'lock_contended', 'lock', 'A context finds a lock taken.', ['lock:obj', 'owner:ctx'],
)
export const lock_release = event(
  'lock_release', 'lock', 'A context gives a lock up.', ['lock:obj'],
  [leave('lock', 'held'), unhold('@context', 'lock', 'lock held')],
)
export const contention_begin = event(
  'contention_begin', 'lock', 'A context starts to wait for a lock.',
  ['lock:obj', 'flags:spin|read|write|rt|percpu|mutex'],
  [set('@context', 'waiting', '$lock'), hold('@context', 'lock', 'waits for')],
)
export const contention_end = event(
  'contention_end', 'lock', 'A context is done waiting for a lock.', ['lock:obj', 'ret:i32'],
  [clear('@context', 'waiting'), unhold('@context', 'lock', 'waits for')],
)
