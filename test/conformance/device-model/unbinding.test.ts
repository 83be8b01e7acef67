import { expect, test } from 'vitest'
import { now } from '../../../src-sim/engine/current'
import type { Sim } from '../../../src-sim/engine/suspend'
import { deviceCore } from '../../../src-sim/kernel/base/core'
import { devicesDeferred } from '../../../src-sim/kernel/base/deferred'
import * as d from '../../../src-sim/linux/device'
import { EBUSY, ENODEV, ENOENT } from '../../../src-sim/linux/errno'
import { msleep } from '../../../src-sim/linux/delay'
import { cat, echo } from '../../../src-sim/linux/klab/scenario'
import { GFP_KERNEL } from '../../../src-sim/linux/slab'
import { sysfs_emit } from '../../../src-sim/linux/sysfs'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { own_device, play, type Kit } from './kit'

function* bound(kit: Kit, name = 'a', more: object = {}): Sim<d.device> {
  yield* kit.start()
  yield* sim(d.driver_register(kit.driver(name, more)))
  return yield* kit.add(name)
}

test('DM-30, DM-32: remove, dma_cleanup, devres newest first, then driver and data are cleared', () => {
  const k = play(function* (kit) {
    kit.bus.dma_cleanup = (dev) => kit.say(`cleanup driver=${dev.driver !== null}`)
    const probe = (dev: d.device): number => {
      d.dev_set_drvdata(dev, 'data')
      const see = (what: string): void =>
        kit.say(`${what} data=${d.dev_get_drvdata<string>(dev)} bound=${d.device_is_bound(dev)}`)
      d.devm_add_action(dev, see, 'first')
      d.devm_add_action(dev, see, 'second')
      return 0
    }
    const dev = yield* bound(kit, 'a', { probe })
    deviceCore(kit.machine).on.unbound.add(() => kit.say(`unbound data=${String(dev.driver_data)}`))
    yield* sim(d.device_release_driver(dev))
    yield* sim(d.device_release_driver(dev))
    expect([dev.driver, d.device_is_bound(dev)]).toEqual([null, false])
  })
  expect(k.log).toEqual([
    'remove a',
    'cleanup driver=true',
    'second data=data bound=true',
    'first data=data bound=true',
    'unbound data=null',
  ])
})

test('DM-31: what remove answers does not matter', () => {
  play(function* (kit) {
    const dev = yield* bound(kit, 'a', { remove: () => -EBUSY })
    yield* sim(d.device_release_driver(dev))
    expect(dev.driver).toBe(null)
  })
})

test('DM-34: a driver that was never registered cannot be unregistered', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    yield* sim(d.driver_unregister(kit.driver('a')))
  })
  expect(k.dmesg).toContain('Unexpected driver unregister!')
})

function* linked(kit: Kit, flags: number): Sim<[d.device, d.device, d.device_link]> {
  yield* kit.start()
  yield* sim(d.driver_register(kit.driver('x')))
  const supplier = yield* kit.add('xs')
  const consumer = yield* kit.add('xc')
  const link = (yield* sim(d.device_link_add(consumer, supplier, flags)))!
  return [supplier, consumer, link]
}

test('DM-35, DM-36: a consumer is unbound before its supplier and does not come back by itself', () => {
  const k = play(function* (kit) {
    const [supplier, consumer, link] = yield* linked(kit, 0)
    expect(link.status).toBe(3)
    yield* sim(d.device_release_driver(supplier))
    expect([consumer.driver, link.status]).toEqual([null, 0])
    expect(yield* sim(d.device_attach(supplier))).toBe(1)
    yield* sim(msleep(20))
    expect([consumer.driver, link.status]).toEqual([null, 1])
  })
  expect(k.log).toEqual(['probe xs', 'probe xc', 'remove xc', 'remove xs', 'probe xs'])
})

test('DM-36: with AUTOPROBE_CONSUMER the consumer comes back', () => {
  play(function* (kit) {
    const [supplier, consumer] = yield* linked(kit, d.DL_FLAG_AUTOPROBE_CONSUMER)
    yield* sim(d.device_release_driver(supplier))
    yield* sim(d.device_attach(supplier))
    yield* sim(msleep(20))
    expect(consumer.driver).not.toBe(null)
  })
})

test('DM-37: a consumer whose supplier is not bound is not probed', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const supplier = yield* kit.add('s')
    const consumer = yield* kit.add('c')
    yield* sim(d.device_link_add(consumer, supplier, 0))
    yield* sim(d.driver_register(kit.driver('c')))
    expect(consumer.driver).toBe(null)
    expect(devicesDeferred(kit.machine)).toBe('c\tkitbus: supplier s not ready\n')
    yield* sim(d.driver_register(kit.driver('s')))
    yield* sim(msleep(10))
    expect(consumer.driver).not.toBe(null)
  })
  expect(k.log).toEqual(['probe s', 'probe c'])
})

test('DM-38: no link to oneself, backwards, or with flags that contradict each other', () => {
  play(function* (kit) {
    const [supplier, consumer, link] = yield* linked(kit, 0)
    expect(yield* sim(d.device_link_add(consumer, consumer, 0))).toBe(null)
    expect(yield* sim(d.device_link_add(supplier, consumer, 0))).toBe(null)
    expect(yield* sim(d.device_link_add(consumer, supplier, 0x8000))).toBe(null)
    const flags = d.DL_FLAG_STATELESS | d.DL_FLAG_AUTOPROBE_CONSUMER
    expect(yield* sim(d.device_link_add(consumer, supplier, flags))).toBe(null)
    expect(yield* sim(d.device_link_add(consumer, supplier, 0))).toBe(link)
  })
})

test('DM-40, DM-41: what a release function adds waits for the next time', () => {
  const k = play(function* (kit) {
    const probe = (dev: d.device): number => {
      d.devm_add_action(dev, () => d.devm_add_action(dev, kit.say, 'late'), null)
      return 0
    }
    const dev = yield* bound(kit, 'a', { probe })
    yield* sim(d.device_release_driver(dev))
    kit.say('unbound')
    expect(yield* sim(d.device_attach(dev))).toBe(-EBUSY)
    yield* sim(d.device_unregister(dev))
  })
  expect(k.log).toEqual(['remove a', 'unbound', 'late', 'release a'])
})

test('DM-42: actions are found by function and data, newest first', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const dev = yield* kit.add('a')
    d.devm_add_action(dev, kit.say, 'x')
    d.devm_add_action(dev, kit.say, 'y')
    expect(d.devm_remove_action_nowarn(dev, kit.say, 'z')).toBe(-ENOENT)
    d.devm_remove_action(dev, kit.say, 'x')
    expect([
      d.devm_is_action_added(dev, kit.say, 'x'),
      d.devm_is_action_added(dev, kit.say, 'y'),
    ]).toEqual([false, true])
    yield* sim(d.devm_release_action(dev, kit.say, 'y'))
    d.devm_remove_action(dev, kit.say, 'y')
  })
  expect(k.log).toEqual(['y'])
  expect(k.kinds).toEqual(['warn.devm-action'])
})

test('DM-43: freeing what another device manages is a warning and frees nothing', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const a = yield* kit.add('a')
    const b = yield* kit.add('b')
    const memory = d.devm_kzalloc(a, own_device, GFP_KERNEL)!
    d.devm_kfree(b, memory)
    expect((memory as { $dead?: unknown }).$dead).toBe(undefined)
    d.devm_kfree(a, memory)
    expect((memory as { $dead?: unknown }).$dead).toBeDefined()
  })
  expect(k.kinds).toEqual(['warn.devm-kfree'])
})

test('DM-44: releasing a group releases what is inside, newest first', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const dev = yield* kit.add('a')
    const add = (what: string): void => void d.devm_add_action(dev, kit.say, what)
    add('before')
    const id = d.devres_open_group(dev, null, GFP_KERNEL)
    add('1')
    add('2')
    d.devres_close_group(dev, id)
    add('after')
    expect(yield* sim(d.devres_release_group(dev, id))).toBe(2)
    kit.say('-')
    yield* sim(d.device_unregister(dev))
  })
  expect(k.log).toEqual(['2', '1', '-', 'after', 'before', 'release a'])
})

test('DM-45: an action on a device that was never initialised', () => {
  const k = play(function* () {
    expect(d.devm_add_action(new d.device(), () => {}, null)).toBe(-ENODEV)
  })
  expect(k.kinds).toEqual(['warn.devres-uninitialised'])
})

test('DM-49: the unbind file: not bound, bound to another, and bound', () => {
  const k = play(function* (kit) {
    const dev = yield* bound(kit)
    yield* sim(d.driver_register(kit.driver('b')))
    const at = (f: string): string => `/sys/bus/kitbus/drivers/${f}`
    expect(yield* sim(echo(at('b/unbind'), 'a'))).toBe(-ENODEV)
    expect(yield* sim(echo(at('a/unbind'), 'a'))).toBe(1)
    expect(dev.driver).toBe(null)
    expect(yield* sim(echo(at('a/unbind'), 'a'))).toBe(-ENODEV)
    expect(yield* sim(echo(at('a/bind'), 'nosuch'))).toBe(-ENODEV)
    expect(yield* sim(echo(at('a/bind'), 'a'))).toBe(1)
    expect(yield* sim(echo(at('a/bind'), 'a'))).toBe(-EBUSY)
  })
  expect(k.log).toEqual(['probe a', 'remove a', 'probe a'])
})

test('DM-52: removing an attribute waits for who is inside; an open descriptor then gives -ENODEV', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const dev = yield* kit.add('a')
    const attr = d.DEVICE_ATTR_RO('slow', function* (
      _dev: d.device,
      _attr: unknown,
      buf: Uint8Array,
    ): Sim<number> {
      kit.say('show')
      yield* sim(msleep(10))
      kit.say('shown')
      return sysfs_emit(buf, 'x\n')
    } as never)
    yield* sim(d.device_create_file(dev, attr))
    const fd = yield* sim(libc.open('/sys/bus/kitbus/devices/a/slow', libc.O_RDONLY))
    const reader = yield* sim(
      libc.fork(function* (): Sim {
        kit.say(`read ${yield* sim(cat('/sys/devices/a/slow'))}`)
      } as never),
    )
    yield* sim(msleep(2))
    yield* sim(d.device_remove_file(dev, attr))
    kit.say('removed')
    expect(yield* sim(libc.read(fd, new Uint8Array(8), 8))).toBe(-1)
    expect(libc.errno()).toBe(ENODEV)
    yield* sim(libc.waitpid(reader))
    expect(now.exec).not.toBe(null)
  })
  expect(k.log.filter((l) => !l.startsWith('read'))).toEqual(['show', 'shown', 'removed'])
})

test('DM-53: an attribute whose store removes itself waits for itself for ever', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const dev = yield* kit.add('a')
    const attr = d.DEVICE_ATTR_WO('gone', function* (): Sim<number> {
      yield* sim(d.device_remove_file(dev, attr))
      return 1
    } as never)
    yield* sim(d.device_create_file(dev, attr))
    yield* sim(echo('/sys/devices/a/gone', '1'))
  })
  expect(k.machine.stop).toBe('deadlock')
})
