import { expect, test } from 'vitest'
import type { Machine } from '../../../src-sim/engine/machine'
import type { Sim } from '../../../src-sim/engine/suspend'
import { configureKernel } from '../../../src-sim/kernel/base/config'
import { sysfs } from '../../../src-sim/kernel/base/sysfs'
import { uevents } from '../../../src-sim/kernel/base/uevent'
import * as d from '../../../src-sim/linux/device'
import { msleep } from '../../../src-sim/linux/delay'
import { EEXIST, EINVAL } from '../../../src-sim/linux/errno'
import * as ko from '../../../src-sim/linux/kobject'
import { kref_read } from '../../../src-sim/linux/kref'
import { sim } from '../../sim/harness'
import { play, type Kit } from './kit'

const loud = (kit: Kit): ko.kobj_type => ({ release: (kobj) => kit.say(`release ${kobj.name}`) })

function* added(kit: Kit, name: string, parent: ko.kobject | null = null): Sim<ko.kobject> {
  const kobj = new ko.kobject()
  expect(yield* sim(ko.kobject_init_and_add(kobj, loud(kit), parent, name))).toBe(0)
  return kobj
}

const inSysfs = (m: Machine, path: string): boolean => sysfs(m).lookup(path) !== null

test('DM-07: a put too many saturates the count, and release does not run again', () => {
  const k = play(function* (kit) {
    const kobj = yield* added(kit, 'x')
    for (let i = 0; i < 3; i++) yield* sim(ko.kobject_put(kobj))
    expect(kref_read(kobj.kref) >>> 0).toBe(0xc0000000)
  })
  expect(k.log).toEqual(['release x'])
  expect(k.dmesg.filter((l) => l.includes('refcount_t'))).toEqual([
    'refcount_t: underflow; use-after-free.',
  ])
})

test('DM-07: one put too many while another holds a reference releases early and silently', () => {
  const k = play(function* (kit) {
    const kobj = ko.kobject_get(yield* added(kit, 'x'))
    yield* sim(ko.kobject_put(kobj))
    yield* sim(ko.kobject_put(kobj))
    expect([kit.log, kit.kinds]).toEqual([['release x'], []])
    yield* sim(ko.kobject_put(kobj))
  })
  expect(k.kinds).toEqual(['refcount.underflow'])
})

test('DM-08: with delayed release the last put returns first, and a worker releases later', () => {
  const k = play(function* (kit) {
    configureKernel(kit.machine, { DEBUG_KOBJECT_RELEASE: true })
    const kobj = yield* added(kit, 'x')
    yield* sim(ko.kobject_put(kobj))
    kit.say('put')
    yield* sim(msleep(900))
    kit.say('0.9 s')
    yield* sim(msleep(3200))
  })
  expect(k.log).toEqual(['put', '0.9 s', 'release x'])
  const line = k.dmesg.find((l) => l.includes('kobject_release'))
  expect(line).toMatch(/^kobject: 'x' \(\w+\): kobject_release, parent \S+ \(delayed (250|500|750|1000)\)$/)
})

test('DM-09: at count 0 a kobject leaves sysfs and says remove before its release runs', () => {
  const k = play(function* (kit) {
    const kobj = new ko.kobject()
    const set = (yield* sim(ko.kset_create_and_add('set', null, null)))!
    kobj.kset = set
    const release = (): void => kit.say(`release in sysfs=${inSysfs(kit.machine, '/set/x')}`)
    yield* sim(ko.kobject_init_and_add(kobj, { release }, null, 'x'))
    ko.kobject_uevent(kobj, ko.KOBJ_ADD)
    yield* sim(ko.kobject_put(kobj))
    kit.say(uevents(kit.machine).sent.map((u) => u.action).join())
  })
  expect(k.log).toEqual(['release in sysfs=false', 'add,remove'])
})

test('DM-110: what cannot be added, with its message and error', () => {
  const k = play(function* (kit) {
    yield* added(kit, 'taken')
    const parent = yield* added(kit, 'parent')
    const add = function* (fmt: string, init = true): Sim<number> {
      const kobj = new ko.kobject()
      if (init) ko.kobject_init(kobj, loud(kit))
      return yield* sim(ko.kobject_add(kobj, null, fmt))
    }
    expect([yield* add(''), yield* add('x', false), yield* add('taken')]).toEqual([
      -EINVAL, -EINVAL, -EEXIST,
    ])
    const loser = new ko.kobject()
    yield* added(kit, 'child', parent)
    yield* sim(ko.kobject_init_and_add(loser, loud(kit), parent, 'child'))
    expect([kref_read(loser.kref), loser.state_in_sysfs, kref_read(parent.kref)]).toEqual([
      1, false, 2,
    ])
  })
  expect(k.kinds).toEqual([
    'warn.kobject-empty-name', 'kobject.not-initialised', 'sysfs.duplicate-name',
    'sysfs.duplicate-name',
  ])
  expect(k.dmesg.join('\n')).toMatch(/kobject: \(\w+\): attempted to be registered with empty name!/)
  expect(k.dmesg.join('\n')).toMatch(
    /kobject: kobject '\(null\)' \(\w+\): tried to add an uninitialized object, something is seriously wrong\./,
  )
  expect(k.dmesg).toContain(
    "kobject: kobject_add_internal failed for taken with -EEXIST, don't try to register things with the same name in the same directory.",
  )
})

test('DM-110: a put before init is a warning and an underflow, and releases nothing', () => {
  const k = play(function* (kit) {
    const kobj = new ko.kobject()
    kobj.ktype = loud(kit)
    yield* sim(ko.kobject_put(kobj))
  })
  expect([k.kinds, k.log]).toEqual([['warn.kobject-not-initialised', 'refcount.underflow'], []])
  expect(k.dmesg.join('\n')).toMatch(/is not initialized, yet kobject_put\(\) is being called\./)
})

test('DM-111: kobject_del gives the parent back, whose release runs right there', () => {
  const k = play(function* (kit) {
    const parent = yield* added(kit, 'parent')
    const child = yield* added(kit, 'child', parent)
    expect(kref_read(parent.kref)).toBe(2)
    yield* sim(ko.kobject_put(parent))
    expect([kref_read(parent.kref), inSysfs(kit.machine, '/parent')]).toEqual([1, true])
    kit.say('del')
    yield* sim(ko.kobject_del(child))
    kit.say(`deleted parent=${String(child.parent)}`)
    yield* sim(ko.kobject_put(child))
  })
  expect(k.log).toEqual(['del', 'release parent', 'deleted parent=null', 'release child'])
})

test('DM-111: the last put of a child that was not deleted: directory, release, then the parent', () => {
  const k = play(function* (kit) {
    const parent = yield* added(kit, 'parent')
    const child = yield* added(kit, 'child', parent)
    yield* sim(ko.kobject_put(parent))
    yield* sim(ko.kobject_put(child))
    expect(inSysfs(kit.machine, '/parent')).toBe(false)
  })
  expect(k.log).toEqual(['release child', 'release parent'])
})

test('DM-08: a device whose memory is freed at unregistering is caught by the delayed release', () => {
  const k = play(function* (kit) {
    configureKernel(kit.machine, { DEBUG_KOBJECT_RELEASE: true })
    yield* kit.start()
    const dev = yield* kit.add('a')
    yield* sim(d.device_unregister(dev))
    kit.say('unregistered')
    yield* sim(msleep(4500))
  })
  expect(k.log).toEqual(['unregistered', 'release a'])
})
