import { machine } from '../../engine/current'
import { point, RELAX, type Sim } from '../../engine/suspend'
import * as errno from '../errno'
import { deviceLog } from '../base/core'
import { memoryAccess } from '../mm/watch'
import { faultInjection } from '../mm/fault-injection'
import { warn } from '../printk/warn'
import { mightSleep } from '../sched/schedule'
import { isEmptyAndQuiet, takeFromAnchor } from './anchor'
import {
  endpointIn,
  transferType,
  USB_DIR_IN,
  USB_ENDPOINT_XFER_CONTROL,
  USB_ENDPOINT_XFER_INT,
  USB_ENDPOINT_XFER_ISOC,
  type usb_host_endpoint,
} from './descriptors'
import { usbHost } from './host'
import { checkPackets } from './isochronous'
import { endpointOf, kindOfType, pipeIn, pipeKind, pipeType } from './pipe'
import { USB_SPEED_HIGH, USB_STATE_CONFIGURED, USB_STATE_UNAUTHENTICATED } from './structs'
import { dequeue, enqueue } from './transfer'
import { mapUrb, unmapUrb } from './urb-dma'
import { getUrb, putUrb } from './urb-ref'
import { URB_DIR_IN, type Urb, type usb_anchor } from './urb'

/** Submitting and ending requests: drivers/usb/core/{urb,hcd}.c. */

const { EBADR, EBUSY, EIDRM, EINPROGRESS, EINVAL, EMSGSIZE, ENODEV, ENOENT, ENOEXEC } = errno

const touch = (urb: Urb, inside: string): void =>
  memoryAccess(machine()).touch(urb, 'hcpriv', false, inside)

/** 0: the completion function will be called, once. Else it will not. Never sleeps. */
export function submitUrb(urb: Urb | null): number {
  if (!urb || !urb.complete) return -EINVAL
  touch(urb, 'usb_submit_urb')
  if (urb.hcpriv) {
    warnAt('usb-active', 'URB 0000000000000000 submitted while active', urb)
    return -EBUSY
  }
  const { dev } = urb
  if (!dev || dev.state < USB_STATE_UNAUTHENTICATED) return -ENODEV
  const ep = endpointOf(dev, urb.pipe)
  if (!ep) return -ENOENT
  urb.ep = ep
  urb.status = -EINPROGRESS
  urb.actual_length = 0
  const error = check(urb, ep)
  return error || hand(urb)
}

function warnAt(what: string, text: string, urb: Urb): void {
  const where = 'drivers/usb/core/urb.c at usb_submit_urb'
  warn(machine(), what, where, text, { objects: [urb] })
}

/** What a request must be like before the controller sees it. */
function check(urb: Urb, ep: usb_host_endpoint): number {
  const type = transferType(ep.desc)
  const control = type === USB_ENDPOINT_XFER_CONTROL
  let isIn = endpointIn(ep.desc)
  if (control) {
    const setup = urb.setup_packet
    if (!setup) return -ENOEXEC
    isIn = (setup.bRequestType & USB_DIR_IN) !== 0 && setup.wLength !== 0
    if (pipeIn(urb.pipe) !== isIn) wrongDirection(urb, setup.bRequestType)
    if (setup.wLength !== urb.transfer_buffer_length) return -EBADR
  }
  urb.transfer_flags = (urb.transfer_flags & ~URB_DIR_IN) | (isIn ? URB_DIR_IN : 0)
  if (!control && urb.dev!.state < USB_STATE_CONFIGURED) return -ENODEV
  if (ep.desc.wMaxPacketSize <= 0) return -EMSGSIZE
  if (type === USB_ENDPOINT_XFER_ISOC) {
    const error = checkPackets(urb)
    if (error) return error
  }
  if (urb.transfer_buffer_length < 0) return -EMSGSIZE
  if (pipeType(urb.pipe) !== type) wrongType(urb, type)
  if (type === USB_ENDPOINT_XFER_INT || type === USB_ENDPOINT_XFER_ISOC) return checkInterval(urb)
  return 0
}

function wrongDirection(urb: Urb, requestType: number): void {
  const [pipe, wanted] = [urb.pipe.toString(16), requestType.toString(16)]
  const text = `BOGUS control dir, pipe ${pipe} doesn't match bRequestType ${wanted}`
  warnAt('usb-control-dir', `usb ${urb.dev!.$label}: ${text}`, urb)
}

/** Only a line in the log, once: the endpoint's own type is what counts. */
function wrongType(urb: Urb, type: number): void {
  const host = usbHost(machine())
  if (host.toldOfWrongType) return
  host.toldOfWrongType = true
  const kinds = `pipe ${pipeKind(urb.pipe)} != type ${kindOfType(type)}`
  deviceLog(urb.dev!.dev, 4, `BOGUS urb xfer, ${kinds}`)
}

/** Intervals are powers of two: frames, or microframes at high speed. */
function checkInterval(urb: Urb): number {
  if (urb.interval <= 0) return -EINVAL
  const high = urb.dev!.speed >= USB_SPEED_HIGH
  if (!high && urb.interval > 255) return -EINVAL
  let legal = high ? 1 << 15 : 128
  while (legal > urb.interval) legal >>= 1
  urb.interval = legal
  return 0
}

/** The core's own reference keeps the structure until the completion function has returned. */
function hand(urb: Urb): number {
  const host = usbHost(machine())
  const by = { holder: host.hcd, why: 'request under way' }
  getUrb(urb, by)
  urb.$useCount++
  urb.dev!.urbnum++
  const failed = faultInjection(machine()).shouldFail('usb_submit_urb') ? -errno.ENOMEM : 0
  let error = failed || mapUrb(host, urb)
  if (!error) {
    error = enqueue(host, urb)
    if (error) unmapUrb(host, urb)
  }
  if (!error) return 0
  urb.hcpriv = null
  urb.$useCount--
  urb.dev!.urbnum--
  if (urb.$reject > 0) host.killers.wakeAll()
  putUrb(urb)
  return error
}

/** `usb_hcd_unlink_urb`. */
function unlink(urb: Urb, status: number): number {
  if (urb.$useCount === 0) return -EIDRM
  const ret = dequeue(usbHost(machine()), urb, status)
  return ret === 0 ? -EINPROGRESS : ret
}

/** -EINPROGRESS: the completion function will be called, with -ECONNRESET. Never sleeps. */
export function unlinkUrb(urb: Urb | null): number {
  if (!urb) return -EINVAL
  touch(urb, 'usb_unlink_urb')
  if (!urb.dev) return -ENODEV
  if (!urb.ep) return -EIDRM
  return unlink(urb, -errno.ECONNRESET)
}

function* endAndWait(urb: Urb, why: string): Sim {
  if (!urb.dev || !urb.ep) return
  unlink(urb, -ENOENT)
  yield point(endAndWait, urb)
  const { killers } = usbHost(machine())
  yield* killers.waitUntil(() => urb.$useCount === 0, urb, why)
}

/** Afterwards it is not under way, and its completion function has returned. */
export function* killUrb(urb: Urb | null): Sim {
  mightSleep('usb_kill_urb')
  if (!urb) return
  touch(urb, 'usb_kill_urb')
  if (!urb.dev || !urb.ep) return
  urb.$reject++
  yield* endAndWait(urb, 'the end of a killed request')
  urb.$reject--
}

/** As `killUrb`, and it cannot be submitted until `unpoisonUrb`. */
export function* poisonUrb(urb: Urb | null): Sim {
  mightSleep('usb_poison_urb')
  if (!urb) return
  touch(urb, 'usb_poison_urb')
  urb.$reject++
  yield* endAndWait(urb, 'the end of a poisoned request')
}

export function blockUrb(urb: Urb | null): void {
  if (urb) urb.$reject++
}

export function unpoisonUrb(urb: Urb | null): void {
  if (urb) urb.$reject--
}

/** Youngest first, until nobody is left and no completion function runs. */
function* endAnchored(anchor: usb_anchor, end: (urb: Urb) => Sim): Sim {
  do {
    for (let urb = anchor.$urbs.at(-1); urb; urb = anchor.$urbs.at(-1)) {
      getUrb(urb)
      yield* end(urb)
      putUrb(urb)
    }
    if (!isEmptyAndQuiet(anchor)) yield RELAX
  } while (!isEmptyAndQuiet(anchor))
}

export const killAnchored = (anchor: usb_anchor): Sim => endAnchored(anchor, killUrb)

export function* poisonAnchored(anchor: usb_anchor): Sim {
  anchor.poisoned = 1
  yield* endAnchored(anchor, poisonUrb)
}

export function unpoisonAnchored(anchor: usb_anchor): void {
  for (const urb of anchor.$urbs) unpoisonUrb(urb)
  anchor.poisoned = 0
}

/** Asynchronous: completion functions are called later. */
export function unlinkAnchored(anchor: usb_anchor): void {
  for (let urb = takeFromAnchor(anchor); urb; urb = takeFromAnchor(anchor)) {
    unlinkUrb(urb)
    putUrb(urb)
  }
}

/** `usb_hcd_flush_endpoint`: youngest first; returns when the controller has let go of them. */
export function* flushEndpoint(ep: usb_host_endpoint): Sim {
  const host = usbHost(machine())
  const next = (): Urb | undefined => ep.$urbs.findLast((urb) => !urb.unlinked)
  for (let urb = next(); urb; urb = next()) dequeue(host, urb, -errno.ESHUTDOWN)
  for (let urb = ep.$urbs.at(-1); urb; urb = ep.$urbs.at(-1)) {
    getUrb(urb)
    yield* killUrb(urb)
    putUrb(urb)
  }
}
