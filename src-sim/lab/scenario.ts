import type { Machine } from '../engine/machine'
import { call, type Sim } from '../engine/suspend'
import { modules } from '../kernel/base/module'
import { armIommu } from '../kernel/iommu/register'
import { insmod, rmmod } from '../kernel/base/module-tools'
import { setUpHardware, type MachineSpec } from '../hardware/set-up'
import { plugAtBoot } from '../kernel/usb/places'
import { settle } from '../kernel/sched/settle'
import type { Loader } from './loader'
import type { LabProgram } from './program'

/**
 * The task that plays a lab: its scenario file, or, without one, loading every module, letting the
 * machine come to rest and unloading them again. What is still under way afterwards gets time to
 * finish: a timer that fires into freed memory fires then.
 */
export function* scenarioTask(
  machine: Machine,
  program: LabProgram,
  loader: Loader,
  spec: MachineSpec,
): Sim {
  for (const slot of setUpHardware(machine, spec)) yield* plugAtBoot(machine, slot)
  armIommu(machine)
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
    const ret = yield* insmod(machine, name)
    if (ret >= 0 && modules(machine).isLoaded(name)) loaded.unshift(name)
  }
  yield* settle(machine)
  for (const name of loaded) yield* rmmod(machine, name)
}
