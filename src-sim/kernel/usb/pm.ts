import { hidden } from '../../engine/object'
import { call, type Sim } from '../../engine/suspend'
import type { device } from '../base/device'
import type { dev_pm_ops } from '../base/pm-runtime'
import { setDeviceState } from './config'
import { usbDriverOf } from './driver'
import {
  PM_EVENT_AUTO_SUSPEND,
  USB_INTERFACE_BOUND,
  USB_STATE_CONFIGURED,
  USB_STATE_NOTATTACHED,
  USB_STATE_SUSPENDED,
  type usb_device,
  type usb_interface,
} from './structs'
import { flushEndpoint } from './urb-ops'

/** A device sleeps and wakes as a whole, its interfaces' drivers being told. */

const bound = (udev: usb_device): usb_interface[] =>
  (udev.actconfig?.interface ?? []).filter(
    (i): i is usb_interface => i !== null && i.condition === USB_INTERFACE_BOUND,
  )

function* suspendDevice(dev: device): Sim<number> {
  const udev = hidden(dev).$parent as usb_device
  if (udev.state === USB_STATE_NOTATTACHED) return 0
  const asleep: usb_interface[] = []
  for (const intf of bound(udev).reverse()) {
    const suspend = usbDriverOf(intf.dev.driver)?.suspend
    const error = suspend
      ? Number(yield* call(() => suspend(intf, { event: PM_EVENT_AUTO_SUSPEND })))
      : 0
    if (error) {
      for (const other of asleep.reverse()) yield* resumeInterface(other)
      return error
    }
    asleep.push(intf)
  }
  udev.can_submit = 0
  for (const ep of new Set([...udev.ep_out, ...udev.ep_in])) if (ep) yield* flushEndpoint(ep)
  setDeviceState(udev, USB_STATE_SUSPENDED)
  return 0
}

function* resumeInterface(intf: usb_interface): Sim {
  const resume = usbDriverOf(intf.dev.driver)?.resume
  if (resume) yield* call(() => resume(intf))
}

function* resumeDevice(dev: device): Sim<number> {
  const udev = hidden(dev).$parent as usb_device
  if (udev.state === USB_STATE_NOTATTACHED) return 0
  udev.can_submit = 1
  if (udev.state === USB_STATE_SUSPENDED) setDeviceState(udev, USB_STATE_CONFIGURED)
  for (const intf of bound(udev)) yield* resumeInterface(intf)
  return 0
}

export const devicePm: dev_pm_ops = {
  runtime_suspend: suspendDevice as unknown as (dev: device) => number,
  runtime_resume: resumeDevice as unknown as (dev: device) => number,
}
