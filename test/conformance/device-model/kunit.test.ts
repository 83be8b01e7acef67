import { expect, test } from 'vitest'
import * as aux from '../../../src-sim/linux/auxiliary_bus'
import * as comp from '../../../src-sim/linux/component'
import * as d from '../../../src-sim/linux/device'
import { EBUSY, EEXIST, EINVAL } from '../../../src-sim/linux/errno'
import { DEFINE_RES_MEM } from '../../../src-sim/linux/ioport'
import * as plat from '../../../src-sim/linux/platform_device'
import * as prop from '../../../src-sim/linux/property'
import { IS_ERR, PTR_ERR } from '../../../src-sim/linux/err'
import { ptr } from '../../../src-sim/linux/types'
import { sim } from '../../sim/harness'
import { play } from './kit'

/** The kernel's own tests of this area, one behaviour each. */

test('DM-40: platform_device_devm_register_unregister_test', () => {
  const k = play(function* (kit) {
    const pdev = yield* sim(plat.platform_device_register_simple('x', -1, null, 0))
    d.devm_add_action(pdev.dev, kit.say, 'action')
    yield* sim(plat.platform_device_unregister(pdev))
    kit.say('unregistered')
  })
  expect(k.log).toEqual(['action', 'unregistered'])
})

test('DM-40: platform_device_devm_register_get_unregister_with_devm_test', () => {
  const k = play(function* (kit) {
    const pdev = yield* sim(plat.platform_device_register_simple('x', -1, null, 0))
    d.get_device(pdev.dev)
    d.devm_add_action(pdev.dev, (dev: d.device) => (kit.say('action'), d.put_device(dev)), pdev.dev)
    yield* sim(plat.platform_device_unregister(pdev))
  })
  expect([k.log, k.kinds]).toEqual([['action'], []])
})

test('DM-40: probed_platform_device_devm_register_unregister_test', () => {
  const k = play(function* (kit) {
    const probe = (pdev: plat.platform_device): number =>
      d.devm_add_action(pdev.dev, kit.say, 'action')
    yield* sim(plat.platform_driver_register({ driver: { name: 'x' }, probe }))
    const pdev = yield* sim(plat.platform_device_register_simple('x', -1, null, 0))
    expect(d.device_is_bound(pdev.dev)).toBe(true)
    yield* sim(plat.platform_device_unregister(pdev))
  })
  expect(k.log).toEqual(['action'])
})

test('DM-40: root_device_devm_register_unregister_test', () => {
  const k = play(function* (kit) {
    const root = yield* sim(d.root_device_register('root'))
    d.devm_add_action(root, kit.say, 'action')
    yield* sim(d.root_device_unregister(root))
  })
  expect(k.log).toEqual(['action'])
})

test('kunit_platform_device_add_twice_fails_test', () => {
  play(function* () {
    yield* sim(plat.platform_device_register_simple('x', 2, null, 0))
    const again = yield* sim(plat.platform_device_register_simple('x', 2, null, 0))
    expect([IS_ERR(again), PTR_ERR(again)]).toEqual([true, -EEXIST])
  })
})

test('pe_test_uints, pe_test_strings, pe_test_bool: what properties answer', () => {
  play(function* () {
    const pdev = yield* sim(
      plat.platform_device_register_full({
        name: 'x',
        id: -1,
        properties: { one: 8, many: [1, 2, 3], text: 'a', texts: ['a', 'b'], flag: true },
      }),
    )
    const { dev } = pdev
    const n = ptr(0)
    expect([prop.device_property_read_u32(dev, 'one', n), n.value]).toEqual([0, 8])
    expect(prop.device_property_read_u32(dev, 'nosuch', n)).toBe(-EINVAL)
    expect(prop.device_property_count_u32(dev, 'many')).toBe(3)
    expect(prop.device_property_read_u32_array(dev, 'many', [], 4)).toBe(-75)
    const s = ptr('')
    expect([prop.device_property_read_string(dev, 'text', s), s.value]).toEqual([0, 'a'])
    expect(prop.device_property_read_string_array(dev, 'texts', null, 0)).toBe(2)
    expect([
      prop.device_property_read_bool(dev, 'flag'),
      prop.device_property_read_bool(dev, 'x'),
    ]).toEqual([true, false])
  })
})

test('DM-105: a clash of resources refuses the device', () => {
  const k = play(function* () {
    const res = [DEFINE_RES_MEM(0x1000, 0x100)]
    yield* sim(plat.platform_device_register_simple('a', -1, res, 1))
    const clash = yield* sim(
      plat.platform_device_register_simple('b', -1, [DEFINE_RES_MEM(0x1080, 0x10)], 1),
    )
    expect(PTR_ERR(clash)).toBe(-EBUSY)
  })
  expect(k.dmesg).toContain('platform b: failed to claim resource 0: [mem 0x00001080-0x0000108f]')
})

test('DM-105: a static platform device without release is complained about at its last put', () => {
  const k = play(function* () {
    const pdev = new plat.platform_device({ name: 's' })
    yield* sim(plat.platform_device_register(pdev))
    yield* sim(plat.platform_device_unregister(pdev))
  })
  expect(k.kinds).toEqual(['warn.no-release'])
})

test('DM-105: auxiliary devices: parent and name needed, matched by prefix', () => {
  const k = play(function* (kit) {
    const adev = new aux.auxiliary_device()
    adev.dev.release = () => kit.say('release')
    expect(aux.auxiliary_device_init(adev)).toBe(-EINVAL)
    adev.dev.parent = yield* sim(d.root_device_register('root'))
    expect(aux.auxiliary_device_init(adev)).toBe(-EINVAL)
    adev.name = 'part'
    expect(aux.auxiliary_device_init(adev)).toBe(0)
    expect(yield* sim(aux.auxiliary_driver_register({ id_table: null, probe: null }))).toBe(-EINVAL)
    const probe = (a: aux.auxiliary_device): number => (kit.say(`probe ${d.dev_name(a.dev)}`), 0)
    yield* sim(
      aux.auxiliary_driver_register({
        id_table: [{ name: 'kernel.part' }],
        probe,
        remove: () => kit.say('remove'),
      }),
    )
    expect(yield* sim(aux.auxiliary_device_add(adev))).toBe(0)
    yield* sim(aux.auxiliary_device_delete(adev))
    yield* sim(aux.auxiliary_device_uninit(adev))
  })
  expect(k.log).toEqual(['probe kernel.part.0', 'remove', 'release'])
  expect(k.dmesg).toEqual(
    expect.arrayContaining([
      'auxiliary_device has a NULL dev->parent',
      'auxiliary_device has a NULL name',
    ]),
  )
})

test('components are bound as a whole and unbound as a whole', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const [master, a, b] = [yield* kit.add('m'), yield* kit.add('a'), yield* kit.add('b')] as [
      d.device,
      d.device,
      d.device,
    ]
    const ops = (name: string): comp.component_ops => ({
      bind: () => (kit.say(`bind ${name}`), 0),
      unbind: () => kit.say(`unbind ${name}`),
    })
    const match = ptr<comp.component_match | null>(null)
    comp.component_match_add(master, match, comp.component_compare_dev, a)
    comp.component_match_add(master, match, comp.component_compare_dev, b)
    const masterOps: comp.component_master_ops = {
      bind: (m) => comp.component_bind_all(m, null),
      unbind: (m) => comp.component_unbind_all(m, null),
    }
    yield* sim(comp.component_master_add_with_match(master, masterOps, match.value!))
    const [opsA, opsB] = [ops('a'), ops('b')]
    yield* sim(comp.component_add(a, opsA))
    kit.say('incomplete')
    yield* sim(comp.component_add(b, opsB))
    yield* sim(comp.component_del(a, opsA))
    yield* sim(comp.component_del(b, opsB))
    yield* sim(comp.component_master_del(master, masterOps))
  })
  expect(k.log).toEqual(['incomplete', 'bind a', 'bind b', 'unbind b', 'unbind a'])
})
