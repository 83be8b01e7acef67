import type { Sim } from '../../../src-sim/engine/suspend'
import { setUpHardware, type UsbPortSpec } from '../../../src-sim/hardware/set-up'
import { plugAtBoot } from '../../../src-sim/kernel/usb/places'
import { GFP_ATOMIC, GFP_KERNEL, kzalloc } from '../../../src-sim/linux/slab'
import * as usb from '../../../src-sim/linux/usb'
import { sim } from '../../sim/harness'
import type { Kit } from '../device-model/kit'

export const PORT = '1-1'
export const ECHO: UsbPortSpec = { port: PORT, model: 'usb-echo' }
export const SOURCE: UsbPortSpec = { port: PORT, model: 'usb-source' }
export const IDS = [usb.USB_DEVICE(0x1234, 1), usb.USB_DEVICE(0x1234, 2)]

export function* boot(kit: Kit, ...ports: UsbPortSpec[]): Sim {
  const spec = { usb: ports.length > 0 ? ports : [ECHO] }
  for (const place of setUpHardware(kit.machine, spec)) yield* plugAtBoot(kit.machine, place)
}

/** A driver that says what it is called for. */
export function driver(kit: Kit, more: object = {}): usb.usb_driver_init {
  return {
    name: 'drv',
    id_table: IDS,
    probe: (intf) => (kit.say(`probe ${intf.dev.kobj.name}`), 0),
    disconnect: (intf) => kit.say(`disconnect ${intf.dev.kobj.name}`),
    ...more,
  }
}

/** Boots, registers the driver and answers the interface and device that it was given. */
export function* bind(
  kit: Kit,
  more: { probe?: unknown } & Record<string, unknown> = {},
  ...ports: UsbPortSpec[]
): Sim<{ intf: usb.usb_interface; udev: usb.usb_device }> {
  let found: usb.usb_interface | null = null
  yield* boot(kit, ...ports)
  const probe = (intf: usb.usb_interface, id: usb.usb_device_id): unknown => {
    found = intf
    kit.say(`probe ${intf.dev.kobj.name}`)
    return typeof more.probe === 'function' ? more.probe(intf, id) : 0
  }
  yield* sim(usb.usb_register(driver(kit, { ...more, probe })))
  return { intf: found!, udev: usb.interface_to_usbdev(found!) }
}

/** A bulk request with a buffer of its own. */
export function bulk(
  udev: usb.usb_device,
  pipe: number,
  bytes: number[] | number,
  done: (urb: usb.urb) => void,
): usb.urb {
  const length = typeof bytes === 'number' ? bytes : bytes.length
  const buffer = kzalloc(length, GFP_KERNEL)!
  if (typeof bytes !== 'number') buffer.set(bytes)
  const urb = usb.usb_alloc_urb(0, GFP_KERNEL)!
  usb.usb_fill_bulk_urb(urb, udev, pipe, buffer, length, done, null)
  return urb
}

export const send = (urb: usb.urb): number => usb.usb_submit_urb(urb, GFP_ATOMIC)
