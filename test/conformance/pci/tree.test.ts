import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { machine } from '../../../src-sim/engine/current'
import { EEXIST, EINVAL, ENODEV, ENOENT } from '../../../src-sim/linux/errno'
import * as pci from '../../../src-sim/linux/pci'
import { readl } from '../../../src-sim/linux/io'
import {
  cat,
  echo,
  plug,
  surprise_remove,
  unplug,
} from '../../../src-sim/linux/klab/scenario'
import { sim } from '../../sim/harness'
import { play } from '../device-model/kit'
import { bind, boot, driver, dword, ONE, start, TREE } from './pci-kit'

const at = (bus: number, devfn: number): Sim<pci.pci_dev | null> =>
  sim(pci.pci_get_domain_bus_and_slot(0, bus, devfn))

test('buses, bridges and the way up', () => {
  play(function* (kit) {
    yield* boot(kit, TREE)
    const leaf = (yield* at(3, 8))!
    const upstream = pci.pci_upstream_bridge(leaf)!
    expect([pci.pci_name(upstream), pci.pci_is_bridge(upstream), upstream.subordinate!.number]).toEqual([
      '0000:02:00.0',
      true,
      3,
    ])
    expect(pci.pci_name(pci.pcie_find_root_port(leaf)!)).toBe('0000:00:06.0')
    expect(leaf.dev.parent).toBe(upstream.dev)
    expect([pci.pci_is_root_bus(leaf.bus!), pci.pci_find_bus(0, 3)]).toEqual([false, leaf.bus])
    const met: string[] = []
    const visit = (p: pci.pci_dev): number => (met.push(pci.pci_name(p)), 0)
    yield* sim(pci.pci_walk_bus(pci.pci_find_bus(0, 2)!, visit, null))
    expect(met).toEqual(['0000:02:00.0', '0000:03:00.0', '0000:03:01.0'])
    const first = (p: pci.pci_dev): number => (met.push(pci.pci_name(p)), 1)
    yield* sim(pci.pci_walk_bus(pci.pci_find_bus(0, 2)!, first, null))
    expect(met).toHaveLength(4)
  })
})

test('DM-98: removing a bridge stops what is behind it, last first, then removes it, first first', () => {
  const k = play(function* (kit) {
    yield* bind(kit, {}, TREE)
    kit.log.length = 0
    const gone: string[] = []
    for (const name of ['03:00.0', '03:01.0', '02:00.0'])
      machine().inside(() => {
        const dev = pciDevice(name)
        dev.dev.release = () => gone.push(name)
      })
    const bridge = (yield* at(2, 0))!
    const { dev } = bridge
    yield* sim(pci.pci_stop_and_remove_bus_device_locked(bridge))
    expect(gone).toEqual(['03:00.0', '03:01.0'])
    expect([bridge.subordinate, pci.pci_find_bus(0, 3)]).toEqual([null, null])
    expect(dev.kobj.state_in_sysfs).toBe(false)
    yield* sim(pci.pci_dev_put(bridge))
    expect(gone).toEqual(['03:00.0', '03:01.0', '02:00.0'])
  })
  expect(k.log).toEqual(['remove 03:01.0', 'remove 03:00.0'])
})

function pciDevice(name: string): pci.pci_dev {
  let found: pci.pci_dev | null = null
  machine().runtime.atomic(
    pci.pci_walk_bus(
      pci.pci_find_bus(0, 0)!,
      (p) => (pci.pci_name(p) === `0000:${name}` ? ((found = p), 1) : 0),
      null,
    ),
  )
  return found!
}

test('DM-98: a rescan finds what is behind a removed bridge again', () => {
  const k = play(function* (kit) {
    yield* bind(kit, {}, TREE)
    yield* sim(echo('/sys/bus/pci/devices/0000:02:00.0/remove', '1'))
    expect(yield* sim(cat('/sys/bus/pci/devices/0000:03:00.0/vendor'))).toBe(-ENOENT)
    kit.log.length = 0
    yield* sim(echo('/sys/bus/pci/rescan', '1'))
    expect(yield* sim(cat('/sys/bus/pci/devices/0000:03:01.0/device'))).toBe('0x11e8\n')
  })
  expect(k.log).toEqual(['probe 03:00.0', 'probe 03:01.0'])
})

test('pci_rescan_bus answers the highest bus number met', () => {
  play(function* (kit) {
    yield* boot(kit, TREE)
    yield* sim(pci.pci_lock_rescan_remove())
    expect(yield* sim(pci.pci_rescan_bus(pci.pci_find_bus(0, 0)!))).toBe(3)
    pci.pci_unlock_rescan_remove()
  })
})

test('all functions of a card are found before the first driver is asked', () => {
  const k = play(function* (kit) {
    const seen: (string | number)[] = []
    const probe = function* (p: pci.pci_dev): Sim<number> {
      seen.push(pci.pci_name(p).slice(5), pci.pci_dev_present([pci.PCI_DEVICE(0x1234, 0x11e8)]))
      seen.push((yield* at(1, 1)) !== null ? 'other found' : 'alone')
      return 0
    }
    yield* boot(kit, TREE)
    yield* sim(unplug('01:00.0'))
    yield* sim(pci.pci_register_driver(driver(kit, { probe })))
    seen.length = 0
    expect(yield* sim(plug('01:00.0'))).toBe(0)
    expect(seen.slice(0, 3)).toEqual(['01:00.0', 1, 'other found'])
  })
  expect(k.kinds).toEqual([])
})

test('DM-112: a card leaves with all its functions, the last one first', () => {
  const k = play(function* (kit) {
    yield* bind(kit, {}, TREE)
    kit.log.length = 0
    yield* sim(unplug('01:00.0'))
    expect(yield* sim(unplug('01:00.1'))).toBe(-ENODEV)
  })
  expect(k.log).toEqual(['remove 01:00.1', 'remove 01:00.0'])
})

test('DM-96, DM-97: a torn out switch takes what is behind it along', () => {
  const k = play(function* (kit) {
    let mmio = 0
    const remove = (p: pci.pci_dev): void => {
      const gone = pci.pci_dev_is_disconnected(p) && !pci.pci_device_is_present(p)
      kit.say(`${pci.pci_name(p).slice(5)} ${gone} ${readl(mmio).toString(16)}`)
    }
    yield* bind(kit, { probe: (p: pci.pci_dev) => ((mmio = start(p)), 0), remove }, TREE)
    kit.log.length = 0
    yield* sim(surprise_remove('02:00.0'))
    expect(yield* sim(plug('02:00.0'))).toBe(0)
  })
  expect(k.log).toEqual(['03:01.0 true ffffffff', '03:00.0 true ffffffff'])
  expect(k.dmesg).toContain('pcieport 0000:00:06.0: pciehp: Slot(2): Card not present')
})

test('what is plugged in behind an empty slot appears with its bridge', () => {
  const k = play(function* (kit) {
    yield* boot(kit, TREE)
    yield* sim(pci.pci_register_driver(driver(kit)))
    yield* sim(unplug('02:00.0'))
    yield* sim(plug('03:00.0'))
    kit.log.length = 0
    yield* sim(plug('02:00.0'))
  })
  expect(k.log).toEqual(['probe 03:00.0', 'probe 03:01.0'])
})

test('new_id: further devices, but none twice, and data only of a known entry', () => {
  const k = play(function* (kit) {
    yield* boot(kit, ONE)
    const other = { ...pci.PCI_DEVICE(0x1234, 0x5678), driver_data: 7 }
    yield* sim(pci.pci_register_driver(driver(kit, { id_table: [other] })))
    const file = '/sys/bus/pci/drivers/drv/new_id'
    expect(yield* sim(echo(file, '1234'))).toBe(-EINVAL)
    expect(yield* sim(echo(file, '1234 5678'))).toBe(-EEXIST)
    expect(yield* sim(echo(file, '1234 11e8'))).toBe(-EINVAL)
    expect(yield* sim(echo(file, '1234 11e8 ffffffff ffffffff 0 0 7'))).toBeGreaterThan(0)
    expect(yield* sim(echo('/sys/bus/pci/drivers/drv/remove_id', '1 2'))).toBe(-ENODEV)
    expect(yield* sim(echo('/sys/bus/pci/drivers/drv/remove_id', '1234 11e8'))).toBe(9)
  })
  expect(k.log).toEqual(['probe 01:00.0'])
})

test('a driver without probe binds; the id table ends at the first empty entry', () => {
  const k = play(function* (kit) {
    yield* boot(kit, ONE)
    const empty = { vendor: 0, device: 0 }
    const hidden = driver(kit, { name: 'hidden', id_table: [empty, pci.PCI_DEVICE(0x1234, 0x11e8)] })
    yield* sim(pci.pci_register_driver(hidden))
    const silent = driver(kit, { name: 'silent', probe: undefined })
    yield* sim(pci.pci_register_driver(silent))
    const p = (yield* at(1, 0))!
    expect([p.dev.driver?.name, p.driver]).toEqual(['silent', null])
    expect(dword(p, 2)).toEqual([pci.PCIBIOS_BAD_REGISTER_NUMBER, 0xffffffff])
  })
  expect(k.log).toEqual([])
})

test('slots: power off leaves the card in its slot, but nobody finds it until power is on', () => {
  const k = play(function* (kit) {
    const p = pci.pci_dev_get(yield* bind(kit))
    const slot = '/sys/bus/pci/slots/1'
    expect(yield* sim(cat(`${slot}/address`))).toBe('0000:01:00\n')
    expect(yield* sim(echo(`${slot}/power`, '1'))).toBe(-ENODEV)
    expect(yield* sim(echo(`${slot}/power`, '2'))).toBe(-EINVAL)
    expect(yield* sim(echo(`${slot}/power`, '0'))).toBe(1)
    expect([yield* sim(cat(`${slot}/power`)), yield* sim(cat(`${slot}/adapter`))]).toEqual([
      '0\n',
      '1\n',
    ])
    expect([pci.pci_dev_is_disconnected(p), dword(p, 0)]).toEqual([false, [0, 0xffffffff]])
    yield* sim(echo('/sys/bus/pci/rescan', '1'))
    expect(kit.log).toEqual(['probe 01:00.0', 'remove 01:00.0'])
    expect(yield* sim(echo(`${slot}/power`, '1'))).toBe(1)
  })
  expect(k.log).toEqual(['probe 01:00.0', 'remove 01:00.0', 'probe 01:00.0'])
  expect(k.dmesg).toContain('pcieport 0000:00:05.0: pciehp: Slot(1): Already enabled')
})

test('the slot of a removed bridge is gone', () => {
  play(function* (kit) {
    yield* boot(kit, TREE)
    expect(yield* sim(cat('/sys/bus/pci/slots/3/power'))).toBe('1\n')
    yield* sim(echo('/sys/bus/pci/devices/0000:02:00.0/remove', '1'))
    expect(yield* sim(cat('/sys/bus/pci/slots/3/power'))).toBe(-ENOENT)
  })
})
