import { expect, test } from 'vitest'
import { currentTask } from '../../../src-sim/engine/current'
import type { Sim } from '../../../src-sim/engine/suspend'
import { probing } from '../../../src-sim/kernel/base/bind'
import { devicesDeferred } from '../../../src-sim/kernel/base/deferred'
import * as d from '../../../src-sim/linux/device'
import { EBUSY, EINVAL, ENODEV, EPROBE_DEFER } from '../../../src-sim/linux/errno'
import { msleep } from '../../../src-sim/linux/delay'
import { notifier_block } from '../../../src-sim/linux/notifier'
import * as plat from '../../../src-sim/linux/platform_device'
import { cat, echo } from '../../../src-sim/linux/klab/scenario'
import { sim } from '../../sim/harness'
import { play, type Kit } from './kit'

const names = (k: Kit): string[] => k.log

test('DM-12: a driver of an unknown bus, and one whose name is taken, are refused', () => {
  const k = play(function* (kit) {
    expect(yield* sim(d.driver_register(kit.driver('a')))).toBe(-EINVAL)
    yield* kit.start()
    expect(yield* sim(d.driver_register(kit.driver('a')))).toBe(0)
    expect(yield* sim(d.driver_register(kit.driver('a')))).toBe(-EBUSY)
  })
  expect(k.dmesg[0]).toContain("Driver 'a' was unable to register with bus_type 'kitbus'")
  expect(k.dmesg).toContain("Error: Driver 'a' is already registered, aborting...")
})

test('DM-13, DM-19: bind files come after the probes; during a probe there is a driver but no binding', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const probe = (dev: d.device): number => {
      const files = drv.$private!.kobj.$directory!.entries
      kit.say(
        `bind=${files.has('bind')} driver=${dev.driver !== null} bound=${d.device_is_bound(dev)}`,
      )
      return 0
    }
    const drv = kit.driver('a', { probe })
    const dev = yield* kit.add('a')
    yield* sim(d.driver_register(drv))
    expect([drv.$private!.kobj.$directory!.entries.has('bind'), d.device_is_bound(dev)]).toEqual([
      true,
      true,
    ])
  })
  expect(names(k)).toEqual(['bind=false driver=true bound=false'])
})

test('DM-14: a match that defers ends the walk of a device', () => {
  play(function* (kit) {
    yield* kit.start()
    kit.bus.match = (_dev, drv) => (drv.name === 'first' ? -EPROBE_DEFER : 1)
    yield* sim(d.driver_register(kit.driver('first')))
    yield* sim(d.driver_register(kit.driver('second')))
    const dev = yield* kit.add('x')
    expect(d.device_is_bound(dev)).toBe(false)
    expect(devicesDeferred(kit.machine)).toBe('x\t\n')
  })
})

test('DM-15: platform: an override decides alone, an id table before the name', () => {
  play(function* () {
    const drv = {
      driver: { name: 'some' },
      id_table: [{ name: 'other', driver_data: 7 }],
      probe: () => 0,
    }
    expect(yield* sim(plat.platform_driver_register(drv))).toBe(0)
    const a = yield* sim(plat.platform_device_register_simple('some', -1, null, 0))
    const b = yield* sim(plat.platform_device_register_simple('other', 3, null, 0))
    expect([d.device_is_bound(a.dev), d.device_is_bound(b.dev), b.id_entry?.driver_data]).toEqual([
      false,
      true,
      7,
    ])
    expect(d.dev_name(b.dev)).toBe('other.3')
    d.device_set_driver_override(a.dev, 'some\n')
    expect(yield* sim(d.device_attach(a.dev))).toBe(1)
  })
})

test('DM-17: a device in the middle of device_add is not probed by others', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const nb = new notifier_block({
      notifier_call: function* (_nb: unknown, action: number, dev: d.device): Sim<number> {
        if (action === d.BUS_NOTIFY_ADD_DEVICE) {
          const drv = kit.driver('a')
          yield* sim(d.driver_register(drv))
          kit.say(`early ${d.device_is_bound(dev)}`)
        }
        return 0
      } as never,
    })
    d.bus_register_notifier(kit.bus, nb)
    const dev = yield* kit.add('a')
    kit.say(`bound ${d.device_is_bound(dev)}`)
  })
  expect(names(k)).toEqual(['early false', 'probe a', 'bound true'])
})

test('DM-18, DM-20: a failed probe is undone newest first and remove is not called', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const probe = (dev: d.device): number => {
      d.dev_set_drvdata(dev, kit)
      d.devm_add_action(dev, kit.say, 'one')
      d.devm_add_action(dev, kit.say, 'two')
      return -EINVAL
    }
    yield* sim(d.driver_register(kit.driver('a', { probe })))
    const dev = yield* kit.add('a')
    expect([dev.driver, d.dev_get_drvdata(dev)]).toEqual([null, null])
  })
  expect(names(k)).toEqual(['two', 'one'])
})

test('DM-21: a group that cannot be made after a good probe means remove', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const attr = d.DEVICE_ATTR_RO('uevent', () => 0)
    yield* sim(d.driver_register(kit.driver('a', { dev_groups: [{ attrs: [attr] }] })))
    const dev = yield* kit.add('a')
    expect(d.device_is_bound(dev)).toBe(false)
  })
  expect(names(k)).toEqual(['probe a', 'remove a'])
  expect(k.dmesg).toContain('a a: device_add_groups() failed')
})

test('DM-22, DM-23: quiet errors, loud errors, and who is asked next', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const failing = (name: string, ret: number) =>
      kit.driver(name, { probe: () => (kit.say(name), ret) })
    for (const [name, ret] of [
      ['a', -ENODEV],
      ['ab', -EINVAL],
      ['abc', 0],
    ] as const)
      yield* sim(d.driver_register(failing(name, ret)))
    const dev = yield* kit.add('abcd')
    expect(d.device_is_bound(dev)).toBe(true)
  })
  expect(names(k)).toEqual(['a', 'ab', 'abc'])
  expect(k.dmesg.filter((l) => l.includes('failed'))).toEqual([
    'ab abcd: probe with driver ab failed with error -22',
  ])
})

test('DM-24: resources from before refuse the probe', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const dev = yield* kit.add('a')
    d.devm_add_action(dev, kit.say, 'left')
    yield* sim(d.driver_register(kit.driver('a')))
    expect(yield* sim(d.device_attach(dev))).toBe(-EBUSY)
    yield* sim(d.device_unregister(dev))
  })
  expect(names(k)).toEqual(['left', 'release a'])
  expect(k.dmesg).toContain('kitbus a: Resources present before probing')
})

test('DM-25: a deferred device is tried again when any other is bound, by a worker', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    let ready = false
    const probe = (): number => (
      kit.say(currentTask()!.comm.split('/')[0]!),
      ready ? 0 : -EPROBE_DEFER
    )
    yield* sim(d.driver_register(kit.driver('late', { probe })))
    const dev = yield* kit.add('late')
    expect(devicesDeferred(kit.machine)).toContain('late')
    ready = true
    yield* sim(d.driver_register(kit.driver('other', { probe: () => 0 })))
    yield* kit.add('other')
    yield* sim(msleep(10))
    expect(d.device_is_bound(dev)).toBe(true)
    expect(devicesDeferred(kit.machine)).toBe('')
  })
  expect(names(k)).toEqual(['main', 'kworker'])
})

test('DM-25, DM-49: a deferral through the bind file is -EAGAIN and is not remembered', () => {
  play(function* (kit) {
    yield* kit.start()
    const dev = yield* kit.add('a')
    yield* sim(echo('/sys/bus/kitbus/drivers_autoprobe', '0'))
    yield* sim(d.driver_register(kit.driver('a', { probe: () => -EPROBE_DEFER })))
    expect(yield* sim(echo('/sys/bus/kitbus/drivers/a/bind', 'a'))).toBe(-11)
    expect([devicesDeferred(kit.machine), dev.driver]).toEqual(['', null])
  })
})

test('DM-26: registering a child that binds and then deferring never comes to rest', () => {
  let probes = 0
  play(
    function* (kit) {
      yield* kit.start()
      yield* sim(d.driver_register(kit.driver('child', { probe: () => 0 })))
      const probe = function* (dev: d.device): Sim<number> {
        probes++
        const child = yield* kit.add(`child${probes}`, { parent: dev })
        yield* sim(d.device_unregister(child))
        return -EPROBE_DEFER
      }
      yield* sim(d.driver_register(kit.driver('parent', { probe })))
      yield* kit.add('parent')
      yield* sim(msleep(20))
    },
    {},
    50e6,
  )
  expect(probes).toBeGreaterThan(5)
})

test('DM-28: taking a driver off the bus waits for who is inside its match', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const drv = kit.driver('a')
    kit.bus.match = function* (): Sim<number> {
      kit.say('match begins')
      yield* sim(msleep(10))
      kit.say('match ends')
      return 0
    } as never
    yield* sim(d.driver_register(drv))
    const dev = kit.create('x')
    kit.machine.spawn(
      'adder',
      (function* (): Sim {
        yield* sim(d.device_add(dev))
      })(),
    )
    yield* sim(msleep(2))
    yield* sim(d.driver_unregister(drv))
    kit.say('unregistered')
  })
  expect(names(k)).toEqual(['match begins', 'match ends', 'unregistered'])
})

test('DM-29: a driver that is tried once only: -ENODEV without devices, no bind files', () => {
  play(function* () {
    const drv = { driver: { name: 'once' } }
    expect(yield* sim(plat.platform_driver_probe(drv, () => 0))).toBe(-ENODEV)
    yield* sim(plat.platform_device_register_simple('once', -1, null, 0))
    expect(yield* sim(plat.platform_driver_probe(drv, () => 0))).toBe(0)
    expect(yield* sim(cat('/sys/bus/platform/drivers/once/bind'))).toBe(-2)
    const late = yield* sim(plat.platform_device_register_simple('once', 5, null, 0))
    expect(d.device_is_bound(late.dev)).toBe(false)
  })
})

test('DM-48: in test mode each probe is followed by a removal and a second probe', () => {
  const k = play(function* (kit) {
    probing(kit.machine).testRemove = true
    yield* kit.start()
    yield* sim(d.driver_register(kit.driver('a')))
    yield* kit.add('a')
  })
  expect(names(k)).toEqual(['probe a', 'remove a', 'probe a'])
})

test('DM-50: an override does not unbind, and keeps other drivers away', () => {
  play(function* (kit) {
    yield* sim(plat.platform_driver_register({ driver: { name: 'p' }, probe: () => 0 }))
    const dev = yield* sim(plat.platform_device_register_simple('p', -1, null, 0))
    const file = '/sys/bus/platform/devices/p/driver_override'
    expect(yield* sim(cat(file))).toBe('(null)\n')
    expect(yield* sim(echo(file, 'none\n'))).toBe(5)
    expect([d.device_is_bound(dev.dev), yield* sim(cat(file))]).toEqual([true, 'none\n'])
    yield* sim(echo('/sys/bus/platform/drivers/p/unbind', 'p'))
    expect(yield* sim(echo('/sys/bus/platform/drivers/p/bind', 'p'))).toBe(-ENODEV)
    yield* sim(echo(file, '\n'))
    expect(yield* sim(echo('/sys/bus/platform/drivers/p/bind', 'p'))).toBe(1)
    expect(yield* sim(echo(file, 'x'.repeat(4095)))).toBe(-EINVAL)
    void kit
  })
})

test('DM-51: drivers_autoprobe and drivers_probe', () => {
  play(function* (kit) {
    yield* kit.start()
    yield* sim(echo('/sys/bus/kitbus/drivers_autoprobe', '0'))
    yield* sim(d.driver_register(kit.driver('a')))
    const dev = yield* kit.add('a')
    expect(d.device_is_bound(dev)).toBe(false)
    expect(yield* sim(echo('/sys/bus/kitbus/drivers_probe', 'nosuch'))).toBe(-ENODEV)
    expect(yield* sim(echo('/sys/bus/kitbus/drivers_probe', 'a'))).toBe(1)
    expect(d.device_is_bound(dev)).toBe(true)
    expect(yield* sim(echo('/sys/bus/kitbus/drivers_probe', 'a'))).toBe(1)
  })
})
