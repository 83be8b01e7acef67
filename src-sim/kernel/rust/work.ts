import { SimBug } from '../../base/assert'
import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { call, point, type Sim } from '../../engine/suspend'
import { kernelCall, named } from '../api'
import { initDelayedWork, initWork, queueDelayedWorkOn, queueWorkOn } from '../workqueue/queue'
import { delayed_work, work_struct, type work_func_t } from '../workqueue/structs'
import { workqueues, type SystemQueue } from '../workqueue/workqueues'
import { keepFor } from './boxes'
import { dropNow, type Owned } from './drop'
import { memberOf, pointee, type Foreign } from './pointers'

type Run = (pointer: never) => void

/**
 * `kernel::workqueue::Work`: the field that makes a structure a work item. While it is queued, the
 * queue owns a pointer to the structure: its memory is safe, the module's text is not.
 */
export class Work extends KernelObject {
  /** The item as C sees it. @internal */
  readonly work: work_struct
  /** @internal */
  readonly $delayed: delayed_work | null
  /** @internal What the queue owns while it is queued. */
  $pointer: Owned | null = null

  /** @internal */
  constructor(name: string, run: Run, delayed: boolean) {
    super()
    const func = (() => runWork(this, run)) as unknown as work_func_t
    Object.defineProperty(func, 'name', { value: name })
    this.$delayed = delayed ? new delayed_work() : null
    this.work = this.$delayed?.work ?? new work_struct()
    ;(this.work as { $label?: string }).$label = name
    if (this.$delayed) initDelayedWork(this.$delayed, func)
    else initWork(this.work, func)
  }
}

function* runWork(work: Work, run: Run): Sim {
  const pointer = work.$pointer!
  work.$pointer = null
  yield* call(() => run(pointer as never))
  yield* dropNow(pointer)
}
named('WorkItemPointer::run', runWork)

/** `kernel::workqueue::Queue`. There is nothing that cancels, disables or flushes. */
export class Queue {
  readonly #name: SystemQueue

  /** @internal */
  constructor(name: SystemQueue) {
    this.#name = name
  }

  /**
   * Queues a structure by its `Work` field (or the one that is given) and takes the pointer over.
   * Answers null, or the pointer when it was queued already. Any context.
   */
  enqueue<P extends Foreign<object>>(pointer: P, work?: Work): P | null {
    return enqueue(this.#name, pointer, work, 0) as P | null
  }

  /** The same after `delay` jiffies, for a field made with `new_delayed_work`. */
  enqueue_delayed<P extends Foreign<object>>(pointer: P, delay: number, work?: Work): P | null {
    return enqueue(this.#name, pointer, work, delay) as P | null
  }
}

const enqueue = kernelCall('Queue::enqueue', function* (
  name: SystemQueue, pointer: Foreign<object>, given: Work | undefined, delay: number,
): Sim<Foreign<object> | null> {
  const work = given ?? memberOf(pointee(pointer), Work)
  if (!work) throw new SimBug(`${pointer.$rustName} has no Work field`)
  const mine = pointer.$move()
  yield point(enqueue, work.work)
  const wq = workqueues(machine()).system(name)
  const queued = work.$delayed
    ? queueDelayedWorkOn(null, wq, work.$delayed, delay)
    : queueWorkOn(null, wq, work.work)
  if (!queued) return mine
  work.$pointer = mine
  keepFor(mine, work.work, 'queued work')
  return null
})
