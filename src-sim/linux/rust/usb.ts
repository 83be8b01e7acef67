import { quiet } from '../../kernel/api'
import { declareModule } from '../../kernel/rust/module'
import { registerUsb, type UsbDriver } from '../../kernel/rust/usb'

/** Drivers for USB interfaces: `import * as usb from 'rust/usb'`. */
export {
  UsbDeviceId as DeviceId, UsbInterface as Interface, UsbRegistration as Registration,
} from '../../kernel/rust/usb'
export type { UsbDriver as Driver } from '../../kernel/rust/usb'

/** `module_usb_driver!`: a module whose value is the registration of this driver. */
export const module_usb_driver = quiet(
  <Data>(init: { type: UsbDriver<Data>; name: string }): void =>
    declareModule((owner) => registerUsb(init.name, init.type as UsbDriver<unknown>, owner)),
)
