import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import * as d from '../../../src-sim/linux/device'
import { EACCES, EAGAIN, EINVAL } from '../../../src-sim/linux/errno'
import { msleep } from '../../../src-sim/linux/delay'
import { shutdown } from '../../../src-sim/linux/klab/scenario'
import * as pm from '../../../src-sim/linux/pm_runtime'
import { sim } from '../../sim/harness'
import { play, type Kit } from './kit'

const loud = (kit: Kit): pm.dev_pm_ops => ({
  runtime_suspend: () => (kit.say('suspend'), 0),
  runtime_resume: () => (kit.say('resume'), 0),
})

function* managed(kit: Kit): Sim<d.device> {
  kit.bus.pm = loud(kit)
  yield* kit.start()
  const dev = yield* kit.add('a')
  pm.pm_runtime_enable(dev)
  return dev
}

test('DM-107: nested gets and puts: the second get answers 1', () => {
  const k = play(function* (kit) {
    const dev = yield* managed(kit)
    expect(yield* sim(pm.pm_runtime_get_sync(dev))).toBe(0)
    expect(yield* sim(pm.pm_runtime_get_sync(dev))).toBe(1)
    expect([
      yield* sim(pm.pm_runtime_put_sync(dev)),
      yield* sim(pm.pm_runtime_put_sync(dev)),
    ]).toEqual([0, 0])
    expect(pm.pm_runtime_suspended(dev)).toBe(true)
  })
  expect(k.log).toEqual(['resume', 'suspend'])
})

test('DM-107: on a suspended device puts and suspends answer 1, idle -EAGAIN', () => {
  play(function* (kit) {
    const dev = yield* managed(kit)
    pm.pm_runtime_get_noresume(dev)
    expect(yield* sim(pm.pm_runtime_put_sync(dev))).toBe(1)
    expect(yield* sim(pm.pm_runtime_suspend(dev))).toBe(1)
    expect(yield* sim(pm.pm_runtime_idle(dev))).toBe(-EAGAIN)
  })
})

test('DM-107: in use: suspend and idle are -EAGAIN, resume of an active one is 1', () => {
  play(function* (kit) {
    const dev = yield* managed(kit)
    yield* sim(pm.pm_runtime_get_sync(dev))
    expect([
      yield* sim(pm.pm_runtime_suspend(dev)),
      yield* sim(pm.pm_runtime_idle(dev)),
      yield* sim(pm.pm_runtime_resume(dev)),
    ]).toEqual([-EAGAIN, -EAGAIN, 1])
  })
})

test('DM-107: disabled: -EACCES, but counts move and it reads as active', () => {
  play(function* (kit) {
    yield* kit.start()
    const dev = yield* kit.add('a')
    expect(yield* sim(pm.pm_runtime_get_sync(dev))).toBe(-EACCES)
    expect([dev.power.usage_count.counter, pm.pm_runtime_active(dev)]).toEqual([1, true])
    expect(yield* sim(pm.pm_runtime_put_sync(dev))).toBe(-EACCES)
    expect(dev.power.usage_count.counter).toBe(0)
  })
})

test('DM-107: an error sticks until the status is set', () => {
  play(function* (kit) {
    kit.bus.pm = { runtime_resume: () => -5 }
    yield* kit.start()
    const dev = yield* kit.add('a')
    pm.pm_runtime_enable(dev)
    expect(yield* sim(pm.pm_runtime_get_sync(dev))).toBe(-5)
    expect(yield* sim(pm.pm_runtime_resume(dev))).toBe(-EINVAL)
    expect(pm.pm_runtime_set_active(dev)).toBe(0)
    expect(yield* sim(pm.pm_runtime_resume(dev))).toBe(1)
  })
})

test('DM-107: underflow and unbalanced enable are complained about', () => {
  const k = play(function* (kit) {
    const dev = yield* managed(kit)
    expect(yield* sim(pm.pm_runtime_put_sync(dev))).toBe(-EINVAL)
    pm.pm_runtime_enable(dev)
  })
  expect(k.dmesg).toEqual([
    'kitbus a: Runtime PM usage count underflow!',
    'kitbus a: Unbalanced pm_runtime_enable!',
  ])
})

test('a put without waiting leaves the suspending to a worker; autosuspend waits its time', () => {
  const k = play(function* (kit) {
    const dev = yield* managed(kit)
    yield* sim(pm.pm_runtime_get_sync(dev))
    yield* sim(pm.pm_runtime_put(dev))
    kit.say('put')
    yield* sim(msleep(5))
    pm.pm_runtime_set_autosuspend_delay(dev, 50)
    pm.pm_runtime_use_autosuspend(dev)
    yield* sim(pm.pm_runtime_get_sync(dev))
    pm.pm_runtime_mark_last_busy(dev)
    yield* sim(pm.pm_runtime_put_autosuspend(dev))
    yield* sim(msleep(30))
    kit.say('30 ms')
    yield* sim(msleep(40))
  })
  expect(k.log).toEqual(['resume', 'put', 'suspend', 'resume', '30 ms', 'suspend'])
})

test('a child keeps its parent awake', () => {
  play(function* (kit) {
    const parent = yield* managed(kit)
    const child = yield* kit.add('b', { parent })
    pm.pm_runtime_enable(child)
    yield* sim(pm.pm_runtime_get_sync(child))
    expect(parent.power.runtime_status).toBe(pm.RPM_ACTIVE)
    expect(yield* sim(pm.pm_runtime_suspend(parent))).not.toBe(0)
    yield* sim(pm.pm_runtime_put_sync(child))
    yield* sim(msleep(5))
    expect(parent.power.runtime_status).toBe(pm.RPM_SUSPENDED)
  })
})

test('DM-33: the core gives its use back before remove: the device may be suspended then', () => {
  const k = play(function* (kit) {
    kit.bus.pm = loud(kit)
    yield* kit.start()
    const remove = (dev: d.device): void =>
      kit.say(`remove suspended=${pm.pm_runtime_suspended(dev)}`)
    const probe = (dev: d.device): number => (pm.pm_runtime_enable(dev), 0)
    yield* sim(d.driver_register(kit.driver('a', { probe, remove })))
    yield* sim(d.device_release_driver(yield* kit.add('a')))
  })
  expect(k.log).toEqual(['resume', 'suspend', 'remove suspended=true'])
})

test('DM-108: an active device whose driver disabled power management is reset to suspended', () => {
  play(function* (kit) {
    yield* kit.start()
    const probe = (dev: d.device): number => pm.pm_runtime_set_active(dev)
    yield* sim(d.driver_register(kit.driver('a', { probe })))
    const dev = yield* kit.add('a')
    expect(dev.power.runtime_status).toBe(pm.RPM_ACTIVE)
    yield* sim(d.device_release_driver(dev))
    expect(dev.power.runtime_status).toBe(pm.RPM_SUSPENDED)
  })
})

test('DM-106: shutdown: last device first, no remove, and no probe afterwards', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const down = (dev: d.device): void => kit.say(`shutdown ${d.dev_name(dev)}`)
    const drv = kit.driver('a', { shutdown: down })
    yield* sim(d.driver_register(drv))
    const parent = yield* kit.add('a1')
    yield* kit.add('a2', { parent })
    yield* sim(shutdown())
    const late = yield* kit.add('a3')
    expect([late.driver, parent.driver]).toEqual([null, drv])
  })
  expect(k.log).toEqual(['probe a1', 'probe a2', 'shutdown a2', 'shutdown a1'])
})
