/** Drivers for USB devices: `linux/usb`. */
export {
  usb_bus,
  usb_device,
  usb_driver,
  usb_host_config,
  usb_interface,
  USB_INTERFACE_BINDING,
  USB_INTERFACE_BOUND,
  USB_INTERFACE_UNBINDING,
  USB_INTERFACE_UNBOUND,
  USB_SPEED_FULL,
  USB_SPEED_HIGH,
  USB_SPEED_LOW,
  USB_SPEED_SUPER,
  USB_SPEED_SUPER_PLUS,
  USB_SPEED_UNKNOWN,
  USB_STATE_ADDRESS,
  USB_STATE_ATTACHED,
  USB_STATE_CONFIGURED,
  USB_STATE_DEFAULT,
  USB_STATE_NOTATTACHED,
  USB_STATE_POWERED,
  USB_STATE_RECONNECTING,
  USB_STATE_SUSPENDED,
  USB_STATE_UNAUTHENTICATED,
  type pm_message_t,
  type usb_device_id,
} from '../kernel/usb/structs'
export * from './usb/device'
export * from './usb/driver'
export * from './usb/endpoints'
export * from './usb/message'
export * from './usb/structs'
export * from './usb/urb'
