import { expect, test } from 'vitest'
import { currentTask } from '../../../src-sim/engine/current'
import type { Sim } from '../../../src-sim/engine/suspend'
import { modules } from '../../../src-sim/kernel/base/module'
import * as d from '../../../src-sim/linux/device'
import { msleep } from '../../../src-sim/linux/delay'
import { echo, insmod, rmmod } from '../../../src-sim/linux/klab/scenario'
import * as mod from '../../../src-sim/linux/module'
import { sim } from '../../sim/harness'
import { play, type Kit } from './kit'

/** A driver whose probe takes 50 ms, and says in which kind of task it runs. */
const slow = (kit: Kit, name: string, more: object = {}): d.device_driver =>
  kit.driver(name, {
    probe: function* (dev: d.device): Sim<number> {
      yield* sim(msleep(50))
      kit.say(`probe ${d.dev_name(dev)} in ${currentTask()!.comm.split('/')[0]}`)
      return 0
    },
    ...more,
  })
const eager = { probe_type: d.PROBE_PREFER_ASYNCHRONOUS }

test('DM-27: registering an asynchronous driver returns before its devices are probed', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const devices = [yield* kit.add('a1'), yield* kit.add('a2')]
    yield* sim(d.driver_register(slow(kit, 'a', eager)))
    kit.say('registered')
    yield* sim(d.wait_for_device_probe())
    expect(devices.map((dev) => d.device_is_bound(dev))).toEqual([true, true])
  })
  expect(k.log[0]).toBe('registered')
  expect(k.log.slice(1).sort()).toEqual(['probe a1 in kworker', 'probe a2 in kworker'])
})

test('DM-27: adding a device of an asynchronous driver returns before the probe', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    yield* sim(d.driver_register(slow(kit, 'a', eager)))
    yield* kit.add('a')
    kit.say('added')
    yield* sim(d.wait_for_device_probe())
  })
  expect(k.log).toEqual(['added', 'probe a in kworker'])
})

test('DM-27: a device first goes round the synchronous drivers', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    yield* sim(d.driver_register(slow(kit, 'a', eager)))
    yield* sim(d.driver_register(slow(kit, 'ab', { probe_type: d.PROBE_FORCE_SYNCHRONOUS })))
    yield* kit.add('abc')
    kit.say('added')
    yield* sim(d.wait_for_device_probe())
  })
  expect(k.log).toEqual(['probe abc in main', 'added'])
})

test('DM-27: unregistering waits for the probe, then unbinds', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    yield* kit.add('a')
    const drv = slow(kit, 'a', eager)
    yield* sim(d.driver_register(drv))
    yield* sim(d.driver_unregister(drv))
    kit.say('unregistered')
  })
  expect(k.log).toEqual(['probe a in kworker', 'remove a', 'unregistered'])
})

test('DM-27: the bind file is synchronous whatever the driver prefers', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    yield* kit.add('a')
    yield* sim(echo('/sys/bus/kitbus/drivers_autoprobe', '0'))
    yield* sim(d.driver_register(slow(kit, 'a', eager)))
    yield* sim(echo('/sys/bus/kitbus/drivers/a/bind', 'a'))
    kit.say('written')
  })
  expect(k.log).toEqual(['probe a in main', 'written'])
})

function* loaded(kit: Kit, parameters: string): Sim {
  yield* kit.start()
  yield* kit.add('a')
  const drv = slow(kit, 'a', parameters === '' ? eager : {})
  kit.provide({
    m: () => {
      drv.owner = modules(kit.machine).loading
      mod.module_init((() => d.driver_register(drv)) as () => number)
      mod.module_exit(() => d.driver_unregister(drv))
    },
  })
  yield* sim(insmod('m', parameters))
  kit.say('loaded')
  yield* sim(rmmod('m'))
  kit.say('unloaded')
}

test('DM-27: loading a module waits for the probes of its drivers', () => {
  const k = play((kit) => loaded(kit, ''))
  expect(k.log).toEqual(['probe a in kworker', 'loaded', 'remove a', 'unloaded'])
})

test('DM-27: with async_probe its drivers probe on the side, and unloading waits', () => {
  const k = play((kit) => loaded(kit, 'async_probe'))
  expect(k.log).toEqual(['loaded', 'probe a in kworker', 'remove a', 'unloaded'])
})

test('DM-27: a device that is deleted before its asynchronous probe is not probed', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    yield* sim(d.driver_register(slow(kit, 'a', eager)))
    const dev = yield* kit.add('a', {})
    yield* sim(d.device_lock(dev))
    const own = dev.$private!
    own.dead = true
    d.device_unlock(dev)
    yield* sim(msleep(100))
    expect(dev.driver).toBe(null)
  })
  expect(k.log).toEqual([])
})
