import type { Machine } from '../engine/machine'
import { configureMachine, type MachineSpec } from '../hardware/set-up'
import type { Loader } from './loader'
import type { LabProgram } from './program'

/**
 * Evaluates `machine.ts` (or takes the default machine) and gives the machine its CPUs. Must come
 * before any subsystem is built: they look at the CPUs.
 */
export function readMachineFile(
  machine: Machine,
  program: LabProgram,
  loader: Loader,
): MachineSpec {
  const instance = program.instance('machine', 'machine')
  const spec = instance ? specOf(loader.load(instance).evaluate(), instance.entry) : {}
  configureMachine(machine, spec)
  return spec
}

function specOf(exports: Record<string, unknown>, path: string): MachineSpec {
  const spec = exports['default']
  if (spec === null || typeof spec !== 'object')
    throw new Error(`${path} has no default export: write \`export default machine({ ... })\`.`)
  return spec as MachineSpec
}
