import { expect, test } from 'vitest'
import { configureKernel } from '../../../src-sim/kernel/base/config'
import { devicesDeferred } from '../../../src-sim/kernel/base/deferred'
import * as d from '../../../src-sim/linux/device'
import { ssleep } from '../../../src-sim/linux/delay'
import { EINVAL, ENOMEM, EPROBE_DEFER, ETIMEDOUT } from '../../../src-sim/linux/errno'
import { sim } from '../../sim/harness'
import { play, type Kit } from './kit'

const waits = (kit: Kit, name: string, fails = (_dev: d.device): number => -EPROBE_DEFER) =>
  kit.driver(name, { probe: (dev: d.device) => (kit.say(`probe ${name}`), fails(dev)) })

const pending = (k: Kit): string[] => k.dmesg.filter((l) => l.includes('deferred probe'))

test('DM-25: ten seconds after boot the waiting devices are tried again and named', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const because = (dev: d.device): number => d.dev_err_probe(dev, -EPROBE_DEFER, 'no clock\n')
    yield* sim(d.driver_register(waits(kit, 'a', because)))
    yield* sim(d.driver_register(waits(kit, 'b')))
    yield* kit.add('a')
    yield* kit.add('b')
    expect(devicesDeferred(kit.machine)).toBe('a\ta: no clock\nb\t\n')
    yield* sim(ssleep(9))
    expect(kit.log).toEqual(['probe a', 'probe b'])
    yield* sim(ssleep(2))
    expect(kit.log).toEqual(['probe a', 'probe b', 'probe a', 'probe b'])
  })
  expect(pending(k)).toEqual([
    'kitbus a: deferred probe pending: a: no clock',
    'kitbus b: deferred probe pending: (reason unknown)',
  ])
})

test('DM-25: each driver that registers starts the time anew; after it is over nothing does', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    yield* sim(d.driver_register(waits(kit, 'a')))
    yield* kit.add('a')
    yield* sim(ssleep(8))
    yield* sim(d.driver_register(kit.driver('late')))
    yield* sim(ssleep(8))
    kit.say('16 s')
    yield* sim(ssleep(3))
    yield* sim(d.driver_register(kit.driver('later')))
    yield* sim(ssleep(30))
  })
  expect(k.log).toEqual(['probe a', '16 s', 'probe a'])
  expect(pending(k)).toHaveLength(1)
})

test('DM-25: a timeout of 0 waits for ever', () => {
  const k = play(function* (kit) {
    configureKernel(kit.machine, { DRIVER_DEFERRED_PROBE_TIMEOUT: 0 })
    yield* kit.start()
    yield* sim(d.driver_register(waits(kit, 'a')))
    const dev = yield* kit.add('a')
    yield* sim(ssleep(60))
    expect(d.driver_deferred_probe_check_state(dev)).toBe(-EPROBE_DEFER)
  })
  expect(pending(k)).toEqual([])
})

test('DM-25: who asks for a supplier that does not come is told that the time is over', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const dev = yield* kit.add('a')
    expect(d.driver_deferred_probe_check_state(dev)).toBe(-EPROBE_DEFER)
    yield* sim(ssleep(11))
    expect(d.driver_deferred_probe_check_state(dev)).toBe(-ETIMEDOUT)
  })
  expect(pending(k)).toEqual(['kitbus a: deferred probe timeout, ignoring dependency'])
})

test('DM-22: dev_err_probe names the error, keeps a deferral for later, is silent without memory', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const dev = yield* kit.add('a')
    expect(d.dev_err_probe(dev, -EINVAL, 'bad %s\n', 'clock')).toBe(-EINVAL)
    expect(d.dev_err_probe(dev, -ENOMEM, 'no memory\n')).toBe(-ENOMEM)
    expect(d.dev_warn_probe(dev, -EINVAL, 'odd\n')).toBe(-EINVAL)
  })
  expect(k.dmesg.filter((l) => l.startsWith('kitbus a'))).toEqual([
    'kitbus a: error -EINVAL: bad clock', 'kitbus a: error -EINVAL: odd',
  ])
})
