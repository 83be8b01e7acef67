import { quiet } from '../../kernel/api'
import * as msi from '../../kernel/pci/msi'
import { declareModule } from '../../kernel/rust/module'
import { registerPci, type PciDriver } from '../../kernel/rust/pci-driver'

/** Drivers for PCI devices: `import * as pci from 'rust/pci'`. */
export { IrqVector, PciDevice as Device } from '../../kernel/rust/pci'
export { DeviceId, PciRegistration as Registration } from '../../kernel/rust/pci-driver'
export { Bar, ConfigSpace } from '../../kernel/rust/pci-io'
export type { PciDriver as Driver } from '../../kernel/rust/pci-driver'
export type { Bound, Core, Normal } from '../../kernel/rust/device'

/** `pci::IrqType`, for `alloc_irq_vectors`. */
export const IrqType = {
  Intx: msi.IRQ_INTX, Msi: msi.IRQ_MSI, MsiX: msi.IRQ_MSIX,
  All: msi.IRQ_INTX | msi.IRQ_MSI | msi.IRQ_MSIX,
} as const

/** `module_pci_driver!`: a module whose value is the registration of this driver. */
export const module_pci_driver = quiet(
  <Data>(init: { type: PciDriver<Data>; name: string }): void =>
    declareModule((owner) => registerPci(init.name, init.type as PciDriver<unknown>, owner)),
)
