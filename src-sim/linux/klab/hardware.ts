/** For device models of a lab's own: `klab/hardware`. */
export { device_model } from '../../hardware/device-model'
export { walkTables as walk_io_pgtable } from '../../kernel/iommu/io-pgtable/alloc'
export { ring_dma } from '../../hardware/ring-dma'
export { usb_device_model } from '../../hardware/usb-device-model'
export type { UsbEndpointSpec, UsbInterfaceSpec, UsbRequest } from '../../kernel/usb/hardware'
