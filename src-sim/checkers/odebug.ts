import type { Machine } from '../engine/machine'
import { service } from '../engine/service'
import { visitMembers } from '../kernel/mm/embed'
import { addressOf, hex16 } from '../kernel/printk/format'
import { slab } from '../kernel/mm/slab'
import { symbolOf } from '../kernel/printk/symbols'
import { byWhom, warn } from '../kernel/printk/warn'
import { rcu, rcu_head } from '../kernel/rcu/tree'
import { report } from '../kernel/report'
import { hrtimer, hrtimers } from '../kernel/time/hrtimer'
import { timer_list, timers } from '../kernel/time/timer'
import { removePending } from '../kernel/workqueue/cancel'
import { work_struct } from '../kernel/workqueue/structs'
import { workqueues } from '../kernel/workqueue/workqueues'

/** The kernel prints this many and then only repairs. */
const REPORTS_MAX = 5

type Tracked = object & { $tracked?: boolean }

/** A kind of object whose activity is tracked: works, timers ... */
export interface TrackedKind {
  /** The C type, as reports show it. */
  type: string
  /** Whether `object` is of this kind. */
  is(object: object): boolean
  /** What the owner of this kind calls its states (rcu_head: 1 = queued). */
  clientState?: number
  /** Queued, armed or otherwise known to somebody who will call it. Running does not count. */
  active(object: object): boolean
  /** The function that will be called. */
  hint(object: object): unknown
  /** Makes it inactive, so that what was asked for can go on. */
  repair(object: object): void
  rules: string[]
}

/** Keeps the counts of one machine, and knows what is tracked. */
export class ObjectDebug {
  readonly kinds: TrackedKind[] = []
  #machine: Machine
  #reports = 0

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** Somebody is about to initialise an object: it must not be active. */
  init(kind: TrackedKind, object: object): void {
    if (kind.active(object)) this.#complain(kind, object, 'init', 'active')
    ;(object as Tracked).$tracked = true
  }

  /** The memory of `object` and all that is embedded in it goes away. */
  free(object: object): void {
    visitMembers(object, (member) => {
      for (const kind of this.kinds)
        if (kind.is(member)) {
          if (kind.active(member)) this.#complain(kind, member, 'free', 'active')
          delete (member as Tracked).$tracked
        }
    })
  }

  /** Somebody makes an object active that is so already. */
  activate(kind: TrackedKind, object: object): void {
    this.#complain(kind, object, 'activate', 'active')
    if (kind.clientState !== undefined) this.#complain(kind, object, 'active_state', 'active')
  }

  /** Somebody uses an object that must have been initialised. */
  assertInit(kind: TrackedKind, object: object): void {
    if ((object as Tracked).$tracked || kind.active(object)) return
    this.#complain(kind, object, 'assert_init', 'not available')
    ;(object as Tracked).$tracked = true
  }

  #complain(kind: TrackedKind, object: object, what: string, state: string): void {
    const machine = this.#machine
    if (this.#reports++ < REPORTS_MAX) {
      const address = hex16(addressOf(machine, object))
      const hint = kind.hint(object)
      const armed = (object as { $armedAt?: Parameters<typeof report>[1]['at'] }).$armedAt
      report(machine, {
        kind: `odebug.${what.replace('_', '-')}${state === 'active' ? '-active' : ''}`,
        title:
          `ODEBUG: ${what} ${state} (active state ${kind.clientState ?? 0}) object: ${address} ` +
          `object type: ${kind.type} ` +
          `hint: ${hint === null ? '0x0' : symbolOf(machine, hint, true)}`,
        before: ['------------[ cut here ]------------'],
        details: [`WARNING: lib/debugobjects.c:629 at debug_print_object${byWhom()}`],
        tail: ['---[ end trace 0000000000000000 ]---'],
        stacks: armed && state === 'active' ? [{ role: 'armed', stack: armed }] : [],
        objects: [object],
        rules: kind.rules,
        level: 4,
        help: 'object-lifetime',
      })
    }
    kind.repair(object)
  }
}

/** Others add their kinds of objects here (`objectDebug(machine).kinds`). */
export const objectDebug = service((machine) => new ObjectDebug(machine))

/**
 * Watches that works, timers and hrtimers are neither freed nor initialised while somebody is
 * going to call them, and repairs the object when they are, as DEBUG_OBJECTS does.
 */
export function attachObjectDebug(machine: Machine): void {
  const all = objectDebug(machine)
  const work = workKind(machine)
  const timer = timerKind(machine)
  const precise = hrtimerKind(machine)
  all.kinds.push(work, timer, precise, RCU_HEAD)
  slab.whenUsed(machine, ({ on }) => on.free.add((record) => all.free(record.object)))
  workqueues.whenUsed(machine, ({ on }) => on.init.add((object) => all.init(work, object)))
  timers.whenUsed(machine, ({ on }) => {
    on.init.add((object) => all.init(timer, object))
    on.assertInit.add((object) => all.assertInit(timer, object))
  })
  hrtimers.whenUsed(machine, ({ on }) => on.init.add((object) => all.init(precise, object)))
  rcu.whenUsed(machine, ({ on }) => on.double.add((head) => all.activate(RCU_HEAD, head)))
}

/** Nothing can be repaired: the callback cannot be taken back. */
const RCU_HEAD: TrackedKind = {
  type: 'rcu_head',
  clientState: 1,
  is: (object) => object instanceof rcu_head,
  active: (object) => (object as rcu_head).$queued,
  hint: () => null,
  repair: () => {},
  rules: ['RCU-04'],
}

function workKind(_machine: Machine): TrackedKind {
  return {
    type: 'work_struct',
    is: (object) => object instanceof work_struct,
    active: (object) => (object as work_struct).$instance !== null,
    hint: (object) => (object as work_struct).func,
    repair: (object) => removePending(object as work_struct),
    rules: ['WQ-33'],
  }
}

function timerKind(machine: Machine): TrackedKind {
  const stub = (): void =>
    warn(machine, 'timer-stub', 'kernel/time/timer.c:716 at stub_timer', null, { rules: ['TMR-13'] })
  Object.defineProperty(stub, 'name', { value: 'stub_timer' })
  return {
    type: 'timer_list',
    is: (object) => object instanceof timer_list,
    active: (object) => (object as timer_list).$bucket !== null,
    hint: (object) => (object as timer_list).function,
    repair: (object) => {
      const timer = object as timer_list
      if (timer.$bucket === null) timers(machine).setup(timer, stub, 0)
      else timers(machine).detach(timer)
    },
    rules: ['TMR-13'],
  }
}

function hrtimerKind(machine: Machine): TrackedKind {
  return {
    type: 'hrtimer',
    is: (object) => object instanceof hrtimer,
    active: (object) => (object as hrtimer).$queued,
    hint: (object) => (object as hrtimer).$function,
    repair: (object) => hrtimers(machine).dequeue(object as hrtimer),
    rules: ['HRT-10'],
  }
}
