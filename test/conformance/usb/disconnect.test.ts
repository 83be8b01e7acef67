import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { usb_device_model } from '../../../src-sim/hardware/usb-device-model'
import { now } from '../../../src-sim/engine/current'
import { msleep } from '../../../src-sim/linux/delay'
import * as d from '../../../src-sim/linux/device'
import * as e from '../../../src-sim/linux/errno'
import { GFP_KERNEL, kfree, kzalloc } from '../../../src-sim/linux/slab'
import * as usb from '../../../src-sim/linux/usb'
import { cat, echo, plug, unplug } from '../../../src-sim/linux/klab/scenario'
import { sim } from '../../sim/harness'
import { play } from '../device-model/kit'
import { bind, boot, bulk, driver, ECHO, PORT, send } from './usb-kit'

const { usb_rcvbulkpipe: rcv, usb_sndbulkpipe: snd } = usb

test('a device that is plugged in is announced, and its driver asked', () => {
  const k = play(function* (kit) {
    yield* boot(kit, { ...ECHO, present: false })
    yield* sim(usb.usb_register(driver(kit)))
    expect(kit.log).toEqual([])
    expect(yield* sim(plug(PORT))).toBe(0)
    expect(yield* sim(cat('/sys/bus/usb/devices/1-1/idVendor'))).toBe('1234\n')
    expect(yield* sim(cat('/sys/bus/usb/devices/1-1:1.0/bNumEndpoints'))).toBe('03\n')
    yield* sim(unplug(PORT))
    expect(yield* sim(unplug(PORT))).toBe(-e.ENODEV)
  })
  expect(k.log).toEqual(['probe 1-1:1.0', 'disconnect 1-1:1.0'])
  expect(k.dmesg.filter((l) => l.includes('usb'))).toEqual([
    'usbcore: registered new interface driver drv',
    'usb 1-1: new high-speed USB device number 2 using xhci_hcd',
    'usb 1-1: New USB device found, idVendor=1234, idProduct=0001, bcdDevice= 1.00',
    'usb 1-1: New USB device strings: Mfr=1, Product=2, SerialNumber=0',
    'usb 1-1: Product: Echo',
    'usb 1-1: Manufacturer: klab',
    'usb 1-1: USB disconnect, device number 2',
  ])
})

test('pulled out: what the hardware works on fails, the rest is shut down, then disconnect', () => {
  const k = play(function* (kit) {
    const disconnect = (intf: usb.usb_interface): void => {
      const udev = usb.interface_to_usbdev(intf)
      kit.say(`disconnect ${udev.state} ${send(bulk(udev, rcv(udev, 1), 4, () => {}))}`)
    }
    const { udev } = yield* bind(kit, { disconnect })
    usb.usb_get_dev(udev)
    const say = (n: number) => (u: usb.urb) => kit.say(`${n} ${u.status} ${now.exec?.kind}`)
    for (const n of [1, 2, 3]) send(bulk(udev, rcv(udev, 1), 4, say(n)))
    yield* sim(unplug(PORT))
    expect(send(bulk(udev, rcv(udev, 1), 4, say(4)))).toBe(-e.ENODEV)
    yield* sim(usb.usb_put_dev(udev))
  })
  expect(k.log.slice(1)).toEqual([
    `1 ${-e.EPROTO} softirq`,
    `3 ${-e.ESHUTDOWN} softirq`,
    `2 ${-e.ESHUTDOWN} softirq`,
    `disconnect ${usb.USB_STATE_NOTATTACHED} ${-e.ENODEV}`,
  ])
  expect(k.kinds).toEqual([])
})

test('unbound: requests end with -ESHUTDOWN, new ones with -ENOENT, until it is over', () => {
  const k = play(function* (kit) {
    const disconnect = (intf: usb.usb_interface): void => {
      const udev = usb.interface_to_usbdev(intf)
      const again = send(bulk(udev, rcv(udev, 1), 4, () => {}))
      kit.say(`disconnect ${udev.state === usb.USB_STATE_CONFIGURED} ${again}`)
    }
    const { udev, intf } = yield* bind(kit, { disconnect })
    usb.usb_set_intfdata(intf, kit)
    const urb = bulk(udev, rcv(udev, 1), 4, (u) => kit.say(`${u.status}`))
    send(urb)
    yield* sim(echo('/sys/bus/usb/drivers/drv/unbind', '1-1:1.0'))
    expect([usb.usb_get_intfdata(intf), send(urb)]).toEqual([null, 0])
    yield* sim(usb.usb_kill_urb(urb))
  })
  expect(k.log.slice(1)).toEqual([`${-e.ESHUTDOWN}`, `disconnect true ${-e.ENOENT}`, `${-e.ENOENT}`])
})

test('soft_unbind: requests go on while the driver says goodbye; not when the device is gone', () => {
  const run = (leave: () => Sim): string[] =>
    play(function* (kit) {
      const disconnect = (intf: usb.usb_interface): void => {
        const udev = usb.interface_to_usbdev(intf)
        kit.say(`disconnect ${send(bulk(udev, snd(udev, 2), [1], () => {}))}`)
      }
      const { udev } = yield* bind(kit, { disconnect, soft_unbind: 1 })
      const urb = bulk(udev, rcv(udev, 1), 4, (u) => kit.say(`${u.status}`))
      send(urb)
      yield* leave()
      yield* sim(msleep(1))
      yield* sim(usb.usb_kill_urb(urb))
    }).log.slice(1)
  const unbind = (): Sim => sim(echo('/sys/bus/usb/drivers/drv/unbind', '1-1:1.0')) as never
  expect(run(unbind)).toEqual(['disconnect 0', '0'])
  expect(run(() => sim(unplug(PORT)) as never)).toEqual([`${-e.EPROTO}`, `disconnect ${-e.ENODEV}`])
})

test('all interfaces go before the device; each driver is asked for each', () => {
  const two = {
    port: PORT,
    model: class extends usb_device_model {
      override interfaces = [{ endpoints: [] }, { class: 3, endpoints: [] }]
    },
  }
  const k = play(function* (kit) {
    yield* boot(kit, two)
    const hid = driver(kit, { name: 'hid', id_table: [usb.USB_INTERFACE_INFO(3, 0, 0)] })
    yield* sim(usb.usb_register(hid))
    yield* sim(usb.usb_register(driver(kit)))
    yield* sim(unplug(PORT))
  })
  const both = ['1-1:1.1', '1-1:1.0']
  expect(k.log.slice(0, 2)).toEqual(both.map((n) => `probe ${n}`))
  expect(k.log.slice(2)).toEqual(both.reverse().map((n) => `disconnect ${n}`))
})

test('a failed probe leaves nothing behind', () => {
  const k = play(function* (kit) {
    const probe = (intf: usb.usb_interface): number => (usb.usb_set_intfdata(intf, kit), -e.ENOMEM)
    const { intf } = yield* bind(kit, { probe })
    expect([usb.usb_get_intfdata(intf), intf.condition, intf.dev.driver]).toEqual([
      null,
      usb.USB_INTERFACE_UNBOUND,
      null,
    ])
  })
  expect(k.dmesg.at(-2)).toBe('drv 1-1:1.0: probe with driver drv failed with error -12')
})

test('deregistering disconnects and the device stays', () => {
  const k = play(function* (kit) {
    yield* boot(kit)
    const drv = driver(kit)
    yield* sim(usb.usb_register(drv))
    yield* sim(usb.usb_deregister(drv))
    expect(yield* sim(cat('/sys/bus/usb/devices/1-1/product'))).toBe('Echo\n')
    yield* sim(usb.usb_register(drv))
  })
  expect(k.log).toEqual(['probe 1-1:1.0', 'disconnect 1-1:1.0', 'probe 1-1:1.0'])
  expect(k.dmesg).toContain('usbcore: deregistering interface driver drv')
})

test('sysfs: remove, authorized, bConfigurationValue', () => {
  const k = play(function* (kit) {
    yield* bind(kit)
    const at = '/sys/bus/usb/devices/1-1'
    expect(yield* sim(echo(`${at}/authorized`, '2'))).toBe(-e.EINVAL)
    yield* sim(echo(`${at}/authorized`, '0'))
    expect(yield* sim(cat(`${at}/bConfigurationValue`))).toBe('\n')
    yield* sim(echo(`${at}/authorized`, '1'))
    yield* sim(echo(`${at}/bConfigurationValue`, '-1'))
    yield* sim(echo(`${at}/bConfigurationValue`, '1'))
    yield* sim(echo(`${at}/remove`, '1'))
    expect(yield* sim(cat(`${at}/product`))).toBe(-e.ENOENT)
  })
  const one = ['probe 1-1:1.0', 'disconnect 1-1:1.0']
  expect(k.log).toEqual([...one, ...one, ...one])
})

const freed = (o: object): boolean => (o as { $dead?: unknown }).$dead !== undefined

test('a device stays in memory as long as somebody holds it or an interface of it', () => {
  play(function* (kit) {
    const { udev, intf } = yield* bind(kit)
    usb.usb_get_dev(udev)
    usb.usb_get_intf(intf)
    yield* sim(unplug(PORT))
    expect([d.device_is_registered(udev.dev), udev.dev.kobj.kref.$value]).toEqual([false, 2])
    expect(intf.dev.kobj.kref.$value).toBe(1)
    yield* sim(usb.usb_put_dev(udev))
    expect([freed(udev), freed(intf)]).toEqual([false, false])
    yield* sim(usb.usb_put_intf(intf))
    expect(freed(intf)).toBe(true)
    expect(freed(udev)).toBe(true)
  })
})

test('a request in a freed structure is met by the completion', () => {
  class own {
    urb = new usb.urb()
  }
  const k = play(function* (kit) {
    const { udev } = yield* bind(kit)
    const o = kzalloc(own, GFP_KERNEL)!
    usb.usb_init_urb(o.urb)
    const buffer = kzalloc(4, GFP_KERNEL)!
    usb.usb_fill_bulk_urb(o.urb, udev, snd(udev, 2), buffer, 4, () => kit.say('done'), o)
    send(o.urb)
    kfree(o)
    yield* sim(msleep(1))
  })
  expect(k.kinds[0]).toBe('kasan.use-after-free')
})

test('new_id: a driver takes further devices', () => {
  const k = play(function* (kit) {
    yield* boot(kit)
    yield* sim(usb.usb_register(driver(kit, { id_table: [usb.USB_DEVICE(9, 9)] })))
    const file = '/sys/bus/usb/drivers/drv/new_id'
    expect(yield* sim(echo(file, '1234'))).toBe(-e.EINVAL)
    expect(yield* sim(echo(file, '1234 0001 0 9 8'))).toBe(-e.ENODEV)
    expect(yield* sim(echo(file, '1234 0001 ff'))).toBe(12)
    expect(yield* sim(echo('/sys/bus/usb/drivers/drv/remove_id', '1234 0001'))).toBe(9)
  })
  expect(k.log).toEqual(['probe 1-1:1.0'])
})

test('endpoints and pipes are checked by kind', () => {
  const k = play(function* (kit) {
    const { intf, udev } = yield* bind(kit)
    expect(usb.usb_check_bulk_endpoints(intf, [0x81, 0x02, 0])).toBe(true)
    expect(usb.usb_check_int_endpoints(intf, [0x83, 0x81, 0])).toBe(false)
    expect(usb.usb_pipe_type_check(udev, rcv(udev, 3))).toBe(-e.EINVAL)
    const wrong = bulk(udev, rcv(udev, 3), 4, () => {})
    wrong.interval = 8
    expect([usb.usb_urb_ep_type_check(wrong), send(wrong)]).toEqual([-e.EINVAL, 0])
    yield* sim(usb.usb_kill_urb(wrong))
    expect(send(wrong)).toBe(0)
    yield* sim(usb.usb_kill_urb(wrong))
  })
  expect(k.dmesg.filter((l) => l.includes('BOGUS'))).toEqual([
    'usb 1-1: BOGUS urb xfer, pipe 3 != type 1',
  ])
  expect(k.kinds).toEqual([])
})

class two_functions extends usb_device_model {
  override interfaces = [{ endpoints: [] }, { endpoints: [] }]
}

test('a claimed interface is bound without a probe, and disconnected with the other', () => {
  const k = play(function* (kit) {
    yield* boot(kit, { port: PORT, model: two_functions, present: false })
    let data: usb.usb_interface | null = null
    const drv: usb.usb_driver_init = driver(kit, {
      probe: function* (intf: usb.usb_interface): Sim<number> {
        kit.say(`probe ${intf.dev.kobj.name}`)
        data = usb.usb_ifnum_to_if(usb.interface_to_usbdev(intf), 1)
        return yield* sim(usb.usb_driver_claim_interface(drv, data, kit))
      },
      disconnect: function* (intf: usb.usb_interface): Sim {
        kit.say(`disconnect ${intf.dev.kobj.name} ${usb.usb_get_intfdata(intf) === kit}`)
        if (intf !== data) yield* sim(usb.usb_driver_release_interface(drv, data!))
      },
    })
    yield* sim(usb.usb_register(drv))
    yield* sim(plug(PORT))
    expect([usb.usb_interface_claimed(data!), d.device_is_bound(data!.dev)]).toEqual([1, true])
    expect(yield* sim(usb.usb_driver_claim_interface(drv, data, kit))).toBe(-e.EBUSY)
    expect(yield* sim(usb.usb_driver_claim_interface(drv, null, kit))).toBe(-e.ENODEV)
    yield* sim(unplug(PORT))
  })
  expect(k.log).toEqual(['probe 1-1:1.0', 'disconnect 1-1:1.0 false', 'disconnect 1-1:1.1 true'])
  expect(k.kinds).toEqual([])
})
