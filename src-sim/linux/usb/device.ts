import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { kernelCall, kernelFrame, quiet } from '../../kernel/api'
import { lockDevice, unlockDevice } from '../../kernel/base/core'
import * as pm from '../../kernel/base/pm-runtime'
import { work_struct } from '../../kernel/workqueue/structs'
import { initWork, queueWorkOn } from '../../kernel/workqueue/queue'
import { workqueues } from '../../kernel/workqueue/workqueues'
import { deviceOfInterface } from '../../kernel/usb/driver'
import * as files from '../../kernel/usb/file'
import { resetDevice } from '../../kernel/usb/reset'
import {
  USB_INTERFACE_UNBINDING,
  USB_INTERFACE_UNBOUND,
  USB_STATE_NOTATTACHED,
  USB_STATE_SUSPENDED,
  type usb_device,
  type usb_interface,
} from '../../kernel/usb/structs'
import { EBUSY, EHOSTUNREACH, EINPROGRESS, EINTR, ENODEV } from '../errno'

/** Device files, power and resets. */

export type { usb_class_driver } from '../../kernel/usb/file'
export { USB_MAJOR } from '../../kernel/usb/file'

/** Makes a node in /dev for an interface; `intf.minor` is its number. 0 or -errno. May sleep. */
export const usb_register_dev = kernelFrame('usb_register_dev', files.registerUsbDev)
/** The node goes: new opens fail, files that are open stay open. May sleep. */
export const usb_deregister_dev = kernelFrame(
  'usb_deregister_dev',
  (intf: usb_interface, _class_driver: files.usb_class_driver) => files.deregisterUsbDev(intf),
)

/** Resets the device under its drivers; the device lock is held. 0 or -errno. May sleep. */
export const usb_reset_device = kernelFrame('usb_reset_device', resetDevice)

/** Takes the device lock for a reset: 0, or why there is nothing to reset. May sleep. */
export const usb_lock_device_for_reset = kernelFrame(
  'usb_lock_device_for_reset',
  function* (udev: usb_device, iface: usb_interface | null): Sim<number> {
    if (udev.state === USB_STATE_NOTATTACHED) return -ENODEV
    if (udev.state === USB_STATE_SUSPENDED) return -EHOSTUNREACH
    if (iface && iface.condition === USB_INTERFACE_UNBOUND) return -EINTR
    if (iface && iface.condition === USB_INTERFACE_UNBINDING) return -EBUSY
    yield* lockDevice(udev.dev)
    return 0
  },
)

/** Resets the device later, from a work item. Never sleeps. */
export const usb_queue_reset_device = kernelCall(
  'usb_queue_reset_device',
  (intf: usb_interface): void => {
    if (intf.$resetQueued) return
    intf.$resetQueued = true
    const work = new work_struct()
    initWork(work, function* usb_reset_work(): Sim {
      const udev = deviceOfInterface(intf)
      yield* lockDevice(udev.dev)
      intf.$resetQueued = false
      yield* resetDevice(udev)
      unlockDevice(udev.dev)
    } as unknown as () => void)
    queueWorkOn(null, workqueues(machine()).system('system_wq'), work)
  },
)

/** Keeps the device awake. 0 or -errno. May sleep. Pair: `usb_autopm_put_interface`. */
export const usb_autopm_get_interface = kernelFrame(
  'usb_autopm_get_interface',
  function* (intf: usb_interface): Sim<number> {
    const status = yield* pm.pmGetSync(intf.dev)
    if (status < 0) {
      pm.pmPutNoidle(intf.dev)
      return status
    }
    intf.$pmUsage++
    return 0
  },
)
export const usb_autopm_put_interface = kernelFrame(
  'usb_autopm_put_interface',
  function* (intf: usb_interface): Sim {
    intf.$pmUsage--
    yield* pm.pmPutSync(intf.dev)
  },
)
/** The same for contexts that must not sleep: the device wakes later. */
export function usb_autopm_get_interface_async(intf: usb_interface): number {
  const status = pm.pmGet(intf.dev)
  if (status < 0 && status !== -EINPROGRESS) {
    pm.pmPutNoidle(intf.dev)
    return status
  }
  intf.$pmUsage++
  return 0
}
export const usb_autopm_put_interface_async = kernelCall(
  'usb_autopm_put_interface_async',
  function* (intf: usb_interface): Sim {
    intf.$pmUsage--
    yield* pm.pmPut(intf.dev)
  },
)
export function usb_autopm_get_interface_no_resume(intf: usb_interface): void {
  intf.$pmUsage++
  pm.pmGetNoresume(intf.dev)
}
export function usb_autopm_put_interface_no_suspend(intf: usb_interface): void {
  intf.$pmUsage--
  pm.pmPutNoidle(intf.dev)
}
/** Lets the device sleep when nobody uses it: by itself it does not. May sleep. */
export const usb_enable_autosuspend = kernelFrame('usb_enable_autosuspend', (udev: usb_device) =>
  pm.pmAllow(udev.dev),
)
export const usb_disable_autosuspend = kernelFrame(
  'usb_disable_autosuspend',
  (udev: usb_device) => pm.pmForbid(udev.dev),
)
export function usb_mark_last_busy(udev: usb_device): void {
  udev.dev.power.$lastBusyNs = machine().nowNs
}
/** Where the device sits: `usb-xhci_hcd-1`. */
export const usb_make_path = quiet(function usb_make_path(dev: usb_device): string {
  return `usb-${dev.bus?.bus_name ?? 'usb'}-${dev.devpath}`
})
