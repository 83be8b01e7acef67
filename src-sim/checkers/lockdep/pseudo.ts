import { SOFTIRQ_DISABLE_OFFSET } from '../../engine/cpu'
import { now } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { hidden } from '../../engine/object'
import { irqs } from '../../kernel/irq/desc'
import { irqTrace } from '../../kernel/irq/irqflags'
import { IRQ_WORK_HARD_IRQ, irqWorks } from '../../kernel/irq/irq-work'
import { initMap, lockdep_map } from '../../kernel/locking/map'
import { hrtimers } from '../../kernel/time/hrtimer'
import { timers, type Timers } from '../../kernel/time/timer'
import { workqueues, type Workqueues } from '../../kernel/workqueue/workqueues'
import { WQ_BH, type work_struct, type workqueue_struct } from '../../kernel/workqueue/structs'
import type { Lockdep } from './lockdep'

/** Maps of things that are not locks but are waited for: works, workqueues, timers. */
class PseudoLocks {
  readonly #maps = new WeakMap<object, lockdep_map>()
  readonly #machine: Machine

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** Things initialised by the same call are one class. */
  define(object: object, name: string): lockdep_map {
    const place = this.#machine.runtime.p
    const owner = hidden(object).$parent
    const key = place !== 0 ? `${name} at ${place}` : owner ? name : object
    const map = initMap(new lockdep_map(), name, key)
    this.#maps.set(object, map)
    return map
  }

  of(object: object, name: string): lockdep_map {
    return this.#maps.get(object) ?? this.define(object, name)
  }
}

function fieldName(object: object): string {
  const h = hidden(object)
  return h.$parent ? `&${h.$parent.constructor.name}->${h.$field}` : `&${object.constructor.name}`
}

/** A copy: what the task holds must survive the object, whose callback may free it. */
const copyOf = (map: lockdep_map): lockdep_map => {
  const copy = initMap(new lockdep_map(), map.name, map.$key, map.$outer, map.$inner, map.$kind)
  copy.$subclass = map.$subclass
  return copy
}

export function attachWorkMaps(lockdep: Lockdep): void {
  workqueues.whenUsed(lockdep.machine, (all) => watchWorks(lockdep, all))
}

function watchWorks(lockdep: Lockdep, { on }: Workqueues): void {
  const maps = new PseudoLocks(lockdep.machine)
  const workName = (work: work_struct): string => `(work_completion)(${fieldName(work)})`
  const queueMap = (wq: workqueue_struct): lockdep_map => maps.of(wq, `(wq_completion)${wq.name}`)
  const running = new WeakMap<object, lockdep_map[]>()
  on.init.add((work) => void maps.define(work, workName(work)))
  on.start.add((work, fn, wq) => {
    const held = [copyOf(queueMap(wq)), copyOf(maps.of(work, workName(work)))]
    running.set(fn, [...(running.get(fn) ?? []), ...held])
    for (const map of held) lockdep.acquire(map)
  })
  on.end.add((_work, fn) => {
    const list = running.get(fn) ?? []
    for (const map of [...list].reverse())
      if (lockdep.isHeld(map)) {
        lockdep.release(map)
        list.splice(list.indexOf(map), 1)
      }
  })
  on.flushWork.add((work, wq, viaQueue) => {
    touchFor(lockdep, wq, maps.of(work, workName(work)))
    if (viaQueue) touchFor(lockdep, wq, queueMap(wq))
  })
  on.flushQueue.add((wq) => touchFor(lockdep, wq, queueMap(wq)))
}

/** Bottom-half items are waited for as if with bottom halves off, which is how they run. */
function touchFor(lockdep: Lockdep, wq: workqueue_struct, map: lockdep_map): void {
  const { cpu } = now
  const off = cpu !== null && (wq.flags & WQ_BH) !== 0 ? SOFTIRQ_DISABLE_OFFSET : 0
  if (cpu !== null) cpu.preemptCount += off
  touch(lockdep, map)
  if (cpu !== null) cpu.preemptCount -= off
}

function touch(lockdep: Lockdep, map: lockdep_map, irqsOff?: boolean): void {
  lockdep.acquire(map, irqsOff === undefined ? {} : { irqsOff })
  lockdep.release(map)
}

export function attachTimerMaps(lockdep: Lockdep): void {
  timers.whenUsed(lockdep.machine, (all) => watchTimers(lockdep, all))
}

function watchTimers(lockdep: Lockdep, { on }: Timers): void {
  const maps = new PseudoLocks(lockdep.machine)
  const name = (timer: object): string => `(${fieldName(timer)})`
  const running = new WeakMap<object, lockdep_map[]>()
  on.init.add((timer) => void maps.define(timer, name(timer)))
  on.start.add((timer, fn) => {
    const map = copyOf(maps.of(timer, name(timer)))
    running.set(fn, [...(running.get(fn) ?? []), map])
    lockdep.acquire(map)
  })
  on.end.add((_timer, fn) => {
    const list = running.get(fn) ?? []
    const map = list.find((m) => lockdep.isHeld(m))
    if (map === undefined) return
    lockdep.release(map)
    list.splice(list.indexOf(map), 1)
  })
  on.deleteSync.add((timer) => touch(lockdep, maps.of(timer, name(timer)), true))
}

const NO_THREAD = 0x10000
const PERCPU = 0x400
const ONESHOT = 0x2000

/** Which interrupts could run in threads, so that spinlocks are allowed in them. */
export function attachIrqContexts(lockdep: Lockdep): void {
  const { machine } = lockdep
  const set = (threadable: boolean): void => {
    if (now.cpu !== null) lockdep.threadable[now.cpu.id] = threadable
  }
  irqTrace.whenUsed(machine, ({ on }) => on.hardirqEnter.add(() => set(false)))
  irqs.whenUsed(machine, ({ on }) =>
    on.handlerStart.add((action, _fn, threaded) => {
      if (!threaded && (action.flags & (NO_THREAD | PERCPU | ONESHOT)) === 0) set(true)
    }),
  )
  irqWorks.whenUsed(machine, ({ on }) => {
    on.start.add((work) => set((work.flags & IRQ_WORK_HARD_IRQ) === 0))
    on.end.add(() => set(false))
  })
  hrtimers.whenUsed(machine, ({ on }) => {
    on.start.add((timer) => set(!timer.$hard))
    on.end.add(() => set(false))
  })
}
