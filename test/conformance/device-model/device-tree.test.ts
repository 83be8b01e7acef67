import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { setUpHardware, type MachineSpec } from '../../../src-sim/hardware/set-up'
import { deviceRefs } from '../../../src-sim/kernel/base/core'
import { put_device } from '../../../src-sim/linux/device'
import { EINVAL, ENODATA, EOVERFLOW } from '../../../src-sim/linux/errno'
import * as of from '../../../src-sim/linux/of'
import * as ofp from '../../../src-sim/linux/of_platform'
import { ptr } from '../../../src-sim/linux/types'
import { sim } from '../../sim/harness'
import { play, type Kit } from './kit'

const BOARD: MachineSpec = {
  nodes: {
    fman: { clocks: [3, 4], label: 'fm0' },
    'fman/port@8': {},
    'fman/port@28': {},
    mac: { 'fsl,fman-ports': ['&port@8', '&fman/port@28'], 'fsl,one': '&fman' },
  },
  platform: [{ name: 'fsl-fman', node: 'fman' }, { name: 'dpaa', properties: { speed: 10 } }],
}

const boot = (kit: Kit): void => void setUpHardware(kit.machine, BOARD)
const node = (path: string): of.device_node => of.of_find_node_by_path(path)!

test('the device of a node is answered with a reference, and null without one', () => {
  play(function* (kit) {
    boot(kit)
    const before = yield* sim(ofp.of_find_device_by_node(node('fman')))
    const refs = deviceRefs(before!.dev)
    const found = yield* sim(ofp.of_find_device_by_node(node('fman')))
    expect([found === before, deviceRefs(before!.dev) - refs]).toEqual([true, 1])
    yield* sim(put_device(found!.dev))
    expect(deviceRefs(before!.dev)).toBe(refs)
    expect(yield* sim(ofp.of_find_device_by_node(node('fman/port@8')))).toBe(null)
    expect(yield* sim(ofp.of_find_device_by_node(null))).toBe(null)
  })
})

test('a device can be made from a node, and taken away', () => {
  play(function* (kit) {
    boot(kit)
    const port = node('/fman/port@8')
    const made = (yield* sim(ofp.of_platform_device_create(port, 'port-rx', null)))!
    expect([made.name, made.dev.of_node === port]).toEqual(['port-rx', true])
    const found = yield* sim(ofp.of_find_device_by_node(port))
    expect(found === made).toBe(true)
    yield* sim(put_device(found!.dev))
    yield* sim(ofp.of_platform_device_destroy(made.dev, null))
    expect(yield* sim(ofp.of_find_device_by_node(port))).toBe(null)
  })
})

test('a device of the board without a node of its own gets one with its properties', () => {
  play(function* (kit) {
    boot(kit)
    const speed = ptr(0)
    expect([of.of_property_read_u32(node('dpaa'), 'speed', speed), speed.value]).toEqual([0, 10])
    const pdev = yield* sim(ofp.of_find_device_by_node(node('dpaa')))
    expect(of.dev_of_node(pdev!.dev)?.name).toBe('dpaa')
  })
})

test('phandles point to nodes by name or by path; one that is not there is null', () => {
  play(function* (kit): Sim {
    boot(kit)
    const mac = node('mac')
    const names = [0, 1, 2].map((i) => of.of_parse_phandle(mac, 'fsl,fman-ports', i)?.full_name)
    expect(names).toEqual(['port@8', 'port@28', undefined])
    expect(of.of_parse_phandle(mac, 'fsl,one', 0)?.name).toBe('fman')
    expect(of.of_parse_phandle(node('fman'), 'label', 0)).toBe(null)
    expect(of.of_count_phandle_with_args(mac, 'fsl,fman-ports')).toBe(2)
    yield* []
  })
})

test('children come one after the other, each with a reference for as long as it is looked at', () => {
  play(function* (kit): Sim {
    boot(kit)
    const fman = node('fman')
    const names = [...of.for_each_child_of_node(fman)].map((child) => child.full_name)
    expect([names, of.of_get_child_count(fman)]).toEqual([['port@8', 'port@28'], 2])
    const refs = node('fman/port@8').$refs
    for (const child of of.for_each_child_of_node(fman)) {
      expect(child.$refs).toBe(refs + 1)
      of.of_node_put(child)
      break
    }
    expect(of.of_get_parent(node('fman/port@28'))?.name).toBe('fman')
    expect(of.of_find_node_by_name(null, 'port')?.full_name).toBe('port@8')
    yield* []
  })
})

test('numbers and texts are read with the errors of the kernel', () => {
  play(function* (kit): Sim {
    boot(kit)
    const fman = node('fman')
    const [number, text] = [ptr(0), ptr('')]
    expect(of.of_property_read_u32_index(fman, 'clocks', 1, number)).toBe(0)
    expect(number.value).toBe(4)
    expect(of.of_property_read_u32_index(fman, 'clocks', 2, number)).toBe(-EOVERFLOW)
    expect(of.of_property_read_u32(fman, 'none', number)).toBe(-EINVAL)
    expect(of.of_property_read_u32(fman, 'label', number)).toBe(-ENODATA)
    expect([of.of_property_read_string(fman, 'label', text), text.value]).toEqual([0, 'fm0'])
    expect(of.of_property_read_string(fman, 'clocks', text)).toBe(-ENODATA)
    expect([of.of_property_read_bool(fman, 'label'), of.of_property_present(fman, 'x')]).toEqual([
      true,
      false,
    ])
    yield* []
  })
})

test('a put too many of a node is reported', () => {
  const { machine } = play(function* (kit): Sim {
    boot(kit)
    const fman = node('fman')
    of.of_node_get(fman)
    for (let i = 0; i < 3; i++) of.of_node_put(fman)
    yield* []
  })
  expect(machine.findings.map((f) => f.title)).toEqual([
    'OF: ERROR: of_node_release() detected bad of_node_put() on /fman',
  ])
})
