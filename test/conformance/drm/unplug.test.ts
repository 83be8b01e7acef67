import { expect, test } from 'vitest'
import { RELAX, type Sim } from '../../../src-sim/engine/suspend'
import { kref_read } from '../../../src-sim/linux/kref'
import * as d from '../../../src-sim/linux/device'
import { msleep } from '../../../src-sim/linux/delay'
import { drm_device } from '../../../src-sim/linux/drm/drm_device'
import * as drv from '../../../src-sim/linux/drm/drm_drv'
import * as managed from '../../../src-sim/linux/drm/drm_managed'
import { EINVAL, ENODEV, ENOENT } from '../../../src-sim/linux/errno'
import { IS_ERR } from '../../../src-sim/linux/err'
import { GFP_KERNEL } from '../../../src-sim/linux/slab'
import { ptr } from '../../../src-sim/linux/types'
import { close, errno, ioctl, pthread_create } from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { play } from '../device-model/kit'
import { card, cardOn, driverOf, openCard, ping } from './kit'

const idx = ptr(0)

test('DM-84: drm_dev_enter is true until the device is unplugged, and opens no section then', () => {
  play(function* (kit) {
    const [c] = yield* cardOn(kit)
    expect(drv.drm_dev_enter(c.drm, idx)).toBe(true)
    drv.drm_dev_exit(idx.value)
    expect(drv.drm_dev_is_unplugged(c.drm)).toBe(false)
    yield* sim(drv.drm_dev_unplug(c.drm))
    expect(drv.drm_dev_enter(c.drm, idx)).toBe(false)
    expect(drv.drm_dev_is_unplugged(c.drm)).toBe(true)
  })
})

/** Unplugs `victim` while another thread sleeps inside a section of `other`. */
function* unplugAgainst(victim: drm_device, other: drm_device, say: (text: string) => void): Sim {
  let inside = false
  const index = ptr(0)
  yield* sim(
    pthread_create(function* () {
      drv.drm_dev_enter(other, index)
      inside = true
      yield* sim(msleep(50))
      say('section ends')
      drv.drm_dev_exit(index.value)
    } as never),
  )
  while (!inside) yield RELAX
  yield* sim(drv.drm_dev_unplug(victim))
  say('unplugged')
}

test('DM-84: unplugging waits for a section that sleeps', () => {
  const k = play(function* (kit) {
    const [c] = yield* cardOn(kit)
    yield* unplugAgainst(c.drm, c.drm, kit.say)
  })
  expect(k.log.slice(0, 2)).toEqual(['section ends', 'unplugged'])
})

test('DM-84: one domain for all devices: unplugging waits for sections of every other', () => {
  const k = play(function* (kit) {
    const [c, parent] = yield* cardOn(kit)
    const second = yield* sim(drv.drm_dev_alloc(driverOf(kit), parent))
    yield* unplugAgainst(c.drm, second, kit.say)
  })
  expect(k.log.slice(0, 2)).toEqual(['section ends', 'unplugged'])
})

test('DM-85: after unplugging old files get -ENODEV, new opens fail, close works', () => {
  const k = play(function* (kit) {
    const [c] = yield* cardOn(kit)
    const fd = yield* openCard()
    expect(yield* ping(fd)).toBe(7)
    yield* sim(drv.drm_dev_unplug(c.drm))
    expect(yield* ping(fd)).toBe(-ENODEV)
    expect(yield* openCard()).toBe(-1)
    expect(errno()).toBe(ENOENT)
    expect(yield* sim(close(fd))).toBe(0)
  })
  expect(k.log).toContain('postclose')
  expect(k.kinds).toEqual([])
})

test('DM-85: the mark is looked at on the way in: a call that is past it goes on', () => {
  const k = play(function* (kit) {
    let inside = false
    const driver = driverOf(kit, function* () {
      inside = true
      yield* sim(msleep(50))
      kit.say('call ends')
      return 7
    })
    const [c] = yield* cardOn(kit, driver)
    const fd = yield* openCard()
    yield* sim(
      pthread_create(function* () {
        kit.say(`answer ${yield* ping(fd)}`)
      } as never),
    )
    while (!inside) yield RELAX
    yield* sim(drv.drm_dev_unplug(c.drm))
    kit.say('unplugged')
    yield* sim(msleep(100))
  })
  expect(k.log.slice(0, 3)).toEqual(['unplugged', 'call ends', 'answer 7'])
})

test('DM-85: after a plain drm_dev_unregister calls on old files go on', () => {
  play(function* (kit) {
    const [c] = yield* cardOn(kit)
    const fd = yield* openCard()
    yield* sim(drv.drm_dev_unregister(c.drm))
    expect(yield* ping(fd)).toBe(7)
    expect(yield* openCard()).toBe(-1)
  })
})

test('DM-85: the device object lives until the last file is closed', () => {
  const k = play(function* (kit) {
    const [c, parent] = yield* cardOn(kit)
    const fd = yield* openCard()
    expect(kref_read(c.drm.ref)).toBe(2)
    yield* sim(drv.drm_dev_unplug(c.drm))
    yield* sim(d.device_unregister(parent))
    kit.say('parent gone')
    expect(kref_read(c.drm.ref)).toBe(1)
    yield* sim(close(fd))
  })
  expect(k.log).toEqual(['parent gone', 'postclose', 'release', 'release demo0'])
  expect(k.kinds).toEqual([])
})

test('DM-86: drmm ends with the last reference, newest first; devres ends with the binding', () => {
  const k = play(function* (kit) {
    const [c, parent] = yield* cardOn(kit)
    const fd = yield* openCard()
    const say = (_drm: drm_device, what: string): void => kit.say(what)
    managed.drmm_add_action(c.drm, say, 'drmm first')
    managed.drmm_add_action(c.drm, say, 'drmm second')
    const memory = managed.drmm_kzalloc(c.drm, 16, GFP_KERNEL)!
    d.devm_add_action(parent, (what: string) => kit.say(what), 'devm')
    yield* sim(drv.drm_dev_unplug(c.drm))
    yield* sim(d.device_unregister(parent))
    memory[0] = 1
    yield* sim(close(fd))
  })
  expect(k.log).toEqual([
    'devm', 'postclose', 'release', 'drmm second', 'drmm first', 'release demo0',
  ])
  expect(k.kinds).toEqual([])
})

test('DM-86: unplugging first makes guarded shutdown code skip itself', () => {
  const k = play(function* (kit) {
    const [c] = yield* cardOn(kit)
    const stopHardware = (): void => {
      if (!drv.drm_dev_enter(c.drm, idx)) return kit.say('skipped: the hardware runs on')
      kit.say('stopped')
      drv.drm_dev_exit(idx.value)
    }
    yield* sim(drv.drm_dev_unplug(c.drm))
    stopHardware()
  })
  expect(k.log).toEqual(['skipped: the hardware runs on'])
})

test('drmm_release_action runs now; drmm_kfree frees now; both only once', () => {
  const k = play(function* (kit) {
    const [c] = yield* cardOn(kit)
    const say = (_drm: drm_device, what: string): void => kit.say(what)
    managed.drmm_add_action(c.drm, say, 'action')
    yield* sim(managed.drmm_release_action(c.drm, say, 'action'))
    managed.drmm_kfree(c.drm, managed.drmm_kzalloc(c.drm, 16, GFP_KERNEL))
    kit.say('put')
    yield* sim(drv.drm_dev_unplug(c.drm))
  })
  expect(k.log.slice(0, 2)).toEqual(['action', 'put'])
})

test('a device without a parent is refused with a warning', () => {
  const k = play(function* (kit) {
    const c = yield* sim(drv.devm_drm_dev_alloc(null as never, driverOf(kit), card, 'drm'))
    expect(IS_ERR(c)).toBe(true)
  })
  expect(k.kinds).toEqual(['warn.drm-no-parent'])
})

test('calls: unknown ones are -EINVAL, foreign ones -ENOTTY, and the core greets on registering', () => {
  const k = play(function* (kit) {
    yield* cardOn(kit)
    const fd = yield* openCard()
    yield* sim(ioctl(fd, 0x6441, 0))
    expect(errno()).toBe(EINVAL)
    yield* sim(ioctl(fd, 0x1240, 0))
    expect(errno()).toBe(25)
  })
  expect(k.dmesg).toContain('[drm] Initialized demo 1.2.3 for demo0 on minor 0')
})
