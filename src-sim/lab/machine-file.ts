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
  const spec = instance
    ? specOf(loader.load(instance).evaluate(), instance.entry)
    : defaultMachine(program)
  configureMachine(machine, spec)
  return spec
}

/** Two CPUs, and a PCI device if any file of the lab speaks of PCI: finding it takes time. */
function defaultMachine(program: LabProgram): MachineSpec {
  const speaks = Object.values(program.lab.files).some((text) => /pci|01:00/i.test(text))
  return speaks ? {} : { pci: [] }
}

function specOf(exports: Record<string, unknown>, path: string): MachineSpec {
  const spec = exports['default']
  if (spec === null || typeof spec !== 'object')
    throw new Error(`${path} has no default export: write \`export default machine({ ... })\`.`)
  return spec as MachineSpec
}
