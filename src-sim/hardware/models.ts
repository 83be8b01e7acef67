import type { device_model } from './device-model'
import { edu } from './edu'
import { mailbox } from './mailbox'
import { ring_dma } from './ring-dma'
import type { usb_device_model } from './usb-device-model'
import { usb_echo } from './usb-echo'
import { usb_source } from './usb-source'

/** Device models by the name that a machine file uses. */
export const MODELS: Readonly<Record<string, new () => device_model>> = {
  edu,
  mailbox,
  'ring-dma': ring_dma,
}

/** The same for USB ports. */
export const USB_MODELS: Readonly<Record<string, new () => usb_device_model>> = {
  'usb-echo': usb_echo,
  'usb-source': usb_source,
}
