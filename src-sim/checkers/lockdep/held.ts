import type { Cpu } from '../../engine/cpu'
import { HARDIRQ_MASK, NMI_MASK, SOFTIRQ_MASK, SOFTIRQ_OFFSET } from '../../engine/cpu'
import type { Exec, Task } from '../../engine/exec'
import type { Position } from '../../engine/position'
import type { ReadMode } from '../../kernel/locking/locking'
import type { lockdep_map } from '../../kernel/locking/map'
import { contextState } from '../../kernel/sched/context'
import type { LockClass } from './classes'

/** One lock that a task holds. */
export interface HeldLock {
  map: lockdep_map
  class: LockClass
  subclass: number
  read: ReadMode
  trylock: boolean
  /** Usage and order are checked. */
  check: boolean
  nest: lockdep_map | null
  /** Merged acquisitions under one nest lock; 0 = not merged. */
  references: number
  /** Interrupts were off when it was taken. */
  irqsOff: boolean
  irqContext: number
  /** Only checked, never held. */
  sync: boolean
  place: Position
  caller: string
  /** How often it is pinned: it must not be released meanwhile. */
  pins: number
  /** The classes below and itself, for the cache of checked chains. */
  chain: string
}

/** Whose locks: a task, or the idle loop of a CPU. */
export interface Holder {
  task: Task | null
  cpu: Cpu
  locks: HeldLock[]
}

const idle = new WeakMap<Cpu, HeldLock[]>()

export function holderOn(cpu: Cpu): Holder {
  const task = cpu.current
  if (task !== null) return { task, cpu, locks: locksOf(task) }
  let locks = idle.get(cpu)
  if (!locks) idle.set(cpu, (locks = []))
  return { task: null, cpu, locks }
}

/** Locks by task: the very list. */
export function locksOf(task: Exec): HeldLock[] {
  const state = contextState(task) as { held: HeldLock[] | null }
  return (state.held ??= [])
}

export const inNmi = (cpu: Cpu): boolean => (cpu.preemptCount & NMI_MASK) !== 0
export const inHardirq = (cpu: Cpu): boolean => (cpu.preemptCount & HARDIRQ_MASK) !== 0
export const servingSoftirq = (cpu: Cpu): boolean => (cpu.preemptCount & SOFTIRQ_OFFSET) !== 0
export const softirqsOn = (cpu: Cpu): boolean => (cpu.preemptCount & SOFTIRQ_MASK) === 0

export const irqContext = (cpu: Cpu): number =>
  (inHardirq(cpu) ? 2 : 0) + (servingSoftirq(cpu) ? 1 : 0)

export const holderName = (holder: Holder): string =>
  holder.task ? `${holder.task.comm}/${holder.task.pid}` : `swapper/${holder.cpu.id}/0`

/** `COMM/PID [HC0[0]:SC0[0]:HE1:SE1]`. */
export function contextText(holder: Holder): string {
  const { cpu } = holder
  const hc = inHardirq(cpu) ? 1 : 0
  const sc = servingSoftirq(cpu) ? 1 : 0
  const he = cpu.irqsOff ? 0 : 1
  return `${holderName(holder)} [HC${hc}[${hc}]:SC${sc}[${sc}]:HE${he}:SE${softirqsOn(cpu) ? 1 : 0}]`
}
