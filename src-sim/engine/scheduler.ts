import { assert } from '../base/assert'
import { canInterrupt, HARDIRQ_OFFSET, NMI_OFFSET, type Cpu } from './cpu'
import { now as running } from './current'
import { TaskDeath, type Exec, type Task } from './exec'
import type { Machine } from './machine'
import type { Suspension } from './suspend'
import { EnabledTransitions } from './enabled'
import { StepExtents } from './step-extent'
import { mayPreempt, preemptible } from './preemption'
import { mostUrgent, RunQueues } from './run-queues'
import { newTransition, setTransition, type Transition } from './transition'
import { choiceKey, countTransition } from './choice-key'

/** Costs in virtual nanoseconds, of the order of a real machine's. */
export const STEP_COST_NS = 100
const SWITCH_COST_NS = 1_000
const INTERRUPT_COST_NS = 500
const RELAX_COST_NS = 500
const LOOP_TURN_COST_NS = 10
const SLICE_NS = 3_000_000
/** A pure loop is trusted for this many turns; then time runs away under it until it is reported. */
const LOOP_TURNS_TRUSTED = 1_000_000
/** The same in interrupts, where a loop with kernel calls in it costs many steps a turn. */
const IRQ_LOOP_TURNS_TRUSTED = 10_000
/** A polling turn with more kernel calls than this in it begins a new stretch of polling. */
const POLL_POINTS_MAX = 16
/** CPUs stuck for this long are reported (Linux: 2 * watchdog_thresh, seen about two seconds late). */
export const SOFT_LOCKUP_NS = 22_000_000_000

/**
 * Finds out what may happen next, lets time or the strategy choose, and executes it. This is the
 * only place where contexts are resumed, switched and interrupted.
 */
export class Scheduler {
  #machine: Machine
  #enabled: EnabledTransitions
  /** The context that executed the last step; going on with it is the calm choice. */
  #last: Exec | null = null
  #timedPick = newTransition()
  #extents: StepExtents | null
  readonly queues: RunQueues

  constructor(machine: Machine) {
    this.#machine = machine
    this.queues = new RunQueues(machine)
    this.#extents = machine.footprint === null ? null : new StepExtents(machine.footprint)
    this.#enabled = new EnabledTransitions(machine)
  }

  step(): boolean {
    const machine = this.#machine
    this.#checkMain()
    if (machine.stop !== null) return false
    const chosen = machine.timed ? this.#chooseByTime() : this.#chooseByStrategy()
    if (chosen === null) {
      this.#nothingLeft()
      return false
    }
    machine.steps++
    machine.observer.step?.(chosen)
    if (machine.recordKeys) countTransition(machine, chosen)
    if (this.#extents === null) this.#execute(chosen)
    else this.#executeNoted(chosen, this.#extents)
    this.#checkMain()
    return machine.stop === null
  }

  #checkMain(): void {
    const machine = this.#machine
    if (machine.main?.finished) machine.halt('finished', 'the scenario has ended')
  }

  #nothingLeft(): void {
    const machine = this.#machine
    const waiting = machine.tasks.filter((t) => !t.finished)
    if (machine.main === null || machine.main.finished || waiting.length === 0) {
      machine.halt('finished', 'everything has come to rest')
      return
    }
    machine.trouble.deadlock(waiting)
    machine.halt('deadlock', 'nothing can run any more')
  }

  // What could happen

  #chooseByTime(): Transition | null {
    const machine = this.#machine
    const pick = this.#timedPick
    let best = Infinity
    let bestCpu: Cpu | null = null
    for (const cpu of machine.cpus) {
      if (!this.#cpuCanMove(cpu)) continue
      const time = Math.max(cpu.busyUntilNs, machine.nowNs)
      if (time < best) {
        best = time
        bestCpu = cpu
      }
    }
    const event = machine.events.first
    if (event && event.timeNs <= best && (bestCpu || machine.events.busy)) {
      machine.nowNs = Math.max(machine.nowNs, event.timeNs)
      return setTransition(pick, 'event', null, null, event)
    }
    if (bestCpu === null) return null
    machine.nowNs = best
    return this.#timedMove(bestCpu, pick)
  }

  #cpuCanMove(cpu: Cpu): boolean {
    if (cpu.interrupts.length > 0 && canInterrupt(cpu)) return true
    const top = cpu.top
    if (top === null) return cpu.queue.length > 0
    return top.spinningOn === null || (cpu.queue.length > 0 && preemptible(this.#machine, cpu))
  }

  #timedMove(cpu: Cpu, pick: Transition): Transition {
    if (cpu.interrupts.length > 0 && canInterrupt(cpu)) return setTransition(pick, 'interrupt', cpu)
    const top = cpu.top
    if (top === null) return setTransition(pick, 'switch', cpu, mostUrgent(cpu))
    if (cpu.queue.length > 0 && preemptible(this.#machine, cpu)) {
      const current = cpu.current!
      const over = this.#machine.nowNs - current.sliceStartNs >= SLICE_NS
      const next = mostUrgent(cpu)
      const urgent = next.priority < current.priority && mayPreempt(this.#machine, next, current)
      if (top.spinningOn !== null || urgent)
        return setTransition(pick, 'switch', cpu, next)
      if (over && next.priority <= current.priority) return setTransition(pick, 'switch', cpu, next)
    }
    return setTransition(pick, 'step', cpu, top)
  }

  #chooseByStrategy(): Transition | null {
    const machine = this.#machine
    const enabled = this.#enabled
    enabled.find(this.#last)
    const { list, count } = enabled
    if (count === 0) return null
    if (count === 1) {
      const only = list[0]!
      machine.strategy.forced?.(only, machine)
      return only
    }
    const index = machine.strategy.pick(list, count, machine)
    assert(index >= 0 && index < count, `strategy picked ${index} of ${count}`)
    const chosen = list[index]!
    const key = machine.recordKeys ? choiceKey(machine, chosen) : ''
    machine.choices.push({ index, of: count, key })
    return chosen
  }

  // What does happen

  #execute(t: Transition): void {
    switch (t.kind) {
      case 'step':
        return this.#resume(t.exec!)
      case 'switch':
        return this.#switchTo(t.cpu!, t.exec as Task)
      case 'interrupt':
        return this.#interrupt(t.cpu!)
      case 'event':
        return this.#event()
    }
  }

  /** Executes it and notes what it touches. */
  #executeNoted(t: Transition, extents: StepExtents): void {
    const { kind, cpu, exec } = t
    const footprint = this.#machine.footprint!
    if (cpu !== null) footprint.touch(cpu, true)
    if (kind === 'step') {
      extents.begin(exec!)
      this.#execute(t)
      extents.end(exec!)
      return
    }
    const timeless = this.#machine.preemption === 'full'
    if (kind !== 'switch' || (exec as Task).onRun !== null || !timeless) footprint.everything()
    if (kind === 'switch') footprint.touch(exec!, true)
    this.#execute(t)
  }

  #event(): void {
    const { events } = this.#machine
    const machine = this.#machine
    this.#othersMoved(null)
    running.cpu = null
    running.exec = null
    for (;;) {
      const event = events.take()
      machine.nowNs = Math.max(machine.nowNs, event.timeNs)
      event.fire()
      if (!event.background || machine.timed || machine.stop !== null || !events.busy) return
    }
  }

  #interrupt(cpu: Cpu): void {
    const machine = this.#machine
    const pending = cpu.interrupts.shift()!
    running.cpu = cpu
    running.exec = cpu.top
    if (machine.timed) cpu.busyUntilNs = machine.nowNs + INTERRUPT_COST_NS
    else machine.nowNs += INTERRUPT_COST_NS
    const kind = pending.nmi === true ? 'nmi' : 'hardirq'
    const exec = machine.pushContext(cpu, kind, pending.name, pending.start())
    exec.lastStepNs = machine.nowNs
    cpu.irqsOff = true
    cpu.preemptCount += kind === 'nmi' ? NMI_OFFSET + HARDIRQ_OFFSET : HARDIRQ_OFFSET
    this.#last = exec
  }

  #switchTo(cpu: Cpu, task: Task): void {
    const machine = this.#machine
    const from = cpu.current
    if (from !== null) {
      // A preempted task stays runnable whatever state it has set: it has not asked to sleep yet.
      this.#leave(cpu, from)
      this.queues.push(cpu, from)
    }
    this.#machine.footprint?.touch(cpu.queue, true)
    const at = cpu.queue.indexOf(task)
    assert(at >= 0, `switch to ${task.name}, which is not queued on CPU ${cpu.id}`)
    cpu.queue.splice(at, 1)
    task.queued = false
    cpu.current = task
    cpu.stack.push(task)
    cpu.preemptCount = task.preemptCount
    cpu.irqsOff = task.savedIrqsOff
    cpu.needResched = false
    task.cpu = cpu
    task.onCpu = true
    task.sliceStartNs = machine.nowNs
    task.lastStepNs = machine.nowNs
    if (machine.timed) cpu.busyUntilNs = machine.nowNs + SWITCH_COST_NS
    else machine.nowNs += STEP_COST_NS
    running.cpu = cpu
    running.exec = task
    task.onRun?.()
    machine.observer.switched?.(cpu, from, task)
    this.#last = task
  }

  /** Takes the current task off its CPU; the caller decides where it goes. */
  #leave(cpu: Cpu, task: Task): void {
    assert(cpu.stack.length === 1 && cpu.stack[0] === task, 'task switch under an interrupt')
    cpu.stack.pop()
    cpu.current = null
    task.onCpu = false
    task.preemptCount = cpu.preemptCount
    task.savedIrqsOff = cpu.irqsOff
    cpu.preemptCount = 0
    cpu.irqsOff = false
  }

  #resume(exec: Exec): void {
    const machine = this.#machine
    const cpu = exec.cpu
    running.cpu = cpu
    running.exec = exec
    machine.extraCostNs = 0
    this.#othersMoved(exec)
    exec.relaxed = false
    exec.spinningOn = null
    this.#last = exec
    let request: Suspension | null
    try {
      if (exec.fromLab && machine.beforeCall !== null) {
        // The listener may ask where the context is; another one has run since.
        machine.runtime.p = exec.positions[exec.positions.length - 1]!
        machine.beforeCall(exec)
      }
      request = exec.run(machine.runtime)
    } catch (error) {
      this.#die(exec, error)
      return
    }
    if (request === null) {
      this.#charge(exec, STEP_COST_NS)
      this.#exit(exec)
    } else this.#suspend(exec, request)
  }

  #suspend(exec: Exec, request: Suspension): void {
    exec.operation = request.operation
    exec.object = request.object
    exec.field = request.field
    exec.write = request.write
    exec.fromLab = request.fromLab
    switch (request.kind) {
      case 'point': {
        const cost = (request.operation as { $cost?: number } | null)?.$cost ?? STEP_COST_NS
        exec.pointsSincePoll++
        this.#charge(exec, cost)
        return
      }
      case 'spin':
        exec.spinningOn = request.object as object
        this.#charge(exec, STEP_COST_NS)
        return
      case 'relax':
        this.#machine.touchAll()
        exec.relaxed = true
        this.#poll(exec)
        return
      case 'loop':
        this.#machine.touchAll()
        exec.relaxed = true
        this.#loop(exec)
        return
      case 'schedule':
        this.#charge(exec, STEP_COST_NS)
        this.#sleep(exec)
        return
    }
  }

  #charge(exec: Exec, ns: number): void {
    const machine = this.#machine
    const cost = ns + machine.extraCostNs
    machine.extraCostNs = 0
    if (machine.timed) exec.cpu.busyUntilNs = machine.nowNs + cost
    else machine.nowNs += cost
    exec.lastStepNs = machine.nowNs
  }

  /**
   * Polling costs a sixteenth of the time polled so far, so that long waits take few turns. In chosen
   * runs only when nobody else moves: what is polled for may be a few steps of theirs away.
   */
  #poll(exec: Exec): void {
    const machine = this.#machine
    if (exec.pollingSinceNs < 0 || exec.pointsSincePoll > POLL_POINTS_MAX)
      exec.pollingSinceNs = machine.nowNs
    exec.pointsSincePoll = 0
    const polledNs = machine.nowNs - exec.pollingSinceNs
    const patient = machine.timed || !this.#othersCanStep(exec)
    this.#charge(exec, patient ? Math.max(RELAX_COST_NS, Math.floor(polledNs / 16)) : RELAX_COST_NS)
    if (polledNs < SOFT_LOCKUP_NS) return
    exec.pollingSinceNs = machine.nowNs
    machine.trouble.stuck(exec, polledNs)
  }

  #othersCanStep(exec: Exec): boolean {
    for (const { top } of this.#machine.cpus)
      if (top !== null && top !== exec && !top.relaxed && top.spinningOn === null) return true
    return false
  }

  #loop(exec: Exec): void {
    const machine = this.#machine
    const turns = machine.runtime.fuel
    exec.loopTurns += turns
    if (exec.loopingSinceNs < 0) exec.loopingSinceNs = machine.nowNs
    const loopedNs = machine.nowNs - exec.loopingSinceNs
    const trusted = exec.kind === 'task' ? LOOP_TURNS_TRUSTED : IRQ_LOOP_TURNS_TRUSTED
    const runaway = exec.loopTurns > trusted ? Math.floor(loopedNs / 16) : 0
    this.#charge(exec, Math.max(turns * LOOP_TURN_COST_NS, runaway))
    if (loopedNs < SOFT_LOCKUP_NS) return
    exec.loopingSinceNs = -1
    exec.loopTurns = 0
    machine.trouble.stuck(exec, loopedNs)
  }

  /** Whatever moved may have changed what the polling contexts wait for. */
  #othersMoved(mover: Exec | null): void {
    for (const cpu of this.#machine.cpus) {
      const top = cpu.top
      if (top !== null && top !== mover) top.relaxed = false
    }
  }

  #sleep(exec: Exec): void {
    const machine = this.#machine
    const cpu = exec.cpu
    exec.pollingSinceNs = -1
    exec.loopingSinceNs = -1
    exec.loopTurns = 0
    if (cpu.stack.length > 1 || exec.kind !== 'task') {
      machine.trouble.scheduleInAtomic(cpu, exec)
      machine.panic('context switch inside an interrupt')
      return
    }
    const task = exec as Task
    machine.footprint?.touch(cpu.queue, true)
    if (cpu.preemptCount !== 0) machine.trouble.scheduleInAtomic(cpu, exec)
    if (task.state === 'running' && cpu.queue.length === 0) return
    this.#leave(cpu, task)
    if (task.state === 'running') this.queues.push(cpu, task)
    else {
      task.sleepSinceNs = machine.nowNs
      task.onBlock?.()
    }
    machine.observer.switched?.(cpu, task, null)
    this.queues.pull(cpu)
  }

  #exit(exec: Exec): void {
    const machine = this.#machine
    const cpu = exec.cpu
    assert(cpu.top === exec, `${exec.name} ended below another context`)
    machine.footprint?.touch(cpu.queue, true)
    exec.onExit?.(exec)
    machine.contexts.delete(exec.id)
    cpu.stack.pop()
    if (exec.kind === 'task') {
      const task = exec as Task
      task.state = 'dead'
      task.onCpu = false
      cpu.current = null
      cpu.preemptCount = 0
      cpu.irqsOff = false
      machine.observer.switched?.(cpu, task, null)
      machine.observer.contextEnd?.(exec)
      this.queues.pull(cpu)
      return
    }
    cpu.irqsOff = exec.savedIrqsOff
    cpu.preemptCount = exec.savedPreemptCount
    machine.observer.contextEnd?.(exec)
    this.#last = cpu.top
    if (exec.kind === 'hardirq' && !cpu.stack.some((e) => e.kind === 'hardirq'))
      machine.interruptExit(cpu)
  }

  /** An oops: the task ends where it stands, with whatever it holds; interrupts take all down. */
  #die(exec: Exec, error: unknown): void {
    const machine = this.#machine
    if (!(error instanceof TaskDeath)) machine.trouble.oops(exec, error)
    exec.finished = true
    exec.died = true
    exec.frames.length = 0
    exec.names.length = 0
    exec.positions.length = 0
    this.#charge(exec, STEP_COST_NS)
    if (exec.kind !== 'task') {
      machine.panic('Fatal exception in interrupt')
      return
    }
    exec.cpu.stack.length = 1
    this.#exit(exec)
    if (exec === machine.main) machine.halt('panic', 'the scenario itself was ended by an oops')
  }
}
