import type { Sim } from '../../../src-sim/engine/suspend'
import * as c from '../../../src-sim/linux/completion'
import * as f from '../../../src-sim/linux/dma-fence'
import * as kt from '../../../src-sim/linux/kthread'
import * as nb from '../../../src-sim/linux/notifier'
import * as rcu from '../../../src-sim/linux/rcupdate'
import * as srcu from '../../../src-sim/linux/srcu'
import * as w from '../../../src-sim/linux/wait'
import { sim } from '../../sim/harness'
import { ATOMIC, CALLED, CALLED_ATOMIC, gen, rows, type Mechanism } from './mechanism'

/** Callbacks of chains, fences and wait queues; readers and their callbacks; completions. */

/** Runs `body` in a thread of its own. */
const inThread = (body: () => Sim<unknown>): unknown =>
  kt.kthread_run(
    gen(function* (): Sim<number> {
      yield* body()
      return 0
    }),
    null,
    'starter',
  )

const rcuCallback = rows(
  'RCU callback',
  ATOMIC,
  function* (callback) {
    return callback
  },
  (callback) => rcu.call_rcu(new rcu.rcu_head(), gen(callback)),
  { rcu_barrier: () => rcu.rcu_barrier() },
)

const rcuReader = rows(
  'RCU reader',
  CALLED_ATOMIC,
  function* (callback) {
    return callback
  },
  (callback) =>
    inThread(function* () {
      rcu.rcu_read_lock()
      yield* callback()
      rcu.rcu_read_unlock()
    }),
  { synchronize_rcu: () => rcu.synchronize_rcu() },
)

function* domain(): Sim<srcu.srcu_struct> {
  const d = new srcu.srcu_struct()
  yield* sim(srcu.init_srcu_struct(d))
  return d
}

const srcuCallback = rows(
  'SRCU callback',
  ATOMIC,
  function* (callback) {
    return { callback, d: yield* domain() }
  },
  ({ callback, d }) => srcu.call_srcu(d, new rcu.rcu_head(), gen(callback)),
  { srcu_barrier: ({ d }) => srcu.srcu_barrier(d) },
)

const srcuReader = rows(
  'SRCU reader',
  CALLED,
  function* (callback) {
    return { callback, d: yield* domain() }
  },
  ({ callback, d }) =>
    inThread(function* () {
      const index = srcu.srcu_read_lock(d)
      yield* callback()
      yield* sim(srcu.srcu_read_unlock(d, index))
    }),
  { synchronize_srcu: ({ d }) => srcu.synchronize_srcu(d) },
)

/** The calls of one kind of chain. */
interface Chain<H> {
  head(): H
  add(head: H, block: nb.notifier_block): unknown
  call(head: H): unknown
}

function notifier<H>(
  kind: string,
  sleeps: boolean,
  chain: Chain<H>,
  remove: Record<string, (head: H, block: nb.notifier_block) => unknown>,
): Mechanism[] {
  const fences = Object.entries(remove).map(([name, call]) => [
    name,
    (it: { head: H; block: nb.notifier_block }) => call(it.head, it.block),
  ])
  return rows(
    `${kind} notifier`,
    sleeps ? CALLED : CALLED_ATOMIC,
    function* (callback) {
      const head = chain.head()
      const block = new nb.notifier_block()
      block.notifier_call = gen(function* () {
        yield* callback()
        return nb.NOTIFY_OK
      })
      yield* sim(chain.add(head, block))
      return { head, block }
    },
    ({ head }) => inThread(() => sim(chain.call(head))),
    Object.fromEntries(fences) as never,
  )
}

const notifiers = [
  ...notifier('blocking', true, {
    head: () => nb.BLOCKING_NOTIFIER_HEAD('chain'),
    add: nb.blocking_notifier_chain_register,
    call: (head) => nb.blocking_notifier_call_chain(head, 0, null),
  }, { blocking_notifier_chain_unregister: nb.blocking_notifier_chain_unregister }),
  ...notifier('atomic', false, {
    head: () => nb.ATOMIC_NOTIFIER_HEAD('chain'),
    add: nb.atomic_notifier_chain_register,
    call: (head) => nb.atomic_notifier_call_chain(head, 0, null),
  }, { atomic_notifier_chain_unregister: nb.atomic_notifier_chain_unregister }),
  ...notifier('SRCU', true, {
    head: () => nb.SRCU_NOTIFIER_HEAD('chain'),
    add: nb.srcu_notifier_chain_register,
    call: (head) => nb.srcu_notifier_call_chain(head, 0, null),
  }, { srcu_notifier_chain_unregister: nb.srcu_notifier_chain_unregister }),
  ...notifier('raw', true, {
    head: () => nb.RAW_NOTIFIER_HEAD('chain'),
    add: nb.raw_notifier_chain_register,
    call: (head) => nb.raw_notifier_call_chain(head, 0, null),
  }, { raw_notifier_chain_unregister: nb.raw_notifier_chain_unregister }),
]

const NAMES: f.dma_fence_ops = {
  get_driver_name: () => 'drv',
  get_timeline_name: () => 'line',
}

const fenceCallback = rows(
  'fence callback',
  CALLED_ATOMIC,
  function* (callback) {
    const fence = new f.dma_fence()
    f.dma_fence_init(fence, NAMES, null, f.dma_fence_context_alloc(1), 1)
    const cb = new f.dma_fence_cb()
    yield* sim(f.dma_fence_add_callback(fence, cb, gen(callback)))
    return { fence, cb }
  },
  ({ fence }) => f.dma_fence_signal(fence),
  { dma_fence_remove_callback: ({ fence, cb }) => f.dma_fence_remove_callback(fence, cb) },
)

const wakeFunction = rows(
  'wake function',
  CALLED_ATOMIC,
  function* (callback) {
    const head = w.DECLARE_WAIT_QUEUE_HEAD('head')
    const entry = new w.wait_queue_entry()
    const woken = function* (): Sim<number> {
      yield* callback()
      return 0
    }
    w.init_waitqueue_func_entry(entry, gen(woken))
    w.add_wait_queue(head, entry)
    return { head, entry }
  },
  ({ head }) => w.wake_up(head),
  { remove_wait_queue: ({ head, entry }) => w.remove_wait_queue(head, entry) },
)

const completion = rows(
  'completion',
  CALLED,
  function* (callback) {
    const done = new c.completion()
    c.init_completion(done)
    return { callback, done }
  },
  ({ callback, done }) =>
    inThread(function* () {
      yield* callback()
      yield* sim(c.complete(done))
    }),
  { wait_for_completion: ({ done }) => c.wait_for_completion(done) },
)

export const WAITING: Mechanism[] = [
  ...rcuCallback, ...rcuReader, ...srcuCallback, ...srcuReader, ...notifiers, ...fenceCallback,
  ...wakeFunction, ...completion,
]
