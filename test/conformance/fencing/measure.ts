import { currentTask } from '../../../src-sim/engine/current'
import { RELAX, type Sim } from '../../../src-sim/engine/suspend'
import { allocIrqs, raiseIrq } from '../../../src-sim/kernel/irq/lines'
import { msleep } from '../../../src-sim/linux/delay'
import { IRQ_HANDLED, request_irq } from '../../../src-sim/linux/interrupt'
import * as kt from '../../../src-sim/linux/kthread'
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from '../../../src-sim/linux/mutex'
import { preempt_disable, preempt_enable } from '../../../src-sim/linux/preempt'
import * as s from '../../../src-sim/linux/spinlock'
import { sim } from '../../sim/harness'
import { checked, type Outcome, type Say } from '../checked'
import { gen, type Armed, type Mechanism } from './mechanism'

/** What one call does, as the page says it in one row. */
export interface Cells {
  /** A start that was still to come when the fence was called. */
  pending: 'stays away' | 'runs first' | 'runs later' | 'none'
  /** A callback that ran on another CPU when the fence was called. */
  running: 'waits' | 'left running'
  /** First report with preemption off; 'fine' when there is none. The same for the next three. */
  atomic: string
  /** In the handler of an interrupt. */
  hardirq: string
  /** From the callback itself. */
  self: string
  /** Holding a lock that the running callback waits for. */
  locked: string
  /** Whether somebody else can start the callback afterwards, or what is reported when they do. */
  again: string
}

const TURNS = 200

const verdict = ({ kinds, machine }: Outcome): string =>
  kinds[0] ?? (machine.stop === 'finished' ? 'fine' : String(machine.stop))

/** Keeps the running task on one CPU. */
function* pinTo(cpu: number): Sim {
  currentTask()!.affinity = 1 << cpu
  yield* sim(msleep(1))
}

/** Starts the callback from the first CPU, while the caller is on the second. */
function* startElsewhere(armed: Armed): Sim {
  const thread = function* (): Sim<number> {
    yield* armed.start()
    return 0
  }
  const task = kt.kthread_create(gen(thread), null, 'starter') as kt.task_struct
  kt.kthread_bind(task, 0)
  yield* sim(kt.wake_up_process(task))
}

function* until(condition: () => boolean): Sim {
  for (let i = 0; i < TURNS && !condition(); i++) yield RELAX
}

function pending({ make, queues }: Mechanism): Cells['pending'] {
  if (!queues) return 'none'
  const { log } = checked(function* (say) {
    let runs = 0
    const armed = yield* make(function* () {
      runs++
    })
    yield* armed.start()
    const atOnce = runs
    yield* armed.fence()
    const before = runs
    yield* sim(msleep(100))
    if (atOnce) say('none')
    else say(before ? 'runs first' : runs ? 'runs later' : 'stays away')
  }, { cpus: 1 })
  return log[0] as Cells['pending']
}

function running({ make, sleeps }: Mechanism): Cells['running'] {
  const { log } = checked(function* (say) {
    let [begun, ended] = [false, false]
    yield* pinTo(1)
    const armed = yield* make(function* () {
      begun = true
      if (sleeps) yield* sim(msleep(20))
      else for (let i = 0; i < TURNS / 2; i++) yield RELAX
      ended = true
    })
    yield* startElsewhere(armed)
    yield* until(() => begun)
    if (!begun || ended) throw new Error('the callback is not running')
    yield* armed.fence()
    say(ended ? 'waits' : 'left running')
  })
  return log[0] as Cells['running']
}

/** Sets it up and lets the callback run once. */
function* used({ make }: Mechanism, callback: () => Sim = function* () {}): Sim<Armed> {
  const armed = yield* make(callback)
  yield* armed.start()
  yield* sim(msleep(100))
  return armed
}

function atomic(mechanism: Mechanism): string {
  return verdict(
    checked(function* () {
      const armed = yield* used(mechanism)
      preempt_disable()
      yield* armed.fence()
      yield* sim(preempt_enable())
    }),
  )
}

function hardirq(mechanism: Mechanism): string {
  return verdict(
    checked(function* (_say, machine) {
      const armed = yield* used(mechanism)
      const line = allocIrqs(machine, 1, 'other')
      const handler = function* (): Sim<number> {
        yield* armed.fence()
        return IRQ_HANDLED
      }
      yield* sim(request_irq(line, gen(handler), 0, 'other', null))
      raiseIrq(machine, line)
      yield* sim(msleep(100))
    }),
  )
}

function self({ make }: Mechanism): string {
  return verdict(
    checked(function* () {
      let armed: Armed | null = null
      let done = false
      armed = yield* make(function* () {
        yield* armed!.fence()
        done = true
      })
      yield* armed.start()
      for (let i = 0; i < 100 && !done; i++) yield* sim(msleep(4000))
    }),
  )
}

/** A lock that fits the callback: taking and releasing it. */
function lockFor(sleeps: boolean): { take(): Sim; release(): Sim } {
  if (sleeps) {
    const mutex = DEFINE_MUTEX('lock')
    return {
      take: () => sim(mutex_lock(mutex)),
      *release() {
        yield* sim(mutex_unlock(mutex))
      },
    }
  }
  const spin = s.DEFINE_SPINLOCK('lock')
  let flags = 0
  return {
    *take() {
      flags = yield* sim(s.spin_lock_irqsave(spin))
    },
    *release() {
      yield* sim(s.spin_unlock_irqrestore(spin, flags))
    },
  }
}

function locked({ make, sleeps }: Mechanism): string {
  return verdict(
    checked(function* () {
      let begun = false
      yield* pinTo(1)
      const lock = lockFor(sleeps)
      const armed = yield* make(function* () {
        begun = true
        yield* lock.take()
        yield* lock.release()
      })
      yield* startElsewhere(armed)
      yield* lock.take()
      yield* until(() => begun)
      yield* armed.fence()
      yield* lock.release()
    }),
  )
}

function again(mechanism: Mechanism): string {
  const outcome = checked(function* (say: Say) {
    let runs = 0
    const armed = yield* used(mechanism, function* () {
      runs++
    })
    yield* armed.fence()
    yield* sim(msleep(100))
    runs = 0
    yield* armed.start()
    yield* sim(msleep(100))
    say(runs > 0 ? 'open' : 'closed')
  })
  return outcome.kinds[0] ?? outcome.log[0] ?? 'nothing'
}

export const MEASURES: { [K in keyof Cells]: (mechanism: Mechanism) => string } = {
  pending, running, atomic, hardirq, self, locked, again,
}
