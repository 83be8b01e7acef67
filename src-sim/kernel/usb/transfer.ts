import { machine } from '../../engine/current'
import type { TimedEvent } from '../../engine/events'
import { US } from '../../base/units'
import { usb_urb_submit, usb_urb_unlink } from '../../trace/events'
import { emit } from '../emit'
import {
  EBUSY,
  EHOSTUNREACH,
  EIDRM,
  ENOENT,
  EOVERFLOW,
  EPERM,
  EPIPE,
  EPROTO,
} from '../errno'
import { dmaPort } from '../dma/port'
import {
  endpointIn,
  maxPacket,
  transferType,
  USB_DIR_IN,
  USB_ENDPOINT_XFER_CONTROL,
  USB_ENDPOINT_XFER_INT,
  USB_ENDPOINT_XFER_ISOC,
  type usb_host_endpoint,
} from './descriptors'
import type { UsbHardware } from './hardware'
import type { UsbHost } from './host'
import { movePackets } from './isochronous'
import { standardRequest } from './standard'
import type { Urb } from './urb'
import { USB_SPEED_HIGH } from './structs'

/**
 * The host controller: one request of each endpoint is worked on at a time, the oldest. It takes
 * virtual time, and its end is an interrupt.
 */

const MICROFRAME_NS = 125 * US
const PACKETS_A_MICROFRAME = 13
/** Stopping an endpoint is a command that the controller has to carry out. */
const STOP_NS = 20 * US

/** Tells one submission of a request from the next. */
class Submission {}

/** Puts a request on its endpoint's list: 0, or why that must not be. */
export function enqueue(host: UsbHost, urb: Urb): number {
  const ep = urb.ep!
  if (urb.$reject > 0) return -EPERM
  if (!ep.enabled) return -ENOENT
  if (!urb.dev!.can_submit) return -EHOSTUNREACH
  urb.unlinked = 0
  urb.hcpriv = new Submission()
  ep.$urbs.push(urb)
  const address = ep.desc.bEndpointAddress
  emit(usb_urb_submit, urb, urb.dev, urb.complete, address, urb.transfer_buffer_length)
  serveEndpoint(host, ep)
  return 0
}

export function unlinkFromEndpoint(urb: Urb): void {
  const list = urb.ep!.$urbs
  list.splice(list.indexOf(urb), 1)
}

/** `unlink1`: 0, -EIDRM when it is not under way, -EBUSY when that was asked for before. */
export function dequeue(host: UsbHost, urb: Urb, status: number): number {
  const ep = urb.ep!
  if (!ep.$urbs.includes(urb)) return -EIDRM
  if (urb.unlinked) return -EBUSY
  urb.unlinked = status
  emit(usb_urb_unlink, urb, urb.dev, status)
  if (ep.$urbs[0] === urb) stopWork(ep)
  const m = machine()
  const { hcpriv } = urb
  m.at(m.nowNs + STOP_NS, 'USB endpoint stopped', ep, () => {
    if (urb.hcpriv === hcpriv) host.finish(urb, status)
  })
  return 0
}

function stopWork(ep: usb_host_endpoint): void {
  if (ep.$event) machine().events.cancel(ep.$event as TimedEvent)
  ep.$event = null
}

/** Starts on the oldest request, unless the hardware is at work or must not be. */
export function serveEndpoint(host: UsbHost, ep: usb_host_endpoint): void {
  const urb = ep.$urbs[0]
  if (!urb || urb.unlinked || ep.$event || host.events.some((e) => e.urb === urb)) return
  const m = machine()
  ep.$event = m.at(m.nowNs + duration(urb), 'USB transfer', ep, () => {
    ep.$event = null
    transfer(host, urb)
  })
}

function duration(urb: Urb): number {
  const { desc } = urb.ep!
  const high = urb.dev!.speed >= USB_SPEED_HIGH
  if (transferType(desc) === USB_ENDPOINT_XFER_INT) {
    const interval = Math.max(1, urb.interval)
    return interval * MICROFRAME_NS * (high ? 1 : 8)
  }
  if (transferType(desc) === USB_ENDPOINT_XFER_ISOC)
    return urb.number_of_packets * Math.max(1, urb.interval) * MICROFRAME_NS * (high ? 1 : 8)
  const packets = Math.ceil(urb.transfer_buffer_length / Math.max(1, maxPacket(desc)))
  return MICROFRAME_NS * Math.max(1, Math.ceil(packets / PACKETS_A_MICROFRAME))
}

/** What a pass over the bus has come to: a status, or nothing yet. */
type Outcome = number | null

/** A device that is gone does not answer: after three tries that is a protocol error. */
function transfer(host: UsbHost, urb: Urb): void {
  const { dev } = urb
  const ep = urb.ep!
  const model = dev?.$model ?? null
  const gone = !model || dev?.$port?.present !== model
  const outcome = gone ? -EPROTO : ep.$halted ? -EPIPE : move(host, urb, model)
  if (outcome === null) return
  if (outcome === -EPIPE && ep !== dev?.ep0) ep.$halted = true
  host.finish(urb, outcome)
}

function move(host: UsbHost, urb: Urb, model: UsbHardware): Outcome {
  const { desc } = urb.ep!
  if (transferType(desc) === USB_ENDPOINT_XFER_CONTROL) return control(host, urb, model)
  if (transferType(desc) === USB_ENDPOINT_XFER_ISOC) return movePackets(host, urb, model)
  return endpointIn(desc)
    ? receive(host, urb, model.in(desc.bEndpointAddress, urb.transfer_buffer_length))
    : send(host, urb, model)
}

function control(host: UsbHost, urb: Urb, model: UsbHardware): Outcome {
  const setup = urb.setup_packet!
  const data = setup.bRequestType & USB_DIR_IN ? new Uint8Array(0) : readBuffer(host, urb)
  const answer = standardRequest(urb.dev!, setup) ?? model.control(setup, data)
  if (setup.bRequestType & USB_DIR_IN || answer === 'stall') return receive(host, urb, answer)
  urb.actual_length = data.length
  return 0
}

function receive(host: UsbHost, urb: Urb, answer: Uint8Array | 'stall' | null): Outcome {
  if (answer === null) return null
  if (answer === 'stall') return -EPIPE
  const length = Math.min(answer.length, urb.transfer_buffer_length)
  if (length > 0)
    dmaPort(machine(), host.controller).write(urb.transfer_dma, answer.subarray(0, length))
  urb.actual_length = length
  return answer.length > length ? -EOVERFLOW : 0
}

function send(host: UsbHost, urb: Urb, model: UsbHardware): Outcome {
  const bytes = readBuffer(host, urb)
  const taken = model.out(urb.ep!.desc.bEndpointAddress, bytes)
  if (taken === 'stall') return -EPIPE
  if (!taken) return null
  urb.actual_length = bytes.length
  return 0
}

function readBuffer(host: UsbHost, urb: Urb): Uint8Array {
  const length = urb.transfer_buffer_length
  if (length === 0) return new Uint8Array(0)
  const bytes = dmaPort(machine(), host.controller).read(urb.transfer_dma, length)
  return bytes ?? new Uint8Array(length)
}
