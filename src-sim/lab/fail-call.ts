import { faultInjection } from '../kernel/mm/fault-injection'
import type { FailureOutcome, RunOptions } from '../protocol'
import type { Sandbox } from '../sandbox'
import { watchLoops } from './black-box'
import { boot } from './boot'
import type { LabProgram } from './program'
import { concludeRun, stopReason, stopSentence, strategyOf } from './run'

/** One of many runs in a row: a lab that needs more steps than this is cut off. */
const STEPS_MAX = 1_000_000

/** Runs a lab to its end with the Nth call that can fail failing, and tells which call that was. */
export function failCall(
  program: LabProgram,
  sandbox: Sandbox,
  options: RunOptions,
  blackBox?: Int32Array,
): FailureOutcome {
  const booted = boot(program, sandbox, {
    strategy: strategyOf(options),
    run: options,
    traced: false,
    recordKeys: false,
    stepsMax: options.stepsMax ?? STEPS_MAX,
  })
  const { machine } = booted
  watchLoops(machine, blackBox)
  machine.run()
  concludeRun(booted)
  const outcome: FailureOutcome = {
    failed: faultInjection(machine).failed,
    findings: machine.findings,
    result: stopReason(machine),
    resultText: stopSentence(machine),
  }
  machine.dismantle()
  return outcome
}
