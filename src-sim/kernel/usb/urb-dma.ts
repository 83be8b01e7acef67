import { machine } from '../../engine/current'
import { DMA_FROM_DEVICE, DMA_TO_DEVICE } from '../dma/direction'
import { mapSingle, mappingError, unmapSingle } from '../dma/mapping'
import { EAGAIN } from '../errno'
import { physicalMemory } from '../mm/physical'
import { warn } from '../printk/warn'
import type { UsbHost } from './host'
import { URB_DIR_IN, URB_NO_TRANSFER_DMA_MAP, type Urb } from './urb'

/** The controller reaches buffers by DMA: they are mapped while a request is under way. */

const direction = (urb: Urb): number =>
  urb.transfer_flags & URB_DIR_IN ? DMA_FROM_DEVICE : DMA_TO_DEVICE

/** 0, or -EAGAIN for a buffer that is no memory a device can reach. */
export function mapUrb(host: UsbHost, urb: Urb): number {
  const { transfer_buffer: buffer, transfer_buffer_length: length } = urb
  if (urb.transfer_flags & URB_NO_TRANSFER_DMA_MAP || !buffer || length === 0) return 0
  if (physicalMemory(machine()).addressOf(buffer) === null) {
    const where = 'drivers/usb/core/hcd.c at usb_hcd_map_urb_for_dma'
    warn(machine(), 'usb-not-dma-capable', where, 'transfer buffer not dma capable')
    return -EAGAIN
  }
  const address = mapSingle(host.controller, buffer, length, direction(urb))
  if (mappingError(host.controller, address)) return -EAGAIN
  urb.$mapped = address
  urb.transfer_dma = address
  return 0
}

export function unmapUrb(host: UsbHost, urb: Urb): void {
  if (urb.$mapped === null) return
  unmapSingle(host.controller, urb.$mapped, urb.transfer_buffer_length, direction(urb))
  urb.$mapped = null
}
