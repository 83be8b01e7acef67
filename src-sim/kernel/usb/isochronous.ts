import { KernelObject } from '../../engine/object'
import { machine } from '../../engine/current'
import { EINVAL, EMSGSIZE, EXDEV } from '../errno'
import { dmaPort } from '../dma/port'
import { endpointIn, maxPacket } from './descriptors'
import type { UsbHardware } from './hardware'
import type { UsbHost } from './host'
import type { Urb } from './urb'

/** Isochronous requests: packets at fixed times, that come or do not. */

/** One packet: where in the buffer, how long, and what has become of it. */
export class usb_iso_packet_descriptor extends KernelObject {
  offset = 0
  length = 0
  actual_length = 0
  status = 0
}

/** 0, or -errno for a request that the endpoint cannot carry. */
export function checkPackets(urb: Urb): number {
  if (urb.number_of_packets <= 0) return -EINVAL
  const max = maxPacket(urb.ep!.desc)
  for (let n = 0; n < urb.number_of_packets; n++) {
    const packet = urb.iso_frame_desc[n]
    if (!packet || packet.length > max) return -EMSGSIZE
    packet.status = -EXDEV
    packet.actual_length = 0
  }
  return 0
}

/** Moves what is there: a packet that the device has nothing for stays empty. */
export function movePackets(host: UsbHost, urb: Urb, model: UsbHardware): number {
  const { desc } = urb.ep!
  const port = dmaPort(machine(), host.controller)
  urb.actual_length = 0
  urb.error_count = 0
  for (const packet of urb.iso_frame_desc.slice(0, urb.number_of_packets)) {
    const at = urb.transfer_dma + packet.offset
    packet.status = 0
    if (endpointIn(desc)) {
      const bytes = model.in(desc.bEndpointAddress, packet.length)
      if (bytes === null || bytes === 'stall') continue
      packet.actual_length = Math.min(bytes.length, packet.length)
      if (packet.actual_length > 0) port.write(at, bytes.subarray(0, packet.actual_length))
    } else {
      const bytes = port.read(at, packet.length) ?? new Uint8Array(packet.length)
      if (model.out(desc.bEndpointAddress, bytes) === true) packet.actual_length = packet.length
    }
    urb.actual_length += packet.actual_length
  }
  return 0
}
