import type { Exec, Task } from '../engine/exec'
import type { Machine } from '../engine/machine'
import { now } from '../engine/current'
import { service } from '../engine/service'
import { TraceWriter, type AnyEvent, type Arg, type EventType } from '../trace'
import * as ev from '../trace/events'
import { CODE } from '../trace/field'

/** What kernel code hands to `emit`: objects and functions themselves, not their numbers. */
export type EmitArg<A> = A extends number
  ? number | object | null
  : A extends string
    ? A | ((...args: never[]) => unknown) | null
    : A
type EmitArgs<T> = { [K in keyof T]: EmitArg<T[K]> }

/**
 * Records what happens into the trace, if there is one. It is the only place that knows both the
 * machine and the trace: objects become numbers here, functions their names, and the writer is
 * told where and when.
 */
export class Recorder {
  writer: TraceWriter | null = null
  #machine: Machine

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** Must be called before anything exists in the machine: identities are counted on both sides. */
  start(): TraceWriter {
    const machine = this.#machine
    const writer = new TraceWriter({ timeNs: 0, cpu: 0, context: 0, step: 0, p: 0 })
    this.writer = writer
    const { observer } = machine
    observer.objectNamed = (object, _id, parent) => {
      const named = object as { name?: unknown; $label?: string }
      const name = named.$label ?? (typeof named.name === 'string' ? named.name : '')
      writer.defineObject(typeName(object), name, parent)
    }
    observer.taskCreated = (task, parent) => this.#taskCreated(task, parent)
    observer.contextStart = (exec) => this.#contextStart(exec)
    observer.switched = (_cpu, from, to) => this.#switched(from, to)
    observer.woken = (task) => emit(ev.sched_wakeup, task.id, task.cpu.id)
    observer.contextEnd = (exec) => {
      if (exec.kind === 'task') emit(ev.sched_process_exit, exec.id, true)
    }
    return writer
  }

  /** Tells the writer where and when the next event happens. */
  place(writer: TraceWriter): void {
    const machine = this.#machine
    const at = writer.context
    const exec = now.exec
    at.timeNs = machine.nowNs
    at.cpu = now.cpu ? now.cpu.id : 0
    at.context = exec ? exec.id : 0
    at.step = machine.steps
    at.p = machine.runtime.p
  }

  #taskCreated(task: Task, parent: Exec | null): void {
    this.writer!.defineContext({
      kind: 'task',
      pid: task.pid,
      comm: task.comm,
      prio: task.priority,
      cpu: -1,
      tgid: task.pid,
    })
    emit(ev.sched_process_fork, parent ? parent.id : 0, task.id)
  }

  #contextStart(exec: Exec): void {
    const kind = exec.kind
    if (kind === 'task') return
    this.writer!.defineContext({ kind, pid: 0, comm: exec.name, prio: 0, cpu: exec.cpu.id, tgid: 0 })
  }

  #switched(from: Task | null, to: Task | null): void {
    const state = from === null ? 'R' : STATE_LETTERS[from.state]
    emit(ev.sched_switch, from ? from.id : 0, state, to ? to.id : 0)
  }
}

const STATE_LETTERS = {
  running: 'R',
  interruptible: 'S',
  uninterruptible: 'D',
  parked: 'P',
  dead: 'X',
} as const

export const recorder = service((machine) => new Recorder(machine))

function typeName(object: object): string {
  return (object as { $type?: string }).$type ?? object.constructor?.name ?? 'object'
}

type Emit = <Args extends readonly Arg[]>(event: EventType<Args>, ...args: EmitArgs<Args>) => void

/** Records an event that happens here and now; nothing when the machine has no trace. */
export const emit = record as Emit

/** With its arguments written out: to make a list of them would cost most of the time. */
function record(
  event: AnyEvent,
  a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, f: unknown, g: unknown, h: unknown,
): void {
  const machine = now.machine
  if (machine === null) return
  const all = recorder(machine)
  const { writer } = all
  if (writer === null) {
    number(machine, a, b, c, d)
    number(machine, e, f, g, h)
    return
  }
  const n = event.codes.length
  const w0 = n > 0 ? stored(machine, event, 0, a) : 0
  const w1 = n > 1 ? stored(machine, event, 1, b) : 0
  const w2 = n > 2 ? stored(machine, event, 2, c) : 0
  const w3 = n > 3 ? stored(machine, event, 3, d) : 0
  const w4 = n > 4 ? stored(machine, event, 4, e) : 0
  const w5 = n > 5 ? stored(machine, event, 5, f) : 0
  const w6 = n > 6 ? stored(machine, event, 6, g) : 0
  const w7 = n > 7 ? stored(machine, event, 7, h) : 0
  all.place(writer)
  writer.emit(event, w0, w1, w2, w3, w4, w5, w6, w7)
}

/** What the writer stores for an argument. */
function stored(machine: Machine, event: AnyEvent, field: number, value: unknown): Arg {
  if (typeof value === 'number') return value
  if (value === null) return event.codes[field]! <= CODE.ctx ? 0 : ''
  if (typeof value === 'object') return machine.idOf(value)
  if (typeof value === 'function') return value.name
  return value as Arg
}

/** Without a trace, objects still get the identities that they would have with one. */
function number(machine: Machine, a: unknown, b: unknown, c: unknown, d: unknown): void {
  if (typeof a === 'object' && a !== null) machine.idOf(a)
  if (typeof b === 'object' && b !== null) machine.idOf(b)
  if (typeof c === 'object' && c !== null) machine.idOf(c)
  if (typeof d === 'object' && d !== null) machine.idOf(d)
}
