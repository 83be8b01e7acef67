import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { usb_device_model } from '../../../src-sim/hardware/usb-device-model'
import { msleep } from '../../../src-sim/linux/delay'
import * as e from '../../../src-sim/linux/errno'
import { GFP_KERNEL, kzalloc } from '../../../src-sim/linux/slab'
import * as usb from '../../../src-sim/linux/usb'
import type { file, inode } from '../../../src-sim/linux/fs'
import { unplug } from '../../../src-sim/linux/klab/scenario'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { play, type Kit } from '../device-model/kit'
import { bind, boot, bulk, driver, PORT, send } from './usb-kit'

const { usb_rcvbulkpipe: rcv } = usb

function* open(path: string): Sim<number> {
  const fd = yield* sim(libc.open(path, libc.O_RDWR))
  return fd < 0 ? -libc.errno() : fd
}

/** A driver with a device file, in the shape of the kernel's skeleton. */
function skeleton(kit: Kit): { drv: usb.usb_driver_init; cls: usb.usb_class_driver } {
  const cls: usb.usb_class_driver = {
    name: 'skel%d',
    minor_base: 192,
    fops: {
      open: function* (node: inode, f: file): Sim<number> {
        const intf = yield* sim(usb.usb_find_interface(drv, node.i_rdev % 0x100000))
        if (!intf) return -e.ENODEV
        f.private_data = usb.usb_get_intf(intf)
        return 0
      } as unknown as () => number,
      release: function* (_node: inode, f: file): Sim<number> {
        kit.say('release')
        yield* sim(usb.usb_put_intf(f.private_data as usb.usb_interface))
        return 0
      } as unknown as () => number,
    },
  }
  const drv: usb.usb_driver_init = driver(kit, {
    probe: function* (intf: usb.usb_interface): Sim<number> {
      return yield* sim(usb.usb_register_dev(intf, cls))
    },
    disconnect: function* (intf: usb.usb_interface): Sim {
      yield* sim(usb.usb_deregister_dev(intf, cls))
      kit.say('disconnect')
    },
  })
  return { drv, cls }
}

test('a device file: its minor, and the interface that has it', () => {
  const k = play(function* (kit) {
    yield* boot(kit)
    const { drv, cls } = skeleton(kit)
    yield* sim(usb.usb_register(drv))
    const intf = (yield* sim(usb.usb_find_interface(drv, 192)))!
    expect([intf.minor, intf.usb_dev!.kobj.name]).toEqual([192, 'skel0'])
    expect(yield* sim(usb.usb_find_interface(drv, 193))).toBe(null)
    expect(yield* sim(usb.usb_register_dev(intf, cls))).toBe(-e.EADDRINUSE)
    const fd = yield* open('/dev/skel0')
    expect(fd).toBeGreaterThanOrEqual(0)
    yield* sim(unplug(PORT))
    expect(yield* open('/dev/skel0')).toBe(-e.ENOENT)
    expect(intf.minor).toBe(-1)
    yield* sim(libc.close(fd))
  })
  expect(k.log).toEqual(['disconnect', 'release'])
  expect(k.kinds).toEqual([])
})

test('opening a minor that nobody has fails', () => {
  play(function* (kit) {
    yield* boot(kit)
    const { drv, cls } = skeleton(kit)
    yield* sim(usb.usb_register(drv))
    const intf = (yield* sim(usb.usb_find_interface(drv, 192)))!
    expect(yield* sim(usb.usb_register_dev(intf, { ...cls, fops: null as never }))).toBe(-e.EINVAL)
    yield* sim(usb.usb_deregister_dev(intf, cls))
    expect(yield* open('/dev/skel0')).toBe(-e.ENOENT)
    yield* sim(usb.usb_deregister_dev(intf, cls))
  })
})

test('a reset warns drivers that can stand it; the others are bound anew', () => {
  const k = play(function* (kit) {
    const both = {
      pre_reset: () => (kit.say('pre'), 0),
      post_reset: () => (kit.say('post'), 0),
    }
    const { udev } = yield* bind(kit, both)
    const urb = bulk(udev, rcv(udev, 1), 4, (u) => kit.say(`urb ${u.status}`))
    send(urb)
    expect(yield* sim(usb.usb_lock_device_for_reset(udev, null))).toBe(0)
    expect(yield* sim(usb.usb_reset_device(udev))).toBe(0)
    usb.usb_unlock_device(udev)
  })
  expect(k.log.slice(1)).toEqual(['pre', `urb ${-e.ESHUTDOWN}`, 'post'])
  expect(k.dmesg).toContain('usb 1-1: reset high-speed USB device number 2 using xhci_hcd')
})

test('a driver without reset callbacks is unbound for a reset and bound again', () => {
  const k = play(function* (kit) {
    const { intf } = yield* bind(kit)
    usb.usb_queue_reset_device(intf)
    usb.usb_queue_reset_device(intf)
    yield* sim(msleep(200))
  })
  expect(k.log).toEqual(['probe 1-1:1.0', 'disconnect 1-1:1.0', 'probe 1-1:1.0'])
})

test('a sleeping device takes no requests; its driver is told of both', () => {
  const k = play(function* (kit) {
    const power = {
      supports_autosuspend: 1,
      suspend: () => (kit.say('suspend'), 0),
      resume: () => (kit.say('resume'), 0),
    }
    const { udev, intf } = yield* bind(kit, power)
    const urb = bulk(udev, rcv(udev, 1), 4, (u) => kit.say(`urb ${u.status}`))
    send(urb)
    yield* sim(usb.usb_enable_autosuspend(udev))
    yield* sim(usb.usb_autopm_get_interface(intf))
    yield* sim(usb.usb_autopm_put_interface(intf))
    yield* sim(msleep(10))
    expect([udev.state, send(urb)]).toEqual([usb.USB_STATE_SUSPENDED, -e.EHOSTUNREACH])
    expect(yield* sim(usb.usb_autopm_get_interface(intf))).toBe(0)
    expect([udev.state, send(urb)]).toEqual([usb.USB_STATE_CONFIGURED, 0])
    yield* sim(usb.usb_kill_urb(urb))
    yield* sim(unplug(PORT))
  })
  const told = k.log.filter((l) => /suspend|resume/.test(l))
  expect(told).toEqual(['suspend', 'resume'])
})

test('what an id matches', () => {
  class hub_like extends usb_device_model {
    override bDeviceClass = 0xff
    override bcdDevice = 0x0205
    override interfaces = [{ class: 8, subclass: 6, protocol: 0x50, endpoints: [] }]
  }
  play(function* (kit) {
    yield* boot(kit, { port: PORT, model: hub_like })
    let intf: usb.usb_interface | null = null
    const id_table = [usb.USB_DEVICE(0x1234, 1)]
    yield* sim(usb.usb_register(driver(kit, { id_table, probe: (i: never) => ((intf = i), 0) })))
    const fits = (id: usb.usb_device_id): number => usb.usb_match_one_id(intf!, id)
    expect(fits(usb.USB_DEVICE_VER(0x1234, 1, 0x0200, 0x0205))).toBe(1)
    expect(fits(usb.USB_DEVICE_VER(0x1234, 1, 0x0206, 0x0300))).toBe(0)
    expect(fits(usb.USB_DEVICE_INFO(0xff, 0, 0))).toBe(1)
    expect(fits(usb.USB_INTERFACE_INFO(8, 6, 0x50))).toBe(0)
    expect(fits(usb.USB_DEVICE_AND_INTERFACE_INFO(0x1234, 1, 8, 6, 0x50))).toBe(1)
    expect(fits(usb.USB_DEVICE_INTERFACE_NUMBER(0x1234, 1, 1))).toBe(0)
    const end = { match_flags: 0 }
    expect(usb.usb_match_id(intf!, [end, usb.USB_DEVICE(0x1234, 1)])).toBe(null)
  })
})

test('endpoints by kind, strings and alternate settings', () => {
  class two_settings extends usb_device_model {
    override serial = 'S1'
    override interfaces = [
      {
        endpoints: [{ address: 0x81, type: 'bulk' as const }],
        alternates: [[{ address: 0x82, type: 'interrupt' as const, interval: 5 }]],
      },
    ]
  }
  const k = play(function* (kit) {
    const { udev, intf } = yield* bind(kit, {}, { port: PORT, model: two_settings })
    const found = { value: null as usb.usb_endpoint_descriptor | null }
    expect(usb.usb_find_bulk_in_endpoint(intf.cur_altsetting, found)).toBe(0)
    expect([found.value!.bEndpointAddress, usb.usb_maxpacket(udev, rcv(udev, 1))]).toEqual([
      0x81, 512,
    ])
    expect(usb.usb_find_int_in_endpoint(intf.cur_altsetting, found)).toBe(-e.ENXIO)
    const old = bulk(udev, rcv(udev, 1), 4, (u) => kit.say(`urb ${u.status}`))
    send(old)
    expect(yield* sim(usb.usb_set_interface(udev, 0, 1))).toBe(0)
    expect([send(old), usb.usb_find_int_in_endpoint(intf.cur_altsetting, found)]).toEqual([
      -e.ENOENT, 0,
    ])
    expect(yield* sim(usb.usb_set_interface(udev, 0, 2))).toBe(-e.EINVAL)
    const text = kzalloc(16, GFP_KERNEL)!
    expect(yield* sim(usb.usb_string(udev, 3, text, 16))).toBe(2)
    expect(String.fromCharCode(...text.subarray(0, 2))).toBe('S1')
    expect(yield* sim(usb.usb_string(udev, 9, text, 16))).toBe(-e.EPIPE)
  })
  expect(k.log.slice(1)).toEqual([`urb ${-e.ESHUTDOWN}`])
})
