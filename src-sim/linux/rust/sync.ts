import { quiet } from '../../kernel/api'
import { arcCount, type Arc as ArcOf } from '../../kernel/rust/boxes'
import { Completion as CompletionOf } from '../../kernel/rust/completion'
import { newMutex, newSpinlock } from '../../kernel/rust/locks'
import { rcuGuard } from '../../kernel/rust/revocable'

/** Sharing: `rust/sync`. */
export { Arc } from '../../kernel/rust/boxes'
export { Completion } from '../../kernel/rust/completion'
export { LockGuard, Mutex, SpinLock } from '../../kernel/rust/locks'
export { RcuGuard } from '../../kernel/rust/revocable'

/** `new_mutex!(data, "name")`. */
export const new_mutex = quiet(newMutex)
/** `new_spinlock!(data, "name")`. */
export const new_spinlock = quiet(newSpinlock)

/** `new_completion!()`. */
export const new_completion = quiet((): CompletionOf => new CompletionOf())

/** `rcu::read_lock()`: a read-side section until the guard is dropped. No sleeping meanwhile. */
export const rcu = { read_lock: rcuGuard } as const

/** How many handles of this `Arc` there are. Rust does not tell; for explanations only. */
export const arc_count = quiet((arc: ArcOf<unknown>): number => arcCount(arc))
