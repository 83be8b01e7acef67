import type { Cpu } from './cpu'
import type { DriverRuntime } from './driver-runtime'
import { NO_POSITION, type Position } from './position'
import { failFrame, resumeFrame, Suspension, type Sim } from './suspend'

export type ExecKind = 'task' | 'softirq' | 'hardirq' | 'nmi'

/** Thrown through lab code to end its task (an oops); never caught by it. */
export class TaskDeath {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

/**
 * A running context: a stack of generators that the engine resumes itself, so that a resume costs
 * the same at any depth and the stack of positions *is* the backtrace.
 *
 * Invariant: while the context is not running, `positions[i]` is where frame `i` will go on;
 * `names[i]` is the kernel function's name for kernel frames and '' for frames of lab code.
 */
export class Exec {
  readonly kind: ExecKind
  readonly name: string
  /** Identity in traces and choices: a counter of the machine. */
  readonly id: number
  cpu: Cpu
  frames: Sim<unknown>[] = []
  positions: Position[] = []
  names: string[] = []
  /** Handed to the top frame at the next resume. */
  resumeValue: unknown = undefined
  finished = false
  result: unknown = undefined
  onExit: ((exec: Exec) => void) | null = null

  /** What it is about to do: operation and object of the suspension it stands at. */
  operation: object | null = null
  object: unknown = null
  field = ''
  write = false
  /** The operation is a kernel function that lab code calls. */
  fromLab = false
  /** The object it busy-waits for; not enabled while set. */
  spinningOn: object | null = null
  /** Yielded a polling turn and nothing else has moved since. */
  relaxed = false
  /** Virtual time at which the present stretch of polling or looping began; -1 = not polling. */
  pollingSinceNs = -1
  /** Scheduling points since the last polling turn: many of them mean that it is not polling. */
  pointsSincePoll = 0
  /** Since when it has been looping without sleeping; -1 = not looping. */
  loopingSinceNs = -1
  /** Turns of loops without a kernel call since it last slept. */
  loopTurns = 0
  /** When it last ran or became runnable; bounds how far others may get ahead. */
  lastStepNs = 0
  /** Ended by an oops. */
  died = false
  /** Interrupt and preemption state of the CPU to restore when this context is left. */
  savedIrqsOff = false
  savedPreemptCount = 0
  /** For checkers and subsystems: per-context state under their own key. */
  local: Map<unknown, unknown> | null = null
  /** The latest exception that left a frame, and where the stack was then, innermost first. */
  fault: { error: unknown; frames: (Position | string)[] } | null = null
  /** What the kernel keeps about every context (kernel/sched/context.ts). */
  kernel: unknown = null

  constructor(kind: ExecKind, name: string, id: number, cpu: Cpu) {
    this.kind = kind
    this.name = name
    this.id = id
    this.cpu = cpu
  }

  get depth(): number {
    return this.frames.length
  }

  /** Starts with a function of the kernel: its frame has a name and no place in a lab's sources. */
  push(frame: Sim<unknown>): void {
    this.frames.push(frame)
    this.names.push((frame as { $name?: string }).$name ?? (this.name || 'kernel'))
    this.positions.push(NO_POSITION)
  }

  #noteFault($: DriverRuntime, error: unknown): void {
    const frames: (Position | string)[] = []
    for (let i = this.frames.length - 1; i >= 0; i--) {
      const top = i === this.frames.length - 1
      if (this.names[i] !== '') {
        // Lab functions that cannot suspend run inside the kernel's frame.
        if (top && $.p !== NO_POSITION) frames.push($.p)
        frames.push(this.names[i]!)
      }
      else if (top ? $.p : this.positions[i]) frames.push(top ? $.p : this.positions[i]!)
    }
    this.fault = { error, frames }
  }

  /**
   * Resumes the top frame and goes on until something suspends. Answers the suspension, or null
   * when the last frame has returned. Throws what the last frame did not catch.
   */
  run($: DriverRuntime): Suspension | null {
    const { frames, positions, names } = this
    let value = this.resumeValue
    let error: unknown
    let failing = false
    this.resumeValue = undefined
    $.p = positions[positions.length - 1]!
    if ($.dead[$.p >>> 23] !== 0) $.unloaded($.p)
    for (;;) {
      try {
        for (;;) {
          const frame = frames[frames.length - 1]!
          let turn: IteratorResult<unknown, unknown>
          if (failing) {
            failing = false
            turn = failFrame(frame, error)
          } else turn = resumeFrame(frame, value)
          if (turn.done) {
            frames.pop()
            positions.pop()
            names.pop()
            value = turn.value
            if (frames.length === 0) {
              this.finished = true
              this.result = value
              return null
            }
            $.p = positions[positions.length - 1]!
            if ($.dead[$.p >>> 23] !== 0) $.unloaded($.p)
            continue
          }
          const request = turn.value
          const top = positions.length - 1
          positions[top] = names[top] === '' ? $.p : NO_POSITION
          if (request instanceof Suspension) return request
          const name = (request as { $name?: string }).$name
          frames.push(request as Sim<unknown>)
          positions.push(NO_POSITION)
          names.push(name ?? '')
          if (name !== undefined) $.p = NO_POSITION
          value = undefined
        }
      } catch (e) {
        if (this.fault === null || this.fault.error !== e) this.#noteFault($, e)
        if (e instanceof TaskDeath || frames.length <= 1) throw e
        frames.pop()
        positions.pop()
        names.pop()
        $.p = positions[positions.length - 1]!
        error = e
        failing = true
      }
    }
  }
}

export type TaskState = 'running' | 'interruptible' | 'uninterruptible' | 'parked' | 'dead'

/** Scheduling classes, most urgent first. */
export const RT_PRIO = 50
export const NORMAL_PRIO = 120

export class Task extends Exec {
  readonly pid: number
  comm: string
  state: TaskState = 'running'
  /** On a run queue, waiting for a CPU. */
  queued = false
  /** The CPU runs it right now (it may be interrupted). */
  onCpu = false
  priority = NORMAL_PRIO
  /** CPUs it may run on, as a bit mask; -1 = all. */
  affinity = -1
  preemptCount = 0
  /** When its state left 'running', for hung-task checks. */
  sleepSinceNs = 0
  /** In words, what it waits for (shown by the inspector and in hung-task reports). */
  waitsFor: string | null = null
  waitObject: object | null = null
  /** Told when the task gives up its CPU to sleep, and whenever it gets one. */
  onBlock: (() => void) | null = null
  onRun: (() => void) | null = null
  /** A kernel thread, or a thread of a user process. */
  readonly kernelThread: boolean
  /** Monotonic number of the time slice start. */
  sliceStartNs = 0

  constructor(comm: string, pid: number, id: number, cpu: Cpu, kernelThread: boolean) {
    super('task', comm, id, cpu)
    this.pid = pid
    this.comm = comm
    this.kernelThread = kernelThread
  }
}
