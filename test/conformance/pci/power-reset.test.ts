import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { EAGAIN, EBUSY, EINVAL, EIO, ENOTTY } from '../../../src-sim/linux/errno'
import { device_release_driver, type device } from '../../../src-sim/linux/device'
import * as pm from '../../../src-sim/linux/pm_runtime'
import { msleep } from '../../../src-sim/linux/delay'
import { readl, writel, writeq } from '../../../src-sim/linux/io'
import { IRQ_HANDLED, request_irq } from '../../../src-sim/linux/interrupt'
import * as pci from '../../../src-sim/linux/pci'
import { echo, surprise_remove, unplug } from '../../../src-sim/linux/klab/scenario'
import { ptr } from '../../../src-sim/linux/types'
import { sim } from '../../sim/harness'
import { play } from '../device-model/kit'
import { bind, command, dword, NAME, SLOT, start } from './pci-kit'

const ID = 0x010000ed
const ALL_ONES = 0xffffffff

test('D3hot: registers give all ones, configuration space answers; D0 brings them back', () => {
  const k = play(function* (kit) {
    const p = yield* bind(kit)
    const mmio = start(p)
    const before = kit.machine.nowNs
    expect(yield* sim(pci.pci_set_power_state(p, pci.PCI_D3hot))).toBe(0)
    expect(kit.machine.nowNs - before).toBeGreaterThanOrEqual(10e6)
    expect([readl(mmio), p.current_state, dword(p, 0)[1]]).toEqual([ALL_ONES, 3, 0x11e81234])
    expect(yield* sim(pci.pci_set_power_state(p, pci.PCI_D1))).toBe(-EINVAL)
    expect(yield* sim(pci.pci_set_power_state(p, pci.PCI_D0))).toBe(0)
    expect([readl(mmio), pci.pci_set_power_state(p, pci.PCI_D2)]).toEqual([ID, -EIO])
  })
  expect(k.kinds).toEqual([])
})

test('D3hot: no messages, and none can be enabled (DM-101)', () => {
  const k = play(function* (kit) {
    const p = yield* bind(kit)
    const mmio = start(p)
    expect(pci.pci_alloc_irq_vectors(p, 1, 1, pci.PCI_IRQ_MSI)).toBe(1)
    const handler = (): number => (kit.say('irq'), IRQ_HANDLED)
    yield* sim(request_irq(pci.pci_irq_vector(p, 0), handler, 0, 'drv', p))
    writel(5, mmio + 8)
    writel(0x80, mmio + 0x20)
    yield* sim(pci.pci_set_power_state(p, pci.PCI_D3hot))
    yield* sim(msleep(5))
    expect(kit.log).not.toContain('irq')
    expect(pci.pci_alloc_irq_vectors(p, 1, 1, pci.PCI_IRQ_MSIX)).toBe(-EINVAL)
  })
  expect(k.kinds).toEqual([])
})

test('DM-89: enabling wakes a sleeping device', () => {
  play(function* (kit) {
    const p = yield* bind(kit)
    yield* sim(pci.pci_set_power_state(p, pci.PCI_D3hot))
    expect(yield* sim(pci.pci_enable_device(p))).toBe(0)
    expect([p.current_state, p.enable_cnt, command(p) & 2]).toEqual([pci.PCI_D0, 1, 2])
  })
})

test('a device that does not answer cannot change its power state', () => {
  const k = play(function* (kit) {
    const p = yield* bind(kit)
    yield* sim(unplug(SLOT))
    expect([pci.pci_set_power_state(p, pci.PCI_D3hot), p.current_state]).toEqual([
      -EIO,
      pci.PCI_D3cold,
    ])
  })
  expect(k.dmesg).toContain(
    `pci ${NAME}: Unable to change power state from D0 to D3hot, device inaccessible`,
  )
})

test('DM-89: one disable too many leaves the count below zero', () => {
  const k = play(function* (kit) {
    const p = yield* bind(kit)
    pci.pci_disable_device(p)
    expect([p.enable_cnt, pci.pci_is_enabled(p)]).toEqual([-1, false])
    pci.pci_enable_device(p)
    expect([p.enable_cnt, command(p) & 2]).toEqual([0, 2])
  })
  expect(k.kinds).toEqual(['warn.pci-disable'])
})

test('what was saved is written back, also what the bus saved when it found the device', () => {
  play(function* (kit) {
    const p = yield* bind(kit)
    start(p)
    yield* sim(pci.pcie_flr(p))
    expect(command(p)).toBe(0)
    pci.pci_restore_state(p)
    expect([command(p), p.state_saved]).toEqual([0, false])
    pci.pci_disable_device(p)
    start(p)
    pci.pci_save_state(p)
    const kept = ptr(pci.pci_store_saved_state(p))
    pci.pci_clear_master(p)
    pci.pci_restore_state(p)
    expect([command(p), pci.pci_store_saved_state(p)]).toEqual([6, null])
    pci.pci_clear_master(p)
    expect([pci.pci_load_and_free_saved_state(p, kept), kept.value]).toEqual([0, null])
    pci.pci_restore_state(p)
    expect(command(p)).toBe(6)
  })
})

test('DM-104: a reset is announced to the driver, and everything is as it was', () => {
  const k = play(function* (kit) {
    const err_handler = {
      reset_prepare: () => kit.say(`prepare ${readl(mmio).toString(16)}`),
      reset_done: () => kit.say(`done ${readl(mmio).toString(16)}`),
    }
    let mmio = 0
    const p = yield* bind(kit, { probe: (q: pci.pci_dev) => ((mmio = start(q)), 0), err_handler })
    const before = kit.machine.nowNs
    expect(yield* sim(pci.pci_reset_function(p))).toBe(0)
    expect(kit.machine.nowNs - before).toBeGreaterThanOrEqual(100e6)
    expect(command(p)).toBe(6)
    expect(yield* sim(echo(`/sys/bus/pci/devices/${NAME}/reset`, '2'))).toBe(-EINVAL)
    expect(yield* sim(echo(`/sys/bus/pci/devices/${NAME}/reset`, '1'))).toBe(1)
  })
  expect(k.log).toEqual(['prepare 10000ed', 'done 10000ed', 'prepare 10000ed', 'done 10000ed'])
})

test('DM-104: pcie_flr alone: nobody is told, nothing is restored, DMA has stopped', () => {
  const k = play(function* (kit) {
    const p = yield* bind(kit)
    const mmio = start(p)
    writeq(8, mmio + 0x90)
    writeq(1, mmio + 0x98)
    expect(yield* sim(pci.pcie_flr(p))).toBe(0)
    expect([command(p), readl(mmio)]).toEqual([0, ALL_ONES])
    start(p)
    expect(readl(mmio)).toBe(ALL_ONES)
    pci.pci_restore_state(p)
    start(p)
    expect(readl(mmio)).toBe(ALL_ONES)
    pci.pci_write_config_word(p, pci.PCI_COMMAND, 6)
    expect([readl(mmio), readl(mmio + 0x98)]).toEqual([ID, 0])
  })
  expect(k.dmesg.filter((l) => l.includes('reset'))).toEqual([])
})

test('DM-104: a torn out device cannot be reset; the driver is told all the same', () => {
  const k = play(function* (kit) {
    const err_handler = { reset_prepare: () => kit.say('prepare'), reset_done: () => kit.say('done') }
    const remove = function* (p: pci.pci_dev): Sim {
      kit.say(`flr ${yield* sim(pci.pcie_flr(p))}`)
      kit.say(`reset ${yield* sim(pci.pci_reset_function_locked(p))}`)
    }
    yield* bind(kit, { remove, err_handler })
    kit.log.length = 0
    yield* sim(surprise_remove(SLOT))
  })
  expect(k.log).toEqual([`flr ${-ENOTTY}`, 'prepare', 'done', `reset ${-ENOTTY}`])
})

test('DM-104: a device that is silently gone is waited for a minute', () => {
  const k = play(function* (kit) {
    const p = yield* bind(kit)
    yield* sim(unplug(SLOT))
    const before = kit.machine.nowNs
    expect(yield* sim(pci.pcie_flr(p))).toBe(-ENOTTY)
    expect(kit.machine.nowNs - before).toBeGreaterThan(60e9)
  })
  const lines = k.dmesg.filter((l) => l.includes('after FLR'))
  expect(lines[0]).toBe(`pci ${NAME}: not ready 1023ms after FLR; waiting`)
  expect(lines.at(-1)).toBe(`pci ${NAME}: not ready 65535ms after FLR; giving up`)
})

test('a reset without waiting for the lock', () => {
  play(function* (kit) {
    const p = yield* bind(kit)
    yield* sim(pci.pci_dev_lock(p))
    expect([yield* sim(pci.pci_try_reset_function(p)), pci.pci_dev_trylock(p)]).toEqual([-EAGAIN, 0])
    pci.pci_dev_unlock(p)
    expect(yield* sim(pci.pci_try_reset_function(p))).toBe(0)
  })
})

test('a bus reset takes every device of the bus, with its driver', () => {
  const k = play(function* (kit) {
    const err_handler = {
      reset_prepare: (p: pci.pci_dev) => kit.say(`prepare ${pci.pci_name(p).slice(5)}`),
      reset_done: (p: pci.pci_dev) => kit.say(`done ${pci.pci_name(p).slice(5)}`),
    }
    const spec = { pci: [{ slot: '01:00.0', model: 'edu' }, { slot: '01:00.1', model: 'edu' }] }
    const p = yield* bind(kit, { err_handler }, spec)
    kit.log.length = 0
    expect(yield* sim(pci.pci_reset_bus(p))).toBe(0)
  })
  expect(k.log).toEqual(['prepare 01:00.0', 'prepare 01:00.1', 'done 01:00.0', 'done 01:00.1'])
})

test('DM-99: in probe two use it: the bus, and the one who forbids sleep; in remove the bus once more', () => {
  const k = play(function* (kit) {
    const count = (p: pci.pci_dev): void => kit.say(`${p.dev.power.usage_count.counter}`)
    const p = yield* bind(kit, { probe: (q: pci.pci_dev) => (count(q), 0), remove: count })
    count(p)
    yield* sim(device_release_driver(p.dev))
    expect([p.dev.power.usage_count.counter, pm.pm_runtime_active(p.dev)]).toEqual([1, true])
  })
  expect(k.log).toEqual(['2', '2', '3'])
})

test('DM-33, DM-99: asleep while nobody uses it: D3hot, and back with its configuration', () => {
  const k = play(function* (kit) {
    const say = (what: string) => (dev: device) => {
      kit.say(`${what} ${(pci.to_pci_dev(dev as never) as pci.pci_dev).current_state}`)
      return 0
    }
    const ops = { runtime_suspend: say('suspend'), runtime_resume: say('resume') }
    const remove = (p: pci.pci_dev): void => {
      kit.say(`remove ${readl(mmio).toString(16)}`)
      pm.pm_runtime_get_noresume(p.dev)
    }
    let mmio = 0
    const p = yield* bind(kit, {
      driver: { pm: ops },
      remove,
      probe: (q: pci.pci_dev) => ((mmio = start(q)), 0),
    })
    yield* sim(pm.pm_runtime_put(p.dev))
    yield* sim(msleep(20))
    expect(p.current_state).toBe(pci.PCI_D0)
    yield* sim(pm.pm_runtime_allow(p.dev))
    yield* sim(msleep(20))
    expect([p.current_state, readl(mmio)]).toEqual([pci.PCI_D3hot, ALL_ONES])
    yield* sim(pm.pm_runtime_get_sync(p.dev))
    expect([p.current_state, readl(mmio), command(p)]).toEqual([pci.PCI_D0, ID, 6])
    yield* sim(pm.pm_runtime_put_sync(p.dev))
    yield* sim(device_release_driver(p.dev))
  })
  const once = ['suspend 0', 'resume 0']
  expect(k.log).toEqual([...once, ...once, ...once, `remove ${ID.toString(16)}`])
  expect(k.kinds).toEqual([])
})

test('DM-99: a driver that sleeps by itself has to save its state by itself', () => {
  const k = play(function* (kit) {
    const runtime_suspend = function* (dev: device): Sim<number> {
      return yield* sim(pci.pci_set_power_state(pci.to_pci_dev(dev as never), pci.PCI_D3hot))
    }
    const p = yield* bind(kit, { driver: { pm: { runtime_suspend } } })
    yield* sim(pm.pm_runtime_put(p.dev))
    yield* sim(pm.pm_runtime_allow(p.dev))
    yield* sim(msleep(50))
  })
  expect(k.kinds).toEqual(['warn.pci-pm'])
})

test('DM-99: a refusal to sleep is printed unless the device is only busy', () => {
  const k = play(function* (kit) {
    let ret = -EBUSY
    const p = yield* bind(kit, { driver: { pm: { runtime_suspend: () => ret } } })
    yield* sim(pm.pm_runtime_put(p.dev))
    yield* sim(pm.pm_runtime_allow(p.dev))
    yield* sim(msleep(20))
    ret = -EIO
    expect(yield* sim(pm.pm_runtime_suspend(p.dev))).toBe(-EIO)
  })
  const refusals = k.dmesg.filter((l) => l.includes("can't suspend"))
  expect(refusals).toEqual([`drv ${NAME}: can't suspend (runtime_suspend returned -5)`])
})
