import { assert } from '../base/assert'
import type { Exec, Task } from '../engine/exec'
import type { Machine } from '../engine/machine'
import { fileOf, lineOf, type Position } from '../engine/position'
import type {
  Breakpoint,
  ContextView,
  RunOptions,
  DmesgLine,
  SessionStatus,
  StepKind,
  StopReason,
} from '../protocol'
import { kernelLog } from '../kernel/printk/log'
import { resolveStack, takeStack } from '../kernel/report'
import { Trace } from '../trace/trace'
import { boot, type Booted } from './boot'
import type { LabProgram } from './program'
import { concludeRun, dmesgLine, stopReason, stopSentence, strategyOf, STEPS_MAX } from './run'
import type { Finding } from '../engine/finding'
import type { Sandbox } from '../sandbox'
import { stepAt, type Place, type Shown } from './shown'

/**
 * One lab being looked at: a machine that has been executed up to some step (its trace reaches as
 * far), and a cursor somewhere in that past. Looking back costs nothing, since everything shown is
 * read from the trace; what only a machine can tell (call stacks, variables) comes from a second
 * machine that is executed up to the cursor again.
 */
export class Session implements Shown {
  readonly program: LabProgram
  readonly options: RunOptions
  readonly live: Booted
  readonly trace: Trace
  cursorStep = 0
  breakpoints: Breakpoint[] = []
  stopped: StopReason | null = null
  stopText = ''
  running = false
  #sandbox: Sandbox
  #past: Booted | null = null
  #lastLines = new Map<number, { file: number; line: number }>()

  constructor(program: LabProgram, sandbox: Sandbox, options: RunOptions) {
    this.program = program
    this.options = options
    this.#sandbox = sandbox
    this.live = this.#boot(true)
    this.trace = new Trace(this.live.writer!.store)
  }

  get machine(): Machine {
    return this.live.machine
  }

  get name(): string {
    return this.program.lab.id
  }

  get traceHash(): string {
    return this.live.writer!.traceHash
  }

  get findings(): Finding[] {
    return this.machine.findings
  }

  dmesg(from: number, count: number): DmesgLine[] {
    const { machine } = this
    const { lines } = kernelLog(machine)
    return lines.slice(from, from + count).map((line) => dmesgLine(machine, line))
  }

  #boot(traced: boolean): Booted {
    return boot(this.program, this.#sandbox, {
      strategy: strategyOf(this.options),
      run: this.options,
      traced,
      recordKeys: true,
      stepsMax: this.options.stepsMax ?? STEPS_MAX,
    })
  }

  /** Executes until `budgetOver` says so, the run ends, or a breakpoint is met. True = go on. */
  advance(budgetOver: () => boolean, untilNs = Infinity): boolean {
    const { machine } = this
    for (;;) {
      const stepMax = machine.steps + (this.breakpoints.length > 0 ? 1 : 512)
      machine.run(untilNs, stepMax)
      this.cursorStep = machine.steps
      if (machine.stop !== null) {
        this.#ended()
        return false
      }
      if (machine.nowNs >= untilNs) return this.#pause('until', 'Reached the time asked for.')
      if (this.#atBreakpoint()) return this.#pause('breakpoint', 'Stopped at a breakpoint.')
      if (budgetOver()) return true
    }
  }

  #pause(reason: StopReason, text: string): false {
    this.stopped = reason
    this.stopText = text
    return false
  }

  #ended(): void {
    if (this.stopped !== null && this.stopped !== 'paused' && this.stopped !== 'breakpoint') return
    concludeRun(this.live)
    this.stopped = stopReason(this.machine)
    this.stopText = stopSentence(this.machine)
  }

  /** Moves by one command. Steps that are already in the trace only move the cursor. */
  step(kind: StepKind): void {
    switch (kind) {
      case 'back':
        this.cursorStep = Math.max(0, this.cursorStep - 1)
        return
      case 'event':
        return this.#forward()
      case 'context':
        return this.#forwardUntil((before) => this.#contextAt(this.cursorStep) === before)
      case 'return':
        return this.#untilReturn()
      case 'finding':
        return this.#toFinding(1)
      case 'previous-finding':
        return this.#toFinding(-1)
    }
  }

  #forward(): void {
    if (this.cursorStep < this.machine.steps) {
      this.cursorStep++
      return
    }
    if (!this.machine.step()) this.#ended()
    this.cursorStep = this.machine.steps
    if (this.machine.stop !== null) this.#ended()
  }

  #forwardUntil(done: (context: number) => boolean): void {
    const context = this.#contextAt(this.cursorStep)
    for (let i = 0; i < 100_000; i++) {
      const before = this.cursorStep
      this.#forward()
      if (this.cursorStep === before || done(context)) return
    }
  }

  #untilReturn(): void {
    const start = this.contexts().find((c) => c.running)
    if (!start) return this.#forward()
    const depth = start.stack.length
    for (let i = 0; i < 10_000; i++) {
      const before = this.cursorStep
      this.#forward()
      if (this.cursorStep === before) return
      const same = this.contexts().find((c) => c.id === start.id)
      if (!same || (same.running && same.stack.length < depth)) return
    }
  }

  #toFinding(direction: 1 | -1): void {
    const steps = this.machine.findings.map((f) => f.step)
    const next =
      direction > 0
        ? steps.find((s) => s > this.cursorStep)
        : steps.filter((s) => s < this.cursorStep).pop()
    if (next !== undefined) this.cursorStep = next
    else if (direction > 0 && this.machine.stop === null) {
      const known = this.machine.findings.length
      while (this.machine.findings.length === known && this.machine.step());
      if (this.machine.stop !== null) this.#ended()
      this.cursorStep = this.machine.steps
    }
  }

  seek(to: Place): void {
    this.cursorStep = Math.min(stepAt(this.trace, to), this.machine.steps)
  }

  #contextAt(step: number): number {
    const event = this.trace.indexAtStep(step)
    return event < 0 ? 0 : this.trace.event(event).context
  }

  #atBreakpoint(): boolean {
    if (this.breakpoints.length === 0) return false
    const { runtime } = this.machine
    let hit = false
    for (const exec of this.machine.contexts.values()) {
      const pos = topPosition(exec)
      const line = lineOf(pos)
      const file = fileOf(pos)
      const before = this.#lastLines.get(exec.id)
      this.#lastLines.set(exec.id, { file, line })
      if (pos === 0 || (before && before.file === file && before.line === line)) continue
      const path = runtime.files[file]?.path
      if (this.breakpoints.some((b) => b.file === path && b.line === line)) hit = true
    }
    return hit
  }

  /** A machine that stands at the cursor. */
  #machineAtCursor(): Booted {
    if (this.cursorStep === this.machine.steps) return this.live
    if (this.#past === null || this.#past.machine.steps > this.cursorStep)
      this.#past = this.#boot(false)
    this.#past.machine.run(Infinity, this.cursorStep)
    assert(this.#past.machine.steps === this.cursorStep, 're-execution stopped early')
    return this.#past
  }

  contexts(): ContextView[] {
    const { machine } = this.#machineAtCursor()
    return machine.inside(() => [...machine.contexts.values()].map((e) => viewContext(machine, e)))
  }

  status(): SessionStatus {
    const { machine, trace } = this
    const event = trace.indexAtStep(this.cursorStep)
    const ended = machine.stop !== null
    return {
      state: this.running ? 'running' : ended ? 'ended' : machine.steps === 0 ? 'ready' : 'paused',
      lab: this.program.lab.id,
      steps: machine.steps,
      timeNs: machine.nowNs,
      events: trace.length,
      cursorStep: this.cursorStep,
      cursorTimeNs: this.cursorStep === machine.steps || event < 0 ? (event < 0 ? 0 : machine.nowNs) : trace.timeNs(event),
      cursorEvent: Math.max(0, event),
      findings: machine.findings.length,
      dmesgLines: kernelLog(machine).lines.length,
      seed: machine.seed,
      strategy: machine.strategy.name,
      traceHash: this.traceHash,
      stop: this.stopped,
      stopText: this.stopText,
    }
  }
}

function topPosition(exec: Exec): Position {
  for (let i = exec.frames.length - 1; i >= 0; i--) if (exec.positions[i] !== 0) return exec.positions[i]!
  return 0
}

function viewContext(machine: Machine, exec: Exec): ContextView {
  const task = exec.kind === 'task' ? (exec as Task) : null
  return {
    id: exec.id,
    cpu: exec.cpu.id,
    kind: exec.kind,
    name: exec.name,
    pid: task?.pid ?? 0,
    state: task ? (task.onCpu ? 'running' : task.state === 'running' ? 'runnable' : task.state) : 'running',
    waitsFor: task?.waitsFor ?? (exec.spinningOn ? 'spins' : null),
    running: exec.cpu.top === exec,
    stack: resolveStack(machine, 'now', takeStack(machine, exec)).frames,
    locks: [],
    preemptCount: task && !task.onCpu ? task.preemptCount : exec.cpu.preemptCount,
    irqsOff: exec.cpu.top === exec && exec.cpu.irqsOff,
  }
}
