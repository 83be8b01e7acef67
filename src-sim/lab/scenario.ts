import type { Machine } from '../engine/machine'
import { call, type Sim } from '../engine/suspend'
import { deleteModule, loadModule, modules } from '../kernel/base/module'
import { scheduleTimeoutNs } from '../kernel/sched/schedule'
import type { Loader } from './loader'
import type { LabProgram } from './program'

/** How long a lab may take to come to rest after its scenario, in virtual time. */
const SETTLE_NS = 10_000_000_000
const SETTLE_STEP_NS = 10_000_000

/**
 * The task that plays a lab: its scenario file, or, without one, loading every module, letting the
 * machine come to rest and unloading them again. What is still under way afterwards gets time to
 * finish: a timer that fires into freed memory fires then.
 */
export function* scenarioTask(machine: Machine, program: LabProgram, loader: Loader): Sim {
  const instance = program.instance('scenario', 'scenario')
  if (instance) {
    const exports = loader.load(instance).evaluate()
    const main = exports['default'] as (() => unknown) | undefined
    if (typeof main !== 'function')
      throw new Error(`${instance.entry} has no default export: write \`export default function () { ... }\`.`)
    yield* call(main)
  } else yield* defaultScenario(machine, program)
  yield* settle(machine)
}

function* defaultScenario(machine: Machine, program: LabProgram): Sim {
  const loaded: string[] = []
  for (const { name } of program.plan.modules) {
    if ((yield* loadModule(machine, name)) >= 0 && modules(machine).isLoaded(name)) loaded.unshift(name)
  }
  yield* settle(machine)
  for (const name of loaded) yield* deleteModule(machine, name)
}

/** Waits until nothing is queued, armed or running any more, or for ten seconds. */
export function* settle(machine: Machine): Sim {
  const end = machine.nowNs + SETTLE_NS
  let step = SETTLE_STEP_NS
  while (machine.nowNs < end) {
    const before = machine.steps
    yield* scheduleTimeoutNs(step, 'for the machine to come to rest', 'interruptible')
    const quiet = !machine.events.busy && machine.contexts.size >= 0
    if (quiet && machine.steps - before < 8) return
    step = Math.min(step * 2, SETTLE_NS / 4)
  }
}
