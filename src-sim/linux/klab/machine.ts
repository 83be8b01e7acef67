import { quiet } from '../../kernel/api'
import type { MachineSpec } from '../../hardware/set-up'

/** What a machine file may say: `klab/machine`. */
export type { MachineSpec, PciSlotSpec, PlatformSpec, UsbPortSpec } from '../../hardware/set-up'

/** Describes the machine of a lab: `export default machine({ cpus: 2, pci: [...] })`. */
export const machine = quiet(function machine(spec: MachineSpec): MachineSpec {
  return spec
})
