import type { Finding } from '../engine/finding'
import type { ContextView, DmesgLine, SessionStatus, StepKind } from '../protocol'
import { LEVELS } from '../kernel/printk/log'
import type { Trace } from '../trace/trace'
import type { EventRecord } from '../trace/types'
import type { RunReport } from './run-report'
import { stepAt, type Place, type Shown } from './shown'

/**
 * A run that somebody recorded: the trace of a bundle, or a trace alone. It can be looked at from
 * every side and nothing of it is executed, so it has no call stacks beyond those in its findings.
 */
export class RecordedRun implements Shown {
  readonly trace: Trace
  readonly traceHash: string
  readonly name: string
  readonly findings: Finding[]
  readonly #log: DmesgLine[]
  readonly #last: EventRecord | null
  #cursorStep: number

  /** A trace alone has no report; what its events say must do. */
  constructor(name: string, trace: Trace, traceHash: string, report: RunReport | null) {
    this.name = name
    this.trace = trace
    this.traceHash = traceHash
    const told = report ?? reportOf(trace)
    this.findings = told.findings
    this.#log = told.dmesg
    this.#last = trace.length > 0 ? trace.event(trace.length - 1) : null
    this.#cursorStep = this.#last?.step ?? 0
  }

  status(): SessionStatus {
    const { trace } = this
    const event = trace.indexAtStep(this.#cursorStep)
    return {
      state: 'ended',
      lab: this.name,
      steps: this.#last?.step ?? 0,
      timeNs: this.#last?.timeNs ?? 0,
      events: trace.length,
      cursorStep: this.#cursorStep,
      cursorTimeNs: event < 0 ? 0 : trace.timeNs(event),
      cursorEvent: Math.max(0, event),
      findings: this.findings.length,
      dmesgLines: this.#log.length,
      seed: 0,
      strategy: 'recorded',
      traceHash: this.traceHash,
      stop: null,
      stopText: 'A recorded run: nothing of it is executed.',
    }
  }

  seek(to: Place): void {
    this.#cursorStep = Math.min(stepAt(this.trace, to), this.#last?.step ?? 0)
  }

  step(kind: StepKind): void {
    const steps = this.findings.map((f) => f.step)
    switch (kind) {
      case 'event':
        return this.seek({ step: this.#cursorStep + 1 })
      case 'back':
        return this.seek({ step: this.#cursorStep - 1 })
      case 'context':
      case 'return':
        return this.#nextOfContext()
      case 'finding':
        return this.seek({ step: steps.find((s) => s > this.#cursorStep) ?? this.#cursorStep })
      case 'previous-finding':
        return this.seek({
          step: steps.filter((s) => s < this.#cursorStep).pop() ?? this.#cursorStep,
        })
    }
  }

  /** Without a machine nobody knows where functions return: the next event of the context it is. */
  #nextOfContext(): void {
    const { trace } = this
    const from = trace.indexAtStep(this.#cursorStep)
    if (from < 0) return this.seek({ step: this.#cursorStep + 1 })
    const { context } = trace.event(from)
    for (let i = from + 1; i < trace.length; i++) {
      const { context: other, step } = trace.event(i)
      if (other === context && step > this.#cursorStep) return this.seek({ step })
    }
  }

  contexts(): ContextView[] {
    return []
  }

  dmesg(from: number, count: number): DmesgLine[] {
    return this.#log.slice(from, from + count)
  }
}

/** The log and the findings as far as the events of a trace tell them. */
function reportOf(trace: Trace): RunReport {
  const findings: Finding[] = []
  const dmesg: DmesgLine[] = []
  for (const index of trace.select({ names: ['console', 'finding'] }, 0)) {
    const event = trace.event(index)
    if (event.name === 'finding') findings.push(findingOf(event))
    else dmesg.push(lineOfLog(trace, event))
  }
  return { findings, dmesg }
}

function findingOf(event: EventRecord): Finding {
  const [, kind, title] = event.args.map(String)
  return {
    kind: kind!,
    title: title!,
    report: [title!],
    signature: `${kind}@${event.step}`,
    file: null,
    line: 0,
    column: 0,
    step: event.step,
    timeNs: event.timeNs,
    stacks: [],
    objects: [],
    rules: [],
  }
}

function lineOfLog(trace: Trace, event: EventRecord): DmesgLine {
  const [level, text] = event.args.map(String)
  return {
    level: LEVELS.findIndex((name) => name === level),
    timeNs: event.timeNs,
    text: text!,
    cpu: event.cpu,
    context: trace.store.tables.objectName(event.context),
    step: event.step,
    event: event.index,
    file: null,
    line: 0,
    finding: null,
  }
}
