import type { Machine, StopReason as MachineStop } from '../engine/machine'
import type { Strategy } from '../engine/strategy'
import type { DmesgLine, RunOptions, RunResult, StopReason, StrategyName } from '../protocol'
import { dmesgText, kernelLog, type LogLine } from '../kernel/printk/log'
import { lineOf } from '../engine/position'
import { fair } from '../engine/strategy'
import { makeStrategy } from '../engine/strategies'
import { reportLeaks } from '../checkers/leak'
import type { Booted } from './boot'

/** A run that takes more steps than this is cut off unless the caller asks for more. */
export const STEPS_MAX = 20_000_000

export function strategyOf(options: RunOptions): Strategy {
  const name = options.strategy ?? 'fair'
  if (name === 'fair') return fair
  return makeStrategy(name, {
    seed: options.seed ?? 0,
    preemptions: options.preemptions ?? 2,
    choices: options.choices ?? [],
  })
}

/** What is checked when a run is over: whoever should have tidied up has had the chance. */
export function concludeRun(booted: Booted): void {
  const { machine } = booted
  if (machine.stop !== 'finished') return
  machine.inside(() => reportLeaks(machine, booted.isLoaded))
}

export function stopReason(machine: Machine): StopReason {
  const stop: MachineStop | null = machine.stop
  return stop ?? 'paused'
}

export function stopSentence(machine: Machine): string {
  const found = machine.findings.length
  const findings =
    found === 0 ? 'no findings' : found === 1 ? '1 finding' : `${found} findings`
  switch (machine.stop) {
    case 'finished':
      return `Finished with ${findings}.`
    case 'deadlock':
      return `Stopped: ${machine.stopText}; ${findings}.`
    case 'panic':
      return `Kernel panic: ${machine.stopText}; ${findings}.`
    case 'until':
      return `Stopped at the limit of this run (${machine.stopText}); ${findings}.`
    default:
      return `Not finished; ${findings} so far.`
  }
}

export function resultOf(booted: Booted, options: RunOptions): RunResult {
  const { machine } = booted
  return {
    lab: booted.program.lab.id,
    seed: machine.seed,
    strategy: (options.strategy ?? 'fair') as StrategyName,
    steps: machine.steps,
    virtualNs: machine.nowNs,
    traceHash: booted.writer?.traceHash ?? '',
    dmesg: kernelLog(machine).lines.map(dmesgText),
    findings: machine.findings,
    result: stopReason(machine),
    resultText: stopSentence(machine),
    choices: machine.choices,
  }
}

export function dmesgLine(machine: Machine, line: LogLine): DmesgLine {
  return {
    level: line.level,
    timeNs: line.timeNs,
    text: line.text,
    cpu: line.cpu,
    context: line.context,
    step: line.step,
    event: line.event,
    file: machine.runtime.file(line.pos)?.path ?? null,
    line: lineOf(line.pos),
    finding: line.finding < 0 ? null : line.finding,
  }
}
