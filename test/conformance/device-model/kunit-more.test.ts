import { expect, test } from 'vitest'
import * as d from '../../../src-sim/linux/device'
import { EAGAIN, EBUSY, EEXIST, EINVAL } from '../../../src-sim/linux/errno'
import { IS_ERR } from '../../../src-sim/linux/err'
import * as io from '../../../src-sim/linux/ioport'
import * as misc from '../../../src-sim/linux/miscdevice'
import * as plat from '../../../src-sim/linux/platform_device'
import * as pm from '../../../src-sim/linux/pm_runtime'
import * as libc from '../../../src-sim/linux/user/libc'
import type { Sim } from '../../../src-sim/engine/suspend'
import { kref_read } from '../../../src-sim/linux/kref'
import { sim } from '../../sim/harness'
import { play, type Kit } from './kit'

/** More of the kernel's own tests, under their names. */

const simple = (name: string, id = -1): plat.platform_device =>
  plat.platform_device_register_simple(name, id, null, 0)

test('root_device_devm_register_get_unregister_with_devm_test', () => {
  const k = play(function* (kit) {
    const root = yield* sim(d.root_device_register('root'))
    d.get_device(root)
    d.devm_add_action(root, (dev: d.device) => (kit.say('action'), d.put_device(dev)), root)
    yield* sim(d.root_device_unregister(root))
  })
  expect([k.log, k.kinds]).toEqual([['action'], []])
})

test('probed_platform_device_devm_register_get_unregister_with_devm_test', () => {
  const k = play(function* (kit) {
    const probe = (pdev: plat.platform_device): number => {
      d.get_device(pdev.dev)
      return d.devm_add_action(pdev.dev, (dev: d.device) => (kit.say('action'), d.put_device(dev)), pdev.dev)
    }
    yield* sim(plat.platform_driver_register({ driver: { name: 'x' }, probe }))
    const pdev = yield* sim(simple('x'))
    expect(d.device_is_bound(pdev.dev)).toBe(true)
    yield* sim(plat.platform_device_unregister(pdev))
  })
  expect([k.log, k.kinds]).toEqual([['action'], []])
})

test('platform_device_find_by_null_test', () => {
  play(function* () {
    const pdev = yield* sim(simple('x'))
    const bus = plat.platform_bus_type
    expect(yield* sim(d.bus_find_device_by_of_node(bus, null))).toBe(null)
    expect(yield* sim(d.bus_find_device_by_fwnode(bus, null))).toBe(null)
    expect([
      d.device_match_of_node(pdev.dev, null), d.device_match_fwnode(pdev.dev, null),
      d.device_match_acpi_dev(pdev.dev, null), d.device_match_name(pdev.dev, null),
    ]).toEqual([0, 0, 0, 0])
  })
})

test('kunit_platform_device_alloc_test, kunit_platform_device_add_test', () => {
  play(function* () {
    const pdev = plat.platform_device_alloc('kunit-platform', 0)!
    expect([pdev.name, pdev.id]).toEqual(['kunit-platform', 0])
    expect(yield* sim(plat.platform_device_add(pdev))).toBe(0)
    expect([plat.dev_is_platform(pdev.dev), d.dev_name(pdev.dev)]).toEqual([
      true, 'kunit-platform.0',
    ])
    expect(kref_read(pdev.dev.kobj.kref)).toBeGreaterThan(1)
  })
})

test('kunit_platform_device_add_cleans_up: the device is gone from the bus without an underflow', () => {
  const k = play(function* () {
    const pdev = yield* sim(simple('x', 3))
    yield* sim(plat.platform_device_unregister(pdev))
    const found = yield* sim(d.bus_find_device_by_name(plat.platform_bus_type, null, 'x.3'))
    expect(found).toBe(null)
  })
  expect(k.kinds).toEqual([])
})

test('kunit_platform_driver_register_test: registering the driver probes the waiting device', () => {
  play(function* () {
    const pdev = yield* sim(simple('x'))
    let probed: unknown = null
    const probe = (p: plat.platform_device): number => ((probed = p), 0)
    expect(yield* sim(plat.platform_driver_register({ driver: { name: 'x' }, probe }))).toBe(0)
    expect(probed === pdev).toBe(true)
  })
})

test('kunit_device_driver_test: probe and remove, and the same driver takes a second device', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    yield* sim(d.driver_register(kit.driver('my_device')))
    const first = yield* kit.add('my_device')
    yield* sim(d.device_unregister(first))
    const second = yield* kit.add('my_device')
    expect(d.device_is_bound(second)).toBe(true)
  })
  expect(k.log).toEqual([
    'probe my_device', 'remove my_device', 'release my_device', 'probe my_device',
  ])
})

test('kunit_device_test: an action runs at unregistering, not before', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const dev = yield* kit.add('a')
    d.devm_add_action(dev, kit.say, 'action')
    kit.say('before')
    yield* sim(d.device_unregister(dev))
  })
  expect(k.log).toEqual(['before', 'action', 'release a'])
})

// misc_minor_kunit.c

const node = (name: string, minor = misc.MISC_DYNAMIC_MINOR): misc.miscdevice =>
  new misc.miscdevice({ name, minor, fops: { open: () => 0 } })

function* opens(name: string): Sim<boolean> {
  const fd = yield* sim(libc.open(`/dev/${name}`))
  if (fd >= 0) yield* sim(libc.close(fd))
  return fd >= 0
}

test('kunit_static_minor, kunit_misc_dynamic_minor, miscdev_test_twice', () => {
  play(function* () {
    for (const m of [node('fixed', 16), node('dynamic')]) {
      for (let round = 0; round < 2; round++) {
        expect(yield* sim(misc.misc_register(m))).toBe(0)
        expect(yield* opens(m.name)).toBe(true)
        yield* sim(misc.misc_deregister(m))
      }
    }
  })
})

test('miscdev_test_invalid_input, _duplicate_minor, _duplicate_name, _duplicate_name_leak', () => {
  play(function* () {
    expect(yield* sim(misc.misc_register(node('big', 256)))).toBe(-EINVAL)
    const first = node('first', 16)
    expect(yield* sim(misc.misc_register(first))).toBe(0)
    expect(yield* sim(misc.misc_register(node('second', 16)))).toBe(-EBUSY)
    const loser = node('first')
    for (let i = 0; i < 300; i++) expect(yield* sim(misc.misc_register(loser))).toBe(-EEXIST)
    expect(loser.minor).toBe(misc.MISC_DYNAMIC_MINOR)
    expect(yield* sim(misc.misc_register(node('third')))).toBe(0)
  })
})

test('miscdev_test_dynamic_reentry: registered again although its old minor is taken', () => {
  play(function* () {
    const one = node('one')
    yield* sim(misc.misc_register(one))
    const old = one.minor
    yield* sim(misc.misc_deregister(one))
    const two = node('two')
    yield* sim(misc.misc_register(two))
    expect(two.minor).toBe(old)
    expect(yield* sim(misc.misc_register(one))).toBe(0)
    expect(one.minor).not.toBe(old)
  })
})

test('miscdev_test_dynamic_only_range: 256 dynamic minors, all above 255', () => {
  play(function* () {
    const minors = new Set<number>()
    for (let i = 0; i < 256; i++) {
      const m = node(`n${i}`)
      expect(yield* sim(misc.misc_register(m))).toBe(0)
      minors.add(m.minor)
    }
    expect([minors.size, Math.min(...minors) > 255]).toEqual([256, true])
  })
})

// drivers/base/power/runtime-test.c

function* powered(kit: Kit, callbacks: object = {}): Sim<d.device> {
  kit.bus.pm = callbacks
  yield* kit.start()
  const dev = yield* kit.add('a')
  pm.pm_runtime_enable(dev)
  return dev
}

test('pm_runtime_depth_test, pm_runtime_idle_test', () => {
  play(function* (kit) {
    const dev = yield* powered(kit)
    expect(yield* sim(pm.pm_runtime_get_sync(dev))).toBe(0)
    expect(yield* sim(pm.pm_runtime_get_sync(dev))).toBe(1)
    yield* sim(pm.pm_runtime_put_sync(dev))
    expect(yield* sim(pm.pm_runtime_idle(dev))).toBe(-EAGAIN)
    pm.pm_runtime_put_noidle(dev)
    expect(yield* sim(pm.pm_runtime_idle(dev))).toBe(0)
    expect(pm.pm_runtime_suspended(dev)).toBe(true)
    expect(yield* sim(pm.pm_runtime_idle(dev))).toBe(-EAGAIN)
  })
})

test('pm_runtime_error_test: an error sticks until the status is set', () => {
  play(function* (kit) {
    const dev = yield* powered(kit)
    dev.power.runtime_error = -22
    expect(yield* sim(pm.pm_runtime_get_sync(dev))).toBe(-EINVAL)
    pm.pm_runtime_put_noidle(dev)
    yield* sim(pm.pm_runtime_disable(dev))
    expect(pm.pm_runtime_set_suspended(dev)).toBe(0)
    pm.pm_runtime_enable(dev)
    expect(yield* sim(pm.pm_runtime_get_sync(dev))).toBe(0)
  })
})

test('pm_runtime_probe_active_test: set active and enabled, it stays so until idle is asked for', () => {
  play(function* (kit) {
    yield* kit.start()
    const dev = yield* kit.add('a')
    expect(pm.pm_runtime_set_active(dev)).toBe(0)
    pm.pm_runtime_enable(dev)
    expect(pm.pm_runtime_active(dev)).toBe(true)
    yield* sim(pm.pm_runtime_barrier(dev))
    expect(pm.pm_runtime_active(dev)).toBe(true)
    expect(yield* sim(pm.pm_runtime_idle(dev))).toBe(0)
    expect(pm.pm_runtime_suspended(dev)).toBe(true)
  })
})

// kernel/resource_kunit.c

test('resource_test_union, resource_test_intersection', () => {
  play(function* () {
    const make = (start: number, end: number): io.resource => new io.resource({ start, end, flags: 0x200 })
    const cases: [number[], number[], number[] | null, number[] | null][] = [
      [[0, 10], [5, 20], [0, 20], [5, 10]],
      [[0, 20], [5, 10], [0, 20], [5, 10]],
      [[0, 4], [5, 10], null, null],
      [[5, 5], [5, 5], [5, 5], [5, 5]],
    ]
    for (const [a, b, union, both] of cases) {
      const [x, y] = [make(a[0]!, a[1]!), make(b[0]!, b[1]!)]
      for (const [p, q] of [[x, y], [y, x]] as const) {
        const r = make(0, 0)
        const range = (ok: boolean): number[] | null => (ok ? [r.start, r.end] : null)
        expect(range(io.resource_union(p, q, r))).toEqual(union)
        expect(range(io.resource_intersection(p, q, r))).toEqual(both)
      }
    }
  })
})

test('resource_test_region_intersects', () => {
  play(function* () {
    expect(IS_ERR(io.request_mem_region(0x1000, 0x100, 'a')!)).toBe(false)
    expect(io.region_intersects(0x1000, 0x100)).toBe(io.REGION_INTERSECTS)
    expect(io.region_intersects(0x1010, 0x10)).toBe(io.REGION_INTERSECTS)
    expect(io.region_intersects(0x10f0, 0x100)).toBe(io.REGION_MIXED)
    expect(io.region_intersects(0x2000, 0x100)).toBe(io.REGION_DISJOINT)
  })
})
