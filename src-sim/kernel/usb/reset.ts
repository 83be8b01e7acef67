import { call, type Sim } from '../../engine/suspend'
import { MS } from '../../base/units'
import { EINVAL, EISDIR, ENODEV } from '../errno'
import { attachDevice } from '../base/attach'
import { releaseDriver } from '../base/bind'
import { deviceLog } from '../base/core'
import { pmGetSync, pmPutSync } from '../base/pm-runtime'
import { scheduleTimeoutNs } from '../sched/schedule'
import { usbDriverOf } from './driver'
import { flushEndpoint } from './urb-ops'
import {
  USB_INTERFACE_BOUND,
  USB_STATE_NOTATTACHED,
  USB_STATE_SUSPENDED,
  type usb_device,
  type usb_interface,
} from './structs'

/** Resetting a device under its drivers: drivers/usb/core/hub.c. */

const RESET_NS = 60 * MS

const interfaces = (udev: usb_device): usb_interface[] =>
  (udev.actconfig?.interface ?? []).filter((i): i is usb_interface => i !== null)

/**
 * `usb_reset_device`, the device lock held: drivers are warned; those that cannot stand a reset are
 * unbound, and bound again afterwards. 0 or -errno.
 */
export function* resetDevice(udev: usb_device): Sim<number> {
  if (udev.state === USB_STATE_NOTATTACHED || udev.state === USB_STATE_SUSPENDED) return -EINVAL
  if (!udev.parent) return -EISDIR
  yield* pmGetSync(udev.dev)
  udev.reset_in_progress = 1
  for (const intf of interfaces(udev)) if (yield* mustLeave(intf)) yield* forceOff(intf)
  const ret = yield* resetPort(udev)
  for (const intf of interfaces(udev).reverse()) yield* afterReset(intf)
  for (const intf of interfaces(udev)) {
    if (!intf.needs_binding) continue
    if (intf.condition === USB_INTERFACE_BOUND) yield* releaseDriver(intf.dev)
    intf.needs_binding = 0
    yield* attachDevice(intf.dev)
  }
  udev.reset_in_progress = 0
  yield* pmPutSync(udev.dev)
  return ret
}

function* mustLeave(intf: usb_interface): Sim<boolean> {
  const drv = usbDriverOf(intf.dev.driver)
  if (!drv) return false
  const { pre_reset, post_reset } = drv
  if (pre_reset && post_reset) return Number(yield* call(() => pre_reset(intf))) !== 0
  return intf.condition === USB_INTERFACE_BOUND
}

function* forceOff(intf: usb_interface): Sim {
  yield* releaseDriver(intf.dev)
  intf.needs_binding = 1
}

function* afterReset(intf: usb_interface): Sim {
  const post = usbDriverOf(intf.dev.driver)?.post_reset
  if (intf.needs_binding || !post) return
  if (yield* call(() => post(intf))) intf.needs_binding = 1
}

function* resetPort(udev: usb_device): Sim<number> {
  for (const ep of new Set([...udev.ep_out, ...udev.ep_in])) {
    if (!ep) continue
    yield* flushEndpoint(ep)
    ep.$halted = false
  }
  yield* scheduleTimeoutNs(RESET_NS, 'a port reset', 'uninterruptible')
  const model = udev.$model
  if (!model || udev.$port?.present !== model) return -ENODEV
  model.reset()
  deviceLog(udev.dev, 6, `reset high-speed USB device number ${udev.devnum} using xhci_hcd`)
  return 0
}
