import { quiet } from '../../kernel/api'
import { registerAuxiliary, type AuxiliaryDriver } from '../../kernel/rust/auxiliary'
import { declareModule } from '../../kernel/rust/module'

/** Parts of devices with drivers of their own: `import * as auxiliary from 'rust/auxiliary'`. */
export {
  AuxiliaryDevice as Device, AuxiliaryDriverRegistration as DriverRegistration,
  AuxiliaryRegistration as Registration,
} from '../../kernel/rust/auxiliary'
export type { AuxiliaryDriver as Driver } from '../../kernel/rust/auxiliary'

/** `module_auxiliary_driver!`: a module whose value is the registration of this driver. */
export const module_auxiliary_driver = quiet(
  <Data>(init: { type: AuxiliaryDriver<Data>; name: string }): void =>
    declareModule((owner) =>
      registerAuxiliary(init.name, init.type as AuxiliaryDriver<unknown>, owner)),
)
