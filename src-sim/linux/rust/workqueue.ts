import { quiet } from '../../kernel/api'
import { Queue, Work as WorkOf } from '../../kernel/rust/work'
import type { Foreign } from '../../kernel/rust/pointers'
import type { SystemQueue } from '../../kernel/workqueue/workqueues'

/** Work items: `rust/workqueue`. */
export { Queue, Work } from '../../kernel/rust/work'

/**
 * `new_work!`: the field of a structure that can be queued. `run` gets the pointer that was queued,
 * and owns it:
 *
 *   class Demo { work = new_work('Demo::run', Demo.run) }
 */
export const new_work = quiet(<P extends Foreign<any>>(name: string, run: (p: P) => void): WorkOf =>
  new WorkOf(name, run as never, false))

/** The same for `enqueue_delayed`. */
export const new_delayed_work = quiet(
  <P extends Foreign<any>>(name: string, run: (p: P) => void): WorkOf =>
    new WorkOf(name, run as never, true),
)

/** All machines share these names of queues, so nothing may be noted in them. */
/** The same for all machines, which find their own queue behind the name. */
const queue = (name: SystemQueue): Queue => {
  const made = new Queue(name)
  Object.freeze(made)
  return made
}
const queues = {
  system: queue('system_percpu_wq'),
  highpri: queue('system_highpri_wq'),
  long: queue('system_long_wq'),
  unbound: queue('system_dfl_wq'),
}
/** The queue for short items. */
export const system = quiet((): Queue => queues.system)
export const system_highpri = quiet((): Queue => queues.highpri)
/** The queue for items that may take long. */
export const system_long = quiet((): Queue => queues.long)
export const system_unbound = quiet((): Queue => queues.unbound)
