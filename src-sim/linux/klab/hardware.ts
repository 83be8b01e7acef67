/** For device models of a lab's own: `klab/hardware`. */
export { device_model } from '../../hardware/device-model'
export { ring_dma } from '../../hardware/ring-dma'
export { usb_device_model } from '../../hardware/usb-device-model'
export type { UsbEndpointSpec, UsbInterfaceSpec, UsbRequest } from '../../kernel/usb/hardware'
