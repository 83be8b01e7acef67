import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { uevents } from '../../../src-sim/kernel/base/uevent'
import * as d from '../../../src-sim/linux/device'
import { EEXIST, EINVAL } from '../../../src-sim/linux/errno'
import { kref_read } from '../../../src-sim/linux/kref'
import {
  kobject_create_and_add,
  kobject_get,
  kobject_get_unless_zero,
  kobject_put,
} from '../../../src-sim/linux/kobject'
import { GFP_KERNEL } from '../../../src-sim/linux/slab'
import { sim } from '../../sim/harness'
import { own_device, play } from './kit'

const refs = (dev: d.device): number => kref_read(dev.kobj.kref)

test('DM-01: a second initialisation is reported and goes on', () => {
  const k = play(function* (kit) {
    const dev = kit.create('a')
    d.device_initialize(dev)
    expect(refs(dev)).toBe(1)
  })
  expect(k.kinds).toEqual(['kobject.double-init'])
})

test('DM-02: the add event comes before the probe, and device_add is 0 although the probe failed', () => {
  play(function* (kit) {
    yield* kit.start()
    const probe = (): number => {
      expect(uevents(kit.machine).sent.map((u) => u.action)).toContain('add')
      return -5
    }
    yield* sim(d.driver_register(kit.driver('a', { probe })))
    const dev = kit.create('a1')
    expect(yield* sim(d.device_add(dev))).toBe(0)
  })
})

test('DM-02: a child is not on the list of its parent while its own probe runs', () => {
  play(function* (kit) {
    yield* kit.start()
    const parent = yield* kit.add('p')
    let seen = -1
    const count = function* (): Sim<number> {
      let n = 0
      yield* sim(d.device_for_each_child(parent, null, () => (n++, 0)))
      return n
    }
    const probe = function* (): Sim<number> {
      seen = yield* count()
      return 0
    }
    yield* sim(d.driver_register(kit.driver('c', { probe })))
    yield* kit.add('c', { parent })
    expect([seen, yield* count()]).toEqual([0, 1])
  })
})

test('DM-03: without a name the add fails and the put releases', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const dev = kit.create(null)
    expect(yield* sim(d.device_add(dev))).toBe(-EINVAL)
    yield* sim(d.put_device(dev))
  })
  expect(k.log).toEqual(['release '])
})

test('DM-04: a taken name is refused, and the loser has one reference', () => {
  play(function* (kit) {
    yield* kit.start()
    yield* kit.add('a')
    const dev = kit.create('a')
    expect(yield* sim(d.device_add(dev))).toBe(-EEXIST)
    expect([refs(dev), d.device_is_registered(dev)]).toEqual([1, false])
  })
})

test('DM-05, DM-10: a deleted device can still be referred to', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const dev = d.get_device(yield* kit.add('a'))
    yield* sim(d.device_unregister(dev))
    expect([refs(dev), d.device_is_registered(dev)]).toEqual([1, false])
    d.get_device(dev)
    yield* sim(d.put_device(dev))
    kit.say('last')
    yield* sim(d.put_device(dev))
  })
  expect(k.log).toEqual(['last', 'release a'])
})

test('DM-06: a reference to what is gone is reported; unless_zero says no', () => {
  const k = play(function* () {
    const made = (yield* sim(kobject_create_and_add('x', null)))!
    yield* sim(kobject_put(made))
    expect(kobject_get_unless_zero(made)).toBe(null)
    kobject_get(made)
  })
  expect(k.kinds).toContain('refcount.addition-on-0')
  expect(k.kinds).toContain('kasan.use-after-free')
})

test('DM-08: the last put runs the release function at once; without one the core complains', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const dev = kit.create('a', { release: null })
    yield* sim(d.device_add(dev))
    yield* sim(d.device_unregister(dev))
  })
  expect(k.kinds).toEqual(['warn.no-release'])
  expect(k.dmesg.join()).toContain("Device 'a' does not have a release() function, it is broken")
})

test('DM-08: managed resources left over are released before the device', () => {
  const k = play(function* (kit) {
    const dev = kit.create('a')
    d.devm_add_action(dev, kit.say, 'action')
    yield* sim(d.put_device(dev))
  })
  expect(k.log).toEqual(['action', 'release a'])
})

test('DM-09: a registered device holds itself: bus 2, with a parent 3', () => {
  play(function* (kit) {
    yield* kit.start()
    const a = yield* kit.add('a')
    const b = yield* kit.add('b', { parent: a })
    expect([refs(a) >= 3, refs(b)]).toEqual([true, 3])
    yield* sim(d.put_device(b))
    expect(d.device_is_registered(b)).toBe(true)
  })
})

test('DM-10: attributes are gone before remove, which still sees a registered device', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const attr = d.DEVICE_ATTR_RO('colour', () => 0)
    const remove = (dev: d.device): void =>
      kit.say(
        `remove registered=${d.device_is_registered(dev)} file=${dev.kobj.$directory!.entries.has('colour')}`,
      )
    yield* sim(d.driver_register(kit.driver('a', { remove })))
    const dev = yield* kit.add('a', { groups: [{ attrs: [attr] }] })
    expect(dev.kobj.$directory!.entries.has('colour')).toBe(true)
    yield* sim(d.device_unregister(dev))
  })
  expect(k.log[1]).toBe('remove registered=true file=false')
})

test('DM-10: deleting what was never added is a null pointer oops', () => {
  const k = play(function* (kit) {
    yield* sim(d.device_del(kit.create('a')))
  })
  expect(k.kinds).toEqual(['oops.null-deref'])
})

test('DM-11: deleting a parent leaves its child registered and bound', () => {
  play(function* (kit) {
    yield* kit.start()
    yield* sim(d.driver_register(kit.driver('c')))
    const parent = yield* kit.add('p')
    const child = yield* kit.add('c', { parent })
    yield* sim(d.device_unregister(parent))
    expect([d.device_is_registered(child), d.device_is_bound(child)]).toEqual([true, true])
    yield* sim(d.device_unregister(child))
    expect(kit.log).toEqual(['probe c', 'remove c', 'release p', 'release c'])
  })
})

test('DM-16: unbinding a device from its own probe waits for itself for ever', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const probe = function* (dev: d.device): Sim<number> {
      yield* sim(d.device_release_driver(dev))
      return 0
    }
    yield* sim(d.driver_register(kit.driver('a', { probe })))
    yield* kit.add('a')
  })
  expect(k.machine.stop).toBe('deadlock')
  expect(k.dmesg.join()).toContain('blocked')
})

test('DM-46: devm memory dies at unbinding, whoever still points at it', () => {
  play(function* (kit) {
    yield* kit.start()
    let data: own_device | null = null
    const probe = (dev: d.device): number => {
      data = d.devm_kzalloc(dev, own_device, GFP_KERNEL)
      return 0
    }
    yield* sim(d.driver_register(kit.driver('a', { probe })))
    const dev = yield* kit.add('a')
    expect((data! as own_device).dev.$dead).toBe(undefined)
    yield* sim(d.device_release_driver(dev))
    expect((data! as own_device).dev.$dead).toBeDefined()
  })
})

test('DM-54: add, bind, unbind, remove; DRIVER only while bound', () => {
  play(function* (kit) {
    yield* kit.start()
    const drv = kit.driver('a')
    yield* sim(d.driver_register(drv))
    const dev = yield* kit.add('a')
    yield* sim(d.device_unregister(dev))
    const mine = uevents(kit.machine).sent.filter((u) => u.path === '/devices/a')
    expect(mine.map((u) => u.action)).toEqual(['add', 'bind', 'unbind', 'remove'])
    expect(mine.map((u) => u.env.includes('DRIVER=a'))).toEqual([false, true, false, false])
    expect(mine[1]!.env).toContain('SUBSYSTEM=kitbus')
  })
})
