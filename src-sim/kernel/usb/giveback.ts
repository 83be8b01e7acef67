import { call, point, type Sim } from '../../engine/suspend'
import { usb_urb_complete } from '../../trace/events'
import { named } from '../api'
import { emit } from '../emit'
import { EREMOTEIO } from '../errno'
import { IRQ_HANDLED, IRQ_NONE } from '../irq/desc'
import { memoryAccess } from '../mm/watch'
import { machine } from '../../engine/current'
import { queueWorkOn } from '../workqueue/queue'
import { resumeWakeups, suspendWakeups, unanchorUrb } from './anchor'
import { transferType, USB_ENDPOINT_XFER_INT, USB_ENDPOINT_XFER_ISOC } from './descriptors'
import type { GivebackList, UsbHost } from './host'
import { serveEndpoint, unlinkFromEndpoint } from './transfer'
import { unmapUrb } from './urb-dma'
import { putUrb } from './urb-ref'
import { URB_SHORT_NOT_OK, type Urb } from './urb'

/** The way back of a request: hard interrupt, list, softirq, completion function. */

/** The controller's interrupt handler: what the hardware has finished leaves its endpoint. */
export const takeEvents = named('xhci_irq', function* (host: UsbHost): Sim<number> {
  if (host.events.length === 0) return IRQ_NONE
  for (let event = host.events.shift(); event; event = host.events.shift()) {
    const { urb, submission, status } = event
    const { ep } = urb
    if (urb.hcpriv !== submission || !ep?.$urbs.includes(urb)) continue
    unlinkFromEndpoint(urb)
    giveBack(host, urb, status)
    serveEndpoint(host, ep)
  }
  return IRQ_HANDLED
})

/** `usb_hcd_giveback_urb`: an unlinked request keeps the reason it was unlinked for. */
export function giveBack(host: UsbHost, urb: Urb, status: number): void {
  if (!urb.unlinked) urb.unlinked = status
  const type = urb.ep ? transferType(urb.ep.desc) : 0
  const periodic = type === USB_ENDPOINT_XFER_ISOC || type === USB_ENDPOINT_XFER_INT
  const list = periodic ? host.high : host.low
  list.urbs.push(urb)
  if (!list.running) queueWorkOn(null, list.wq, list.work)
}

/** `usb_giveback_urb_bh`: what comes in meanwhile is for the next time. */
export const giveBackAll = named(
  'usb_giveback_urb_bh',
  function* (host: UsbHost, list: GivebackList): Sim {
    list.running = true
    for (const urb of list.urbs.splice(0)) yield* complete(host, urb)
    if (list.urbs.length > 0) queueWorkOn(null, list.wq, list.work)
    list.running = false
  },
)

const complete = named('__usb_hcd_giveback_urb', function* (host: UsbHost, urb: Urb): Sim {
  memoryAccess(machine()).touch(urb, 'complete', false, '__usb_hcd_giveback_urb')
  const { anchor, complete: fn } = urb
  let status = urb.unlinked
  urb.hcpriv = null
  const short = urb.actual_length < urb.transfer_buffer_length
  if (urb.transfer_flags & URB_SHORT_NOT_OK && short && !status) status = -EREMOTEIO
  unmapUrb(host, urb)
  suspendWakeups(anchor)
  unanchorUrb(urb)
  urb.status = status
  emit(usb_urb_complete, urb, urb.dev, fn, status, urb.actual_length)
  yield point(giveBackAll, urb)
  if (fn) yield* call(() => fn(urb))
  resumeWakeups(anchor)
  urb.$useCount--
  if (urb.$reject > 0) host.killers.wakeAll()
  putUrb(urb)
})
