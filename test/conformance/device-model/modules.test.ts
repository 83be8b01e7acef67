import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { modules, type module } from '../../../src-sim/kernel/base/module'
import { sysfs } from '../../../src-sim/kernel/base/sysfs'
import { getKobject, putKobject } from '../../../src-sim/kernel/base/kobject'
import { memoryAccess } from '../../../src-sim/kernel/mm/watch'
import * as d from '../../../src-sim/linux/device'
import { EAGAIN, EBUSY, EEXIST, ENOENT } from '../../../src-sim/linux/errno'
import { msleep } from '../../../src-sim/linux/delay'
import { cat, echo, insmod, rmmod } from '../../../src-sim/linux/klab/scenario'
import {
  MISC_DYNAMIC_MINOR,
  miscdevice,
  misc_deregister,
  misc_register,
} from '../../../src-sim/linux/miscdevice'
import * as mod from '../../../src-sim/linux/module'
import * as nf from '../../../src-sim/linux/notifier'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { own_device, play, type Kit } from './kit'

const find = (k: Kit, name: string): module => modules(k.machine).loaded.get(name)!
const plain =
  (init: () => unknown = () => 0, exit: () => unknown = () => {}) =>
  (): void => {
    mod.module_init(init as () => number)
    mod.module_exit(exit as () => void)
  }

test('DM-55: the count is 1 inside init, 0 when idle, -1 inside exit', () => {
  const k = play(function* (kit) {
    const see = (): number => (
      kit.say(`${mod.module_refcount(find(kit, 'm'))} ${find(kit, 'm').state}`),
      0
    )
    kit.provide({ m: plain(see, see) })
    yield* sim(insmod('m'))
    see()
    yield* sim(rmmod('m'))
  })
  expect(k.log).toEqual(['1 COMING', '0 LIVE', '-1 GOING'])
})

test('DM-56: pinning works while init runs, not while exit does', () => {
  const k = play(function* (kit) {
    const init = (): number => {
      kit.say(`init ${mod.try_module_get(find(kit, 'm'))}`)
      mod.module_put(find(kit, 'm'))
      return 0
    }
    kit.provide({ m: plain(init, () => kit.say(`exit ${mod.try_module_get(find(kit, 'm'))}`)) })
    yield* sim(insmod('m'))
    yield* sim(rmmod('m'))
    expect(mod.try_module_get(null)).toBe(true)
  })
  expect(k.log).toEqual(['init true', 'exit false'])
})

test('DM-57: one put too many is a warning', () => {
  const k = play(function* (kit) {
    kit.provide({ m: plain() })
    yield* sim(insmod('m'))
    const m = find(kit, 'm')
    mod.module_put(m)
    mod.module_put(m)
  })
  expect(k.kinds).toEqual(['warn.module-put'])
})

test('DM-58: what refuses the unloading, in order', () => {
  play(function* (kit) {
    kit.provide({ m: plain(), permanent: () => mod.module_init(() => 0) })
    expect(yield* sim(rmmod('m'))).toBe(-ENOENT)
    yield* sim(insmod('m'))
    yield* sim(insmod('permanent'))
    mod.__module_get(find(kit, 'm'))
    expect(yield* sim(rmmod('m'))).toBe(-EAGAIN)
    expect(find(kit, 'm').state).toBe('LIVE')
    expect(yield* sim(rmmod('permanent'))).toBe(-EBUSY)
    mod.module_put(find(kit, 'm'))
    expect(yield* sim(rmmod('m'))).toBe(0)
  })
})

test('DM-58: a module whose symbols are used stays', () => {
  play(function* (kit) {
    function exported(): number {
      return 5
    }
    kit.provide({ a: () => (plain()(), mod.EXPORT_SYMBOL(exported)) })
    yield* sim(insmod('a'))
    expect((yield* sim(mod.symbol_get<() => number>('exported')))!()).toBe(5)
    expect(yield* sim(rmmod('a'))).toBe(-EAGAIN)
    mod.symbol_put('exported')
    expect(yield* sim(rmmod('a'))).toBe(0)
  })
})

test('DM-59: going, exit, notifiers, then the text and the static data are gone', () => {
  const k = play(function* (kit) {
    let data: own_device | null = null
    kit.provide({
      m: () => {
        data = memoryAccess(kit.machine).made(new own_device())
        plain(undefined, () => kit.say('exit'))()
      },
    })
    mod.register_module_notifier(
      new nf.notifier_block({ notifier_call: (_nb, action) => (kit.say(`state ${action}`), 0) }),
    )
    yield* sim(insmod('m'))
    expect((data! as { $dead?: unknown }).$dead).toBe(undefined)
    yield* sim(rmmod('m'))
    expect([(data! as { $dead?: unknown }).$dead !== undefined, modules(kit.machine).isLoaded('m')]).toEqual([true, false])
  })
  expect(k.log).toEqual(['state 1', 'state 0', 'exit', 'state 2'])
})

test("DM-60: a holder of the module's kobject keeps rmmod waiting", () => {
  const k = play(function* (kit) {
    kit.provide({ m: plain() })
    yield* sim(insmod('m'))
    const { kobj } = find(kit, 'm').$set!
    getKobject(kobj)
    const child = yield* sim(
      libc.fork(function* (): Sim {
        yield* sim(rmmod('m'))
        kit.say('gone')
      } as never),
    )
    yield* sim(msleep(20))
    kit.say(find(kit, 'm').state)
    yield* putKobject(kobj)
    yield* sim(libc.waitpid(child))
  })
  expect(k.log).toEqual(['GOING', 'gone'])
})

test('DM-61: force works only where it is configured', () => {
  play(function* (kit) {
    kit.provide({ m: plain() })
    yield* sim(insmod('m'))
    mod.__module_get(find(kit, 'm'))
    expect(yield* sim(libc.delete_module('m', 0o1000))).toBe(-1)
    modules(kit.machine).forceUnload = true
    expect(yield* sim(libc.delete_module('m', 0o1000))).toBe(0)
  })
})

test('DM-62: a bound driver does not pin its module: unloading unbinds', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const drv = kit.driver('a')
    kit.provide({
      m: plain(
        () => {
          drv.owner = find(kit, 'm')
          return d.driver_register(drv)
        },
        () => d.driver_unregister(drv),
      ),
    })
    const dev = yield* kit.add('a')
    yield* sim(insmod('m'))
    expect([d.device_is_bound(dev), mod.module_refcount(find(kit, 'm'))]).toEqual([true, 0])
    expect(yield* sim(rmmod('m'))).toBe(0)
    expect(dev.driver).toBe(null)
  })
  expect(k.log).toEqual(['probe a', 'remove a'])
})

test('DM-65: notifiers: absent, twice, and removal waits for a running callback', () => {
  const k = play(function* (kit) {
    const head = new nf.blocking_notifier_head()
    const nb = new nf.notifier_block({
      notifier_call: function* (): Sim<number> {
        yield* sim(msleep(10))
        kit.say('called')
        return 0
      } as never,
    })
    expect(yield* sim(nf.blocking_notifier_chain_unregister(head, nb))).toBe(-ENOENT)
    expect(yield* sim(nf.blocking_notifier_chain_register(head, nb))).toBe(0)
    expect(yield* sim(nf.blocking_notifier_chain_register(head, nb))).toBe(-EEXIST)
    const child = yield* sim(
      libc.fork(function* (): Sim {
        yield* sim(nf.blocking_notifier_call_chain(head, 1, null))
      } as never),
    )
    yield* sim(msleep(2))
    yield* sim(nf.blocking_notifier_chain_unregister(head, nb))
    kit.say('unregistered')
    yield* sim(libc.waitpid(child))
  })
  expect(k.log).toEqual(['called', 'unregistered'])
  expect(k.kinds).toEqual(['warn.notifier-twice'])
})

test('DM-68: a failed init frees the module without exit; a positive one loads with a warning', () => {
  const k = play(function* (kit) {
    kit.provide({
      bad: plain(
        () => -5,
        () => kit.say('exit'),
      ),
      odd: plain(() => 7),
      there: plain(() => -EEXIST),
    })
    expect(yield* sim(insmod('bad'))).toBe(-5)
    expect(modules(kit.machine).isLoaded('bad')).toBe(false)
    expect(yield* sim(insmod('there'))).toBe(-EBUSY)
    expect(yield* sim(insmod('odd'))).toBe(0)
  })
  expect(k.log).toEqual([])
  expect(k.dmesg).toContain('odd: init suspiciously returned 7, it should follow 0/-E convention')
})

test('DM-69: loading what is loaded, coming and going', () => {
  play(function* (kit) {
    const results: number[] = []
    kit.provide({
      m: plain(
        function* (): Sim<number> {
          yield* sim(msleep(10))
          return 0
        },
        function* (): Sim {
          results.push(yield* sim(insmod('m')))
        },
      ),
    })
    const child = yield* sim(
      libc.fork(function* (): Sim {
        yield* sim(insmod('m'))
      } as never),
    )
    yield* sim(msleep(2))
    results.push(yield* sim(insmod('m')))
    results.push(yield* sim(insmod('m')))
    yield* sim(libc.waitpid(child))
    yield* sim(rmmod('m'))
    expect(results).toEqual([-EEXIST, -EEXIST, -EBUSY])
  })
})

test('module parameters are set at loading and through sysfs', () => {
  play(function* (kit) {
    let level = { value: 0 }
    kit.provide({
      m: () => {
        level = mod.module_param('level', 3, 0o644)
        plain()()
      },
    })
    yield* sim(insmod('m', 'level=7'))
    expect(level.value).toBe(7)
    expect(yield* sim(cat('/sys/module/m/parameters/level'))).toBe('7\n')
    yield* sim(echo('/sys/module/m/parameters/level', '9'))
    expect(level.value).toBe(9)
    expect(yield* sim(cat('/sys/module/m/initstate'))).toBe('live\n')
    yield* sim(rmmod('m'))
    expect(sysfs(kit.machine).lookup('/module/m')).toBe(null)
  })
})

test('DM-63, DM-78, DM-79: an open file with an owner refuses rmmod; without one it does not', () => {
  for (const owned of [true, false])
    play(function* (kit) {
      const md = new miscdevice({ name: 'box', minor: MISC_DYNAMIC_MINOR })
      kit.provide({
        m: plain(
          () => {
            md.fops = { owner: owned ? find(kit, 'm') : null }
            return misc_register(md)
          },
          () => misc_deregister(md),
        ),
      })
      yield* sim(insmod('m'))
      const fd = yield* sim(libc.open('/dev/box', libc.O_RDWR))
      expect(fd).toBeGreaterThan(0)
      expect(mod.module_refcount(find(kit, 'm'))).toBe(owned ? 1 : 0)
      expect(yield* sim(rmmod('m'))).toBe(owned ? -EAGAIN : 0)
      yield* sim(libc.close(fd))
      if (owned) expect(yield* sim(rmmod('m'))).toBe(0)
    })
})
