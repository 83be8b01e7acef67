import type { Machine } from '../engine/machine'
import { Cpu } from '../engine/cpu'
import { assert } from '../base/assert'
import { addSlot } from '../kernel/pci/bus'
import type { PciHardware } from '../kernel/pci/pci-dev'
import { device_model } from './device-model'
import { edu } from './edu'

/** A device in a slot: the name of a built-in model, or a class of the lab's own. */
export interface PciSlotSpec {
  slot: string
  model: string | (new () => device_model)
  /** False: the slot is empty until the scenario plugs it. */
  present?: boolean
}

/** What `machine.ts` describes. Everything has a default. */
export interface MachineSpec {
  cpus?: number
  hz?: number
  pci?: PciSlotSpec[]
}

const MODELS: Record<string, new () => device_model> = { edu }

/** The machine of a lab that has no machine file: two CPUs and an edu device. */
const DEFAULT_PCI: PciSlotSpec[] = [{ slot: '01:00.0', model: 'edu' }]

export function configureMachine(machine: Machine, spec: MachineSpec): void {
  const cpus = spec.cpus ?? 2
  assert(cpus >= 1 && cpus <= 16, `a machine has 1 to 16 CPUs, not ${cpus}`)
  machine.cpus.length = 0
  for (let i = 0; i < cpus; i++) machine.cpus.push(new Cpu(i))
  if (spec.hz !== undefined) machine.hz = spec.hz
}

/** Builds slots; what is present is found by the bus when the kernel has booted. */
export function setUpHardware(machine: Machine, spec: MachineSpec): string[] {
  const present: string[] = []
  for (const slot of spec.pci ?? DEFAULT_PCI) {
    const model = typeof slot.model === 'string' ? MODELS[slot.model] : slot.model
    if (!model)
      throw new Error(`machine.ts: there is no device model '${String(slot.model)}'; built in: ${Object.keys(MODELS).join(', ')}.`)
    addSlot(machine, slot.slot, () => guarded(machine, new model()))
    if (slot.present !== false) present.push(slot.slot)
  }
  return present
}

/** A lab's own model is compiled code: its functions run to their end at once. */
function guarded(machine: Machine, model: device_model): PciHardware {
  assert(model instanceof device_model, 'a device model must extend device_model')
  const { runtime } = machine
  return {
    vendorId: model.vendorId,
    deviceId: model.deviceId,
    revision: model.revision,
    classCode: model.classCode,
    bars: model.bars,
    vectors: model.vectors,
    read: (bar, offset, size) => runtime.atomic<number>(model.read(bar, offset, size)),
    write: (bar, offset, size, value) => runtime.atomic<void>(model.write(bar, offset, size, value)),
    attach: (pdev) => runtime.atomic<void>(model.attach(pdev)),
    reset: () => runtime.atomic<void>(model.reset()),
  }
}
