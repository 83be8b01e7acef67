import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import * as d from '../../../src-sim/linux/device'
import { EEXIST, EINVAL, ENODEV } from '../../../src-sim/linux/errno'
import { IS_ERR } from '../../../src-sim/linux/err'
import { cat, echo } from '../../../src-sim/linux/klab/scenario'
import * as ko from '../../../src-sim/linux/kobject'
import * as plat from '../../../src-sim/linux/platform_device'
import * as sys from '../../../src-sim/linux/sysfs'
import { sim } from '../../sim/harness'
import { play } from './kit'

/** The rest of the driver core's functions, called as compiled code calls them. */

const text = (value: string) => (_o: unknown, ...rest: unknown[]): number =>
  sys.sysfs_emit(rest.at(-1) as Uint8Array, '%s\n', value)

test('files of buses and classes', () => {
  play(function* (kit) {
    yield* kit.start()
    const attr = d.BUS_ATTR_RO('speed', (bus, buf) => sys.sysfs_emit(buf, '%s 5\n', bus.name))
    expect(yield* sim(d.bus_create_file(kit.bus, attr))).toBe(0)
    expect(yield* sim(cat('/sys/bus/kitbus/speed'))).toBe('kitbus 5\n')
    yield* sim(d.bus_remove_file(kit.bus, attr))
    expect(String(yield* sim(cat('/sys/bus/kitbus/speed')))).toBe('-2')
    const cls = yield* sim(d.class_create('demo'))
    let kept = ''
    const knob = d.CLASS_ATTR_RW(
      'knob',
      (c, _attr, buf) => sys.sysfs_emit(buf, '%s\n', c.name),
      (_c, _attr, buf, count) => ((kept = buf), count),
    )
    expect(yield* sim(d.class_create_file(cls, knob))).toBe(0)
    expect(yield* sim(cat('/sys/class/demo/knob'))).toBe('demo\n')
    expect(yield* sim(echo('/sys/class/demo/knob', 'x'))).toBe(1)
    expect(kept.trim()).toBe('x')
  })
})

test('drivers are found by name, and their devices walked', () => {
  play(function* (kit) {
    yield* kit.start()
    const drv = kit.driver('a')
    yield* sim(d.driver_register(drv))
    yield* sim(d.driver_register(kit.driver('b')))
    yield* kit.add('a1')
    yield* kit.add('a2')
    expect([d.driver_find('a', kit.bus) === drv, d.driver_find('c', kit.bus)]).toEqual([true, null])
    const names: string[] = []
    yield* sim(d.driver_for_each_device(drv, null, null, (dev) => (names.push(d.dev_name(dev)), 0)))
    yield* sim(d.bus_for_each_drv(kit.bus, null, null, (x) => (names.push(x.name), 0)))
    expect(names).toEqual(['a1', 'a2', 'a', 'b'])
    const found = yield* sim(d.driver_find_device_by_name(drv, 'a2'))
    expect(d.dev_name(found!)).toBe('a2')
  })
})

test('a device is renamed in its place, unless the name is taken', () => {
  play(function* (kit) {
    yield* kit.start()
    const dev = yield* kit.add('a')
    yield* kit.add('b')
    expect(yield* sim(d.device_rename(dev, 'b'))).toBe(-EEXIST)
    expect(yield* sim(d.device_rename(dev, 'c'))).toBe(0)
    expect([d.dev_name(dev), dev.kobj.$directory!.path]).toEqual(['c', '/devices/c'])
  })
})

test('class interfaces hear of devices that are there and of later ones', () => {
  const k = play(function* (kit) {
    const cls = yield* sim(d.class_create('demo'))
    const one = yield* sim(d.device_create(cls, null, 0, null, 'one'))
    const intf: d.class_interface = {
      class: cls,
      add_dev: (dev) => (kit.say(`add ${d.dev_name(dev)}`), 0),
      remove_dev: (dev) => kit.say(`remove ${d.dev_name(dev)}`),
    }
    expect(yield* sim(d.class_interface_register(intf))).toBe(0)
    const two = yield* sim(
      d.device_create_with_groups(cls, null, 0, null, [
        { attrs: [d.DEVICE_ATTR_RO('colour', text('red')).attr] },
      ], 'two'),
    )
    expect(yield* sim(cat('/sys/class/demo/two/colour'))).toBe('red\n')
    yield* sim(d.device_unregister(one))
    yield* sim(d.class_interface_unregister(intf))
    yield* sim(d.device_unregister(two))
  })
  expect(k.log).toEqual(['add one', 'add two', 'remove one', 'remove two'])
})

test('device_bind_driver takes the driver that is set, without its probe', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    yield* sim(echo('/sys/bus/kitbus/drivers_autoprobe', '0'))
    const drv = kit.driver('a')
    yield* sim(d.driver_register(drv))
    const dev = yield* kit.add('a')
    expect(yield* sim(d.device_bind_driver(dev))).toBe(-EINVAL)
    yield* sim(d.device_lock(dev))
    dev.driver = drv
    expect(yield* sim(d.device_bind_driver(dev))).toBe(0)
    d.device_unlock(dev)
    expect(d.device_is_bound(dev)).toBe(true)
    yield* sim(d.device_release_driver(dev))
  })
  expect(k.log).toEqual(['remove a'])
})

test('drivers of the platform bus are registered all or none; a bundle is device and driver', () => {
  play(function* (kit) {
    const driver = (name: string) => ({ driver: { name }, probe: () => (kit.say(name), 0) })
    const all = [driver('a'), driver('b')]
    expect(yield* sim(plat.platform_register_drivers(all, 2))).toBe(0)
    yield* sim(plat.platform_unregister_drivers(all, 2))
    const clash = [driver('a'), driver('a')]
    expect(yield* sim(plat.platform_register_drivers(clash, 2))).toBeLessThan(0)
    expect(yield* sim(plat.platform_driver_register(driver('a')))).toBe(0)
    const probe = (pdev: plat.platform_device): number => (kit.say(`bundle ${pdev.name}`), 0)
    const pdev = yield* sim(plat.platform_create_bundle(driver('x'), probe, null, 0, null, 0))
    expect([IS_ERR(pdev), kit.log]).toEqual([false, ['bundle x']])
    const fails = (): number => -5
    const none = yield* sim(plat.platform_create_bundle(driver('y'), fails, null, 0, null, 0))
    expect(IS_ERR(none)).toBe(true)
    expect(ENODEV).toBe(19)
  })
})

test('groups are merged and asked again what is visible; links live in groups, too', () => {
  play(function* () {
    const kobj = (yield* sim(ko.kobject_create_and_add('demo', null)))!
    const file = (name: string): ReturnType<typeof sys.__ATTR_RO> => sys.__ATTR_RO(name, text(name))
    const [a, b, c] = [file('a'), file('b'), file('c')]
    let visible = true
    const group = {
      name: 'g', attrs: [a.attr, b.attr],
      is_visible: (_k: unknown, attr: { name: string }) => (attr.name === 'a' || visible ? 0o444 : 0),
    }
    expect(yield* sim(sys.sysfs_create_group(kobj, group))).toBe(0)
    expect(yield* sim(sys.sysfs_merge_group(kobj, { name: 'g', attrs: [c.attr] }))).toBe(0)
    expect(yield* sim(cat('/sys/demo/g/c'))).toBe('c\n')
    yield* sim(sys.sysfs_unmerge_group(kobj, { name: 'g', attrs: [c.attr] }))
    visible = false
    expect(yield* sim(sys.sysfs_update_group(kobj, group))).toBe(0)
    const found = function* (path: string): Sim<boolean> {
      return String(yield* sim(cat(path))) !== '-2'
    }
    expect([yield* found('/sys/demo/g/a'), yield* found('/sys/demo/g/b')]).toEqual([true, false])
    expect(sys.sysfs_add_link_to_group(kobj, 'g', kobj, 'self')).toBe(0)
    expect(yield* sim(cat('/sys/demo/g/self/g/a'))).toBe('a\n')
    expect(sys.sysfs_create_link_nowarn(kobj, kobj, 'g')).toBe(-EEXIST)
    expect(sys.sysfs_match_string(['on', 'off'], 'off\n')).toBe(1)
  })
})

test('members of a set are found by name, with a reference', () => {
  play(function* () {
    const set = (yield* sim(ko.kset_create_and_add('set', null, null)))!
    const kobj = new ko.kobject()
    kobj.kset = set
    yield* sim(ko.kobject_init_and_add(kobj, {}, null, 'x'))
    expect([ko.kset_find_obj(set, 'x') === kobj, ko.kset_find_obj(set, 'y')]).toEqual([true, null])
    expect(ko.kobject_get_path(kobj, 0)).toBe('/set/x')
    expect(yield* sim(ko.kobject_rename(kobj, 'z'))).toBe(0)
    expect(ko.kobject_get_path(kobj, 0)).toBe('/set/z')
  })
})

test('messages that speak once, and those that are limited', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const dev = yield* kit.add('a')
    for (let i = 0; i < 30; i++) {
      d.dev_warn_once(dev, 'once\n')
      d.dev_err_ratelimited(dev, 'often\n')
    }
    d.dev_crit(dev, 'crit %d\n', 1)
  })
  const count = (line: string): number => k.dmesg.filter((l) => l === `kitbus a: ${line}`).length
  expect([count('once'), count('often'), count('crit 1')]).toEqual([1, 10, 1])
})
