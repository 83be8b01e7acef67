import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { msleep } from '../../../src-sim/linux/delay'
import { EINVAL } from '../../../src-sim/linux/errno'
import { readl, type iomem } from '../../../src-sim/linux/io'
import * as pci from '../../../src-sim/linux/pci'
import * as pm from '../../../src-sim/linux/pm_runtime'
import { sim } from '../../sim/harness'
import { play, type Kit } from '../device-model/kit'
import { boot, EDU, ONE } from './pci-kit'

interface Bound {
  pdev: pci.pci_dev
  mmio: iomem
}

/** An edu device with a driver that tells of the power callbacks. */
function* bind(kit: Kit): Sim<Bound> {
  yield* boot(kit, ONE)
  const bound: Bound = { pdev: null as never, mmio: 0 }
  const probe = function* (pdev: pci.pci_dev): Sim<number> {
    yield* sim(pci.pci_enable_device(pdev))
    bound.pdev = pdev
    bound.mmio = pci.pci_iomap(pdev, 0, 0)!
    return 0
  }
  yield* sim(
    pci.pci_register_driver({
      name: 'drv',
      id_table: [EDU],
      probe: probe as never,
      driver: {
        pm: {
          runtime_suspend: () => (kit.say('suspend'), 0),
          runtime_resume: () => (kit.say('resume'), 0),
        },
      } as never,
    }),
  )
  return bound
}

/** What a driver does in probe to let the device sleep when nobody uses it. */
function* letSleep({ pdev }: Bound): Sim {
  pm.pm_runtime_put_noidle(pdev.dev)
  yield* sim(pm.pm_runtime_allow(pdev.dev))
  yield* sim(msleep(50))
}

test('DM-99: a PCI device is on, enabled, and kept on until it is allowed to sleep', () => {
  const k = play(function* (kit) {
    const bound = yield* bind(kit)
    const { power } = bound.pdev.dev
    expect([power.usage_count.counter, pm.pm_runtime_enabled(bound.pdev.dev)]).toEqual([2, true])
    pm.pm_runtime_put_noidle(bound.pdev.dev)
    yield* sim(msleep(50))
    expect(power.usage_count.counter).toBe(1)
    yield* sim(pm.pm_runtime_allow(bound.pdev.dev))
    yield* sim(msleep(50))
    expect(pm.pm_runtime_suspended(bound.pdev.dev)).toBe(true)
  })
  expect(k.log).toEqual(['suspend'])
})

test('DM-107: forbid and allow count once, however often they are called', () => {
  play(function* (kit) {
    const bound = yield* bind(kit)
    yield* letSleep(bound)
    const { dev } = bound.pdev
    for (let i = 0; i < 2; i++) yield* sim(pm.pm_runtime_forbid(dev))
    expect([dev.power.usage_count.counter, pm.pm_runtime_active(dev)]).toEqual([1, true])
    for (let i = 0; i < 2; i++) yield* sim(pm.pm_runtime_allow(dev))
    expect(dev.power.usage_count.counter).toBe(0)
  })
})

test('DM-99: the bus puts a suspended device into D3hot: its registers read as ones', () => {
  const k = play(function* (kit) {
    const bound = yield* bind(kit)
    const { pdev, mmio } = bound
    yield* letSleep(bound)
    expect([pdev.current_state, readl(mmio)]).toEqual([pci.PCI_D3hot, 0xffffffff])
    yield* sim(pm.pm_runtime_get_sync(pdev.dev))
    expect([pdev.current_state, readl(mmio)]).toEqual([pci.PCI_D0, 0x010000ed])
  })
  expect(k.log).toEqual(['suspend', 'resume'])
})

test('DM-107: get_if_active and get_if_in_use never wake the device', () => {
  const k = play(function* (kit) {
    const bound = yield* bind(kit)
    const { dev } = bound.pdev
    expect(pm.pm_runtime_get_if_active(dev)).toBe(1)
    pm.pm_runtime_put_noidle(dev)
    yield* letSleep(bound)
    expect([pm.pm_runtime_get_if_active(dev), pm.pm_runtime_get_if_in_use(dev)]).toEqual([0, 0])
    yield* sim(pm.pm_runtime_resume(dev))
    expect(pm.pm_runtime_get_if_in_use(dev)).toBe(0)
    expect([pm.pm_runtime_get_if_active(dev), pm.pm_runtime_get_if_in_use(dev)]).toEqual([1, 1])
    yield* sim(pm.pm_runtime_disable(dev))
    expect(pm.pm_runtime_get_if_active(dev)).toBe(-EINVAL)
    expect(dev.power.usage_count.counter).toBe(2)
  })
  expect(k.log).toEqual(['suspend', 'resume'])
})
