import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { addBoardClock } from '../../../src-sim/kernel/clk/lookup'
import * as clk from '../../../src-sim/linux/clk'
import * as provider from '../../../src-sim/linux/clk-provider'
import * as d from '../../../src-sim/linux/device'
import { ENOENT, ENXIO, ESHUTDOWN } from '../../../src-sim/linux/errno'
import { IS_ERR, PTR_ERR } from '../../../src-sim/linux/err'
import { sim } from '../../sim/harness'
import { play, type Kit } from './kit'

/** A gate `pll` with a gate `uart` behind it, known to device `a` as `bus`. */
function* tree(kit: Kit): Sim<provider.clk_hw[]> {
  const made: provider.clk_hw[] = []
  for (const [name, parent] of [['pll', null], ['uart', 'pll']] as const) {
    const hw = new provider.clk_hw()
    const says =
      (what: string) =>
      (): number => (kit.say(`${what} ${name}`), 0)
    hw.init = {
      name,
      parent_names: parent === null ? [] : [parent],
      ops: {
        prepare: says('prepare'), unprepare: says('unprepare'), enable: says('enable'),
        disable: says('disable'),
        ...(parent === null ? { recalc_rate: () => 48_000_000 } : {}),
      },
    }
    expect(yield* sim(provider.clk_hw_register(null, hw))).toBe(0)
    made.push(hw)
  }
  provider.clk_hw_register_clkdev(made[1]!, 'bus', 'a')
  return made
}
const warnings = (k: Kit): string[] =>
  k.dmesg.filter((l) => /already|unprepared|Unpreparing|unregister/.test(l))

test('a clock is prepared and enabled for its first user, parents first, and off with its last', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    yield* tree(kit)
    const dev = yield* kit.add('a')
    const [one, two] = [clk.clk_get(dev, 'bus'), clk.clk_get(dev, 'bus')]
    expect(clk.clk_is_match(one, two)).toBe(true)
    expect(yield* sim(clk.clk_prepare_enable(one))).toBe(0)
    expect(yield* sim(clk.clk_prepare_enable(two))).toBe(0)
    expect(yield* sim(clk.clk_get_rate(one))).toBe(48_000_000)
    yield* sim(clk.clk_disable_unprepare(two))
    kit.say('one user')
    yield* sim(clk.clk_disable_unprepare(one))
    clk.clk_put(one)
    clk.clk_put(two)
  })
  expect(k.log).toEqual([
    'prepare pll', 'prepare uart', 'enable pll', 'enable uart', 'one user', 'disable uart',
    'disable pll', 'unprepare uart', 'unprepare pll',
  ])
  expect(k.kinds).toEqual([])
})

test('what is disabled, unprepared or enabled in the wrong order is a warning', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    yield* tree(kit)
    const bus = clk.clk_get(yield* kit.add('a'), 'bus')
    expect(yield* sim(clk.clk_enable(bus))).toBe(-ESHUTDOWN)
    yield* sim(clk.clk_disable(bus))
    yield* sim(clk.clk_unprepare(bus))
    yield* sim(clk.clk_prepare_enable(bus))
    yield* sim(clk.clk_unprepare(bus))
  })
  expect(warnings(k)).toEqual([
    'Enabling unprepared uart', 'uart already disabled', 'uart already unprepared',
    'Unpreparing enabled uart', 'Unpreparing enabled pll',
  ])
  expect(k.kinds).toEqual([
    'warn.clk-not-prepared', 'warn.clk-disabled', 'warn.clk-unprepared', 'warn.clk-enabled',
    'warn.clk-enabled',
  ])
})

test('clocks that are not there: an error pointer, or null for the optional; null does nothing', () => {
  play(function* (kit) {
    yield* kit.start()
    const dev = yield* kit.add('a')
    const none = clk.clk_get(dev, 'bus')
    expect([IS_ERR(none), PTR_ERR(none)]).toEqual([true, -ENOENT])
    expect(clk.clk_get_optional(dev, 'bus')).toBe(null)
    expect(yield* sim(clk.clk_prepare_enable(null))).toBe(0)
    yield* sim(clk.clk_disable_unprepare(null))
    clk.clk_put(null)
  })
})

test('a managed clock runs until the driver goes; its devres entry is undone in its place', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    yield* tree(kit)
    const probe = function* (dev: d.device): Sim<number> {
      d.devm_add_action(dev, kit.say, 'older')
      const bus = yield* sim(clk.devm_clk_get_enabled(dev, 'bus'))
      expect(IS_ERR(bus)).toBe(false)
      expect(yield* sim(clk.devm_clk_get_optional(dev, 'none'))).toBe(null)
      d.devm_add_action(dev, kit.say, 'newer')
      return 0
    }
    yield* sim(d.driver_register(kit.driver('a', { probe })))
    const dev = yield* kit.add('a')
    kit.log.length = 0
    yield* sim(d.device_release_driver(dev))
  })
  expect(k.log).toEqual([
    'remove a', 'newer', 'disable uart', 'disable pll', 'unprepare uart', 'unprepare pll', 'older',
  ])
})

test('a handle that was put is freed memory', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    addBoardClock('a', 'bus', 1000)
    const bus = clk.clk_get(yield* kit.add('a'), 'bus')
    expect(yield* sim(clk.clk_get_rate(bus))).toBe(1000)
    clk.clk_put(bus)
    expect(bus.$dead).toBeDefined()
  })
  expect(k.kinds).toEqual([])
})

test('when the driver of a clock goes, its users are left with a clock that fails', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const [, uart] = yield* tree(kit)
    const dev = yield* kit.add('a')
    const bus = clk.clk_get(dev, 'bus')
    yield* sim(clk.clk_prepare(bus))
    provider.clk_hw_unregister(uart!)
    expect(IS_ERR(clk.clk_get(dev, 'bus'))).toBe(true)
    expect(yield* sim(clk.clk_enable(bus))).toBe(-ENXIO)
  })
  expect(warnings(k)).toEqual(['clk_unregister: unregistering prepared clock: uart'])
})
