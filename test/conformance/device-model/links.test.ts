import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import * as d from '../../../src-sim/linux/device'
import { sim } from '../../sim/harness'
import { play, type Kit } from './kit'

/** Adds a device `s` without a driver and one `c` whose probe makes a link to it. */
function* linkedInProbe(kit: Kit, flags: number): Sim<[d.device, d.device]> {
  yield* kit.start()
  const s = yield* kit.add('s')
  const probe = function* (c: d.device): Sim<number> {
    yield* sim(d.device_link_add(c, s, flags))
    return 0
  }
  yield* sim(d.driver_register(kit.driver('c', { probe })))
  return [s, yield* kit.add('c')]
}

const places = (k: Kit): string[] => k.machine.findings.map((f) => f.title)

test('DM-39: a link that a probe makes to an unbound supplier is odd when the probe succeeds', () => {
  const k = play(function* (kit) {
    const [, c] = yield* linkedInProbe(kit, 0)
    expect(c.$suppliers[0]!.status).toBe(3)
  })
  expect(places(k)).toEqual(['WARNING: drivers/base/core.c at device_links_driver_bound'])
})

test('DM-39: deleting a supplier that has no driver but an active link', () => {
  const k = play(function* (kit) {
    const [s] = yield* linkedInProbe(kit, 0)
    yield* sim(d.device_unregister(s))
  })
  expect(places(k)).toEqual([
    'WARNING: drivers/base/core.c at device_links_driver_bound',
    'WARNING: drivers/base/core.c at device_links_purge',
  ])
})

test('DM-37: a link made while both probe counts as probing; a stateless one has no state', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const probe = function* (s: d.device): Sim<number> {
      const inner = function* (c: d.device): Sim<number> {
        const link = (yield* sim(d.device_link_add(c, s, 0)))!
        kit.say(`state ${link.status}`)
        const loose = (yield* sim(d.device_link_add(c, other, d.DL_FLAG_STATELESS)))!
        kit.say(`state ${loose.status}`)
        return 0
      }
      yield* sim(d.driver_register(kit.driver('c', { probe: inner })))
      yield* kit.add('c')
      return 0
    }
    const other = yield* kit.add('other')
    yield* sim(d.driver_register(kit.driver('s', { probe })))
    yield* kit.add('s')
  })
  expect([k.log, k.kinds]).toEqual([['state 2', 'state -1'], []])
})

test('DM-38: a link for syncing only is gone when the consumer is bound', () => {
  const k = play(function* (kit) {
    const [s, c] = yield* linkedInProbe(kit, d.DL_FLAG_SYNC_STATE_ONLY)
    expect([s.$consumers, c.$suppliers]).toEqual([[], []])
  })
  expect(k.kinds).toEqual([])
})
