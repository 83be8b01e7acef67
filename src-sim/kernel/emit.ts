import type { Exec, Task } from '../engine/exec'
import type { Machine } from '../engine/machine'
import { now } from '../engine/current'
import { service } from '../engine/service'
import { TraceWriter, type AnyEvent, type Arg, type EventType } from '../trace'
import * as ev from '../trace/events'

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

  /** Turns arguments into what the writer stores, in place, and appends the event. */
  record(writer: TraceWriter, event: AnyEvent, args: unknown[]): void {
    const machine = this.#machine
    for (let i = 0; i < args.length; i++) {
      const value = args[i]
      if (value === null) args[i] = event.codes[i]! <= 1 ? 0 : ''
      else if (typeof value === 'object') args[i] = machine.idOf(value)
      else if (typeof value === 'function') args[i] = value.name
    }
    const at = writer.context
    const exec = now.exec
    at.timeNs = machine.nowNs
    at.cpu = now.cpu ? now.cpu.id : 0
    at.context = exec ? exec.id : 0
    at.step = machine.steps
    at.p = machine.runtime.p
    writer.append(event, args as Arg[])
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

/** Records an event that happens here and now; nothing when the machine has no trace. */
export function emit<Args extends readonly Arg[]>(
  event: EventType<Args>,
  ...args: EmitArgs<Args>
): void {
  const machine = now.machine
  if (machine === null) return
  const r = recorder(machine)
  const list = args as unknown[]
  if (r.writer === null) numberObjects(machine, list)
  else r.record(r.writer, event, list)
}

/** Without a trace, objects still get the identities that they would have with one. */
function numberObjects(machine: Machine, args: readonly unknown[]): void {
  for (let i = 0; i < args.length; i++) {
    const value = args[i]
    if (typeof value === 'object' && value !== null) machine.idOf(value)
  }
}
