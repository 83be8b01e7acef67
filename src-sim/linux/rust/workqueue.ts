import { quiet } from '../../kernel/api'
import { Queue, Work as WorkOf } from '../../kernel/rust/work'
import type { Foreign } from '../../kernel/rust/pointers'

/** Work items: `rust/workqueue`. */
export { Queue, Work } from '../../kernel/rust/work'

/**
 * `new_work!`: the field of a structure that can be queued. `run` gets the pointer that was queued,
 * and owns it:
 *
 *   class Demo { work = new_work('Demo::run', (self: Arc<Demo>) => Demo.run(self)) }
 */
export const new_work = quiet(<P extends Foreign<any>>(name: string, run: (p: P) => void): WorkOf =>
  new WorkOf(name, run as never, false))

/** The same for `enqueue_delayed`. */
export const new_delayed_work = quiet(
  <P extends Foreign<any>>(name: string, run: (p: P) => void): WorkOf =>
    new WorkOf(name, run as never, true),
)

/** All machines share these names of queues, so nothing may be noted in them. */
const queues = {
  system: Object.freeze(new Queue('system_percpu_wq')),
  highpri: Object.freeze(new Queue('system_highpri_wq')),
  long: Object.freeze(new Queue('system_long_wq')),
  unbound: Object.freeze(new Queue('system_dfl_wq')),
}
/** The queue for short items. */
export const system = quiet((): Queue => queues.system)
export const system_highpri = quiet((): Queue => queues.highpri)
/** The queue for items that may take long. */
export const system_long = quiet((): Queue => queues.long)
export const system_unbound = quiet((): Queue => queues.unbound)
