import { Machine } from '../engine/machine'
import type { Strategy } from '../engine/strategy'
import type { RunOptions } from '../protocol'
import { recorder } from '../kernel/emit'
import { faultInjection } from '../kernel/mm/fault-injection'
import { memoryAccess } from '../kernel/mm/watch'
import { modules } from '../kernel/base/module'
import { runParameters } from '../kernel/run-parameters'
import { installTrouble } from '../kernel/sched/trouble'
import type { Sandbox } from '../sandbox'
import type { TraceWriter } from '../trace'
import { attachCheckers } from './checkers'
import { readMachineFile } from './machine-file'
import { Loader } from './loader'
import { paramValues } from './params'
import type { LabProgram } from './program'
import { scenarioTask } from './scenario'

export interface BootOptions {
  strategy: Strategy
  run: RunOptions
  traced: boolean
  recordKeys: boolean
  stepsMax: number
}

/** A machine with a lab in it, ready for its first step. */
export interface Booted {
  program: LabProgram
  machine: Machine
  /** Null when the run is not traced. */
  writer: TraceWriter | null
  isLoaded(module: string): boolean
}

/**
 * Builds the machine that a lab describes: engine, kernel, checkers, trace, hardware, the module
 * loader, and the task that plays the scenario. Nothing of the lab runs before the first step but
 * its machine file.
 */
export function boot(program: LabProgram, sandbox: Sandbox, options: BootOptions): Booted {
  const { run } = options
  const machine = new Machine({
    seed: run.seed ?? 0,
    strategy: options.strategy,
    recordKeys: options.recordKeys,
    stepsMax: options.stepsMax,
  })
  machine.runtime.watch = !machine.timed || run.kcsan === true
  return machine.inside(() => {
    const writer = options.traced ? recorder(machine).start() : null
    memoryAccess(machine)
    const loader = new Loader(machine, program, sandbox)
    const spec = readMachineFile(machine, program, loader)
    installTrouble(machine)
    attachCheckers(machine, run)
    faultInjection(machine).failAt = run.fail ?? 0
    for (const [name, value] of paramValues(program.plan, run))
      runParameters(machine).set(name, value)
    modules(machine).loader = (name) => {
      const instance = program.instance(name, 'driver')
      return instance ? loader.load(instance) : null
    }
    machine.main = machine.spawn('scenario', scenarioTask(machine, program, loader, spec), {
      cpu: 0,
      kernel: false,
    })
    const isLoaded = (name: string): boolean => modules(machine).isLoaded(name)
    return { program, machine, writer, isLoaded }
  })
}

