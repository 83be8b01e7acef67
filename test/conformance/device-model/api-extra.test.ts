import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import * as async from '../../../src-sim/linux/async'
import * as aux from '../../../src-sim/linux/auxiliary_bus'
import * as component from '../../../src-sim/linux/component'
import { DEFINE_MUTEX } from '../../../src-sim/linux/mutex'
import { msleep } from '../../../src-sim/linux/delay'
import * as d from '../../../src-sim/linux/device'
import { ptr } from '../../../src-sim/linux/types'
import * as fs from '../../../src-sim/linux/fs'
import { kthread_run } from '../../../src-sim/linux/kthread'
import { allow_signal, send_sig } from '../../../src-sim/linux/sched/signal'
import * as pm from '../../../src-sim/linux/pm_wakeup'
import * as reboot from '../../../src-sim/linux/reboot'
import { sysfs_break_active_protection, sysfs_unbreak_active_protection } from '../../../src-sim/linux/sysfs'
import * as scenario from '../../../src-sim/linux/klab/scenario'
import { dmesg, sim } from '../../sim/harness'
import { play } from './kit'

const gen = (body: (...args: never[]) => Sim<unknown>): never => body as never

test('DM-28: a walk over a class takes devices of a type, in order, from a start on', () => {
  const k = play(function* (kit) {
    const cls = yield* sim(d.class_create('walked'))
    const make = (name: string): Sim<d.device> => sim(d.device_create(cls, null, 0, null, name))
    const [a, b, c] = [yield* make('a'), yield* make('b'), yield* make('c')]
    const type: d.device_type = { name: 'odd' }
    a.type = c.type = type
    const names = function* (start: d.device | null, only: d.device_type | null): Sim<string> {
      const iter = new d.class_dev_iter()
      d.class_dev_iter_init(iter, cls, start, only)
      const found: string[] = []
      for (let dev = yield* sim(d.class_dev_iter_next(iter)); dev; dev = yield* sim(d.class_dev_iter_next(iter)))
        found.push(d.dev_name(dev))
      yield* sim(d.class_dev_iter_exit(iter))
      return found.join(' ')
    }
    kit.say(yield* names(null, null))
    kit.say(yield* names(null, type))
    kit.say(yield* names(a, null))
    const iter = new d.class_dev_iter()
    d.class_dev_iter_init(iter, cls, null, null)
    yield* sim(d.class_dev_iter_next(iter))
    yield* sim(d.device_unregister(a))
    kit.say(d.dev_name((yield* sim(d.class_dev_iter_next(iter)))!))
    yield* sim(d.class_dev_iter_exit(iter))
    for (const dev of [b, c]) yield* sim(d.device_unregister(dev))
  })
  expect(k.log).toEqual(['a b c', 'a c', 'b c', 'b'])
})

test('a subsystem has a root, and its interfaces hear of each device', () => {
  const k = play(function* (kit) {
    const bus = new d.bus_type({ name: 'subby', dev_name: 'subby' })
    expect(yield* sim(d.subsys_system_register(bus, null))).toBe(0)
    const dev = new d.device()
    dev.bus = bus
    dev.release = () => {}
    expect(yield* sim(d.device_register(dev))).toBe(0)
    kit.say(dev.kobj.$directory!.path)
    const sif = new d.subsys_interface({
      name: 'sif', subsys: bus,
      add_dev: (one) => (kit.say(`add ${d.dev_name(one)}`), 0),
      remove_dev: (one) => kit.say(`remove ${d.dev_name(one)}`),
    })
    expect(yield* sim(d.subsys_interface_register(sif))).toBe(0)
    const later = new d.device()
    later.bus = bus
    later.id = 1
    later.release = () => {}
    yield* sim(d.device_register(later))
    yield* sim(d.device_unregister(later))
    yield* sim(d.subsys_interface_unregister(sif))
    yield* sim(d.device_unregister(dev))
    yield* sim(d.bus_unregister(bus))
    expect(yield* sim(d.subsys_interface_register(new d.subsys_interface()))).toBe(-19)
  })
  expect(k.log).toEqual([
    '/devices/system/subby/subby0', 'add subby0', 'add subby1', 'remove subby1', 'remove subby0',
  ])
})

test('a device goes out of use when its bus can do that and nothing below it is in use', () => {
  const k = play(function* (kit) {
    kit.bus.online = (dev) => (kit.say(`online ${d.dev_name(dev)}`), 0)
    kit.bus.offline = (dev) => (kit.say(`offline ${d.dev_name(dev)}`), 0)
    yield* kit.start()
    const parent = yield* kit.add('top')
    const child = yield* kit.add('low', { parent })
    const fixed = yield* kit.add('fixed', { offline_disabled: true })
    const path = `/sys${child.kobj.$directory!.path}/online`
    expect(yield* sim(d.device_offline(parent))).toBe(-16)
    expect(yield* sim(d.device_offline(fixed))).toBe(-1)
    expect(yield* sim(scenario.cat(path))).toBe('1\n')
    expect(yield* sim(scenario.echo(path, '0'))).toBe(1)
    expect(yield* sim(scenario.cat(path))).toBe('0\n')
    expect(yield* sim(d.device_offline(child))).toBe(1)
    expect(yield* sim(d.device_offline(parent))).toBe(0)
    expect(yield* sim(d.device_online(child))).toBe(0)
    expect(yield* sim(d.device_online(child))).toBe(1)
    expect(yield* sim(scenario.echo(path, 'x'))).toBe(-22)
    for (const dev of [child, parent, fixed]) yield* sim(d.device_unregister(dev))
  })
  expect(k.log.slice(0, 3)).toEqual(['offline low', 'offline top', 'online low'])
})

test('device_lock_interruptible ends with a signal', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const dev = yield* kit.add('one')
    yield* sim(d.device_lock(dev))
    const task = yield* sim(kthread_run(gen(function* () {
      allow_signal(10)
      kit.say(`${yield* sim(d.device_lock_interruptible(dev))}`)
      return 0
    }), null, 't'))
    yield* sim(msleep(1))
    send_sig(10, task, 0)
    yield* sim(msleep(1))
    d.device_unlock(dev)
    kit.say(`${yield* sim(d.device_lock_interruptible(dev))}`)
    d.device_unlock(dev)
    yield* sim(d.device_unregister(dev))
  })
  expect(k.log.slice(0, 2)).toEqual(['-4', '0'])
})

test('reboot notifiers are called by priority, then devices are shut down', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const drv = kit.driver('one', { shutdown: (() => kit.say('shutdown')) as never })
    yield* sim(d.driver_register(drv))
    yield* kit.add('one0')
    const nb = (name: string, priority: number) =>
      new reboot.notifier_block({ priority, notifier_call: (_nb, code, cmd) => (kit.say(`${name} ${code} ${cmd}`), 0) })
    const [low, high, gone] = [nb('low', 0), nb('high', 5), nb('gone', 9)]
    for (const one of [low, high, gone]) expect(reboot.register_reboot_notifier(one)).toBe(0)
    expect(yield* sim(reboot.unregister_reboot_notifier(gone))).toBe(0)
    expect(yield* sim(reboot.unregister_reboot_notifier(gone))).toBe(-2)
    kit.log.length = 0
    yield* sim(reboot.kernel_restart('now'))
  })
  expect(k.log).toEqual(['high 1 now', 'low 1 now', 'shutdown'])
  expect(dmesg(k.machine).at(-1)).toBe("reboot: Restarting system with command 'now'")
})

test('parts of a device with numbers are only matched by typed entries', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const [m, c] = [yield* kit.add('m'), yield* kit.add('c')]
    const match = ptr<component.component_match | null>(null)
    component.component_match_add_typed(m, match, (dev, sub, data) => dev === c && sub === data, 2)
    const ops = (name: string): component.component_ops => ({ bind: () => (kit.say(name), 0) })
    const master = { bind: (dev: d.device) => sim(component.component_bind_all(dev, null)) } as never
    expect(yield* sim(component.component_master_add_with_match(m, master, match.value!))).toBe(0)
    expect(yield* sim(component.component_add_typed(c, ops('zero'), 0))).toBe(-22)
    yield* sim(component.component_add(c, ops('plain')))
    yield* sim(component.component_add_typed(c, ops('one'), 1))
    expect(kit.log).toEqual([])
    yield* sim(component.component_add_typed(c, ops('two'), 2))
    const later = gen(function* (dev: d.device) {
      kit.say(d.dev_name(dev))
    })
    expect(yield* sim(async.async_schedule_dev(later, c))).toBe(1)
    yield* sim(async.async_synchronize_full())
  })
  expect(k.log.slice(0, 2)).toEqual(['two', 'c'])
})

test('managed parts, per-CPU memory and mutexes end with the driver', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const lock = DEFINE_MUTEX('lock')
    const drv = kit.driver('one', {
      probe: function* (dev: d.device) {
        const part = yield* sim(aux.__devm_auxiliary_device_create(dev, 'mod', 'part', null, 3))
        kit.say(d.dev_name(part!.dev))
        kit.say(`${d.devm_alloc_percpu(dev, class { n = 0 }) !== null} ${d.devm_mutex_init(dev, lock)}`)
        return 0
      },
    })
    yield* sim(d.driver_register(drv))
    const dev = yield* kit.add('one0')
    kit.say(`${(yield* sim(aux.auxiliary_find_device(null, null, () => 1))) !== null}`)
    yield* sim(d.driver_unregister(drv))
    kit.say(`${yield* sim(aux.auxiliary_find_device(null, null, () => 1))}`)
    yield* sim(d.device_unregister(dev))
  })
  expect(k.log.filter((line) => /mod|true|null/.test(line))).toEqual(['mod.part.3', 'true 0', 'true', 'null'])
})

test('wakeup: able, then asked to', () => {
  play(function* (kit) {
    yield* kit.start()
    const dev = yield* kit.add('one')
    expect(pm.device_wakeup_enable(dev)).toBe(-22)
    expect(pm.device_init_wakeup(dev, true)).toBe(0)
    expect(pm.device_wakeup_enable(dev)).toBe(-17)
    pm.pm_wakeup_event(dev, 5)
    expect(dev.power.wakeup!.active).toBe(true)
    yield* sim(msleep(10))
    expect(dev.power.wakeup).toMatchObject({ active: false, event_count: 1, active_count: 1 })
    pm.device_set_wakeup_enable(dev, false)
    expect([pm.device_may_wakeup(dev), pm.device_can_wakeup(dev)]).toEqual([false, true])
  })
})

test('DM-53: an attribute removes itself when its own use does not count', () => {
  const k = play(function* (kit) {
    yield* kit.start()
    const dev = yield* kit.add('one')
    const attr: d.device_attribute = d.DEVICE_ATTR_WO('gone', gen(function* (own: d.device) {
      const kn = sysfs_break_active_protection(own.kobj, attr.attr)
      yield* sim(d.device_remove_file(own, attr))
      sysfs_unbreak_active_protection(kn!)
      kit.say('removed')
      return 1
    }))
    d.device_create_file(dev, attr)
    const path = `/sys${dev.kobj.$directory!.path}/gone`
    expect(yield* sim(scenario.echo(path, '1'))).toBe(1)
    expect(yield* sim(scenario.echo(path, '1'))).toBe(-2)
  })
  expect(k.log[0]).toBe('removed')
})

test('the kernel opens, reads and closes files itself', () => {
  play(function* (kit) {
    const missing = yield* sim(fs.filp_open('/dev/none', fs.O_RDONLY, 0))
    expect(fs.PTR_ERR(missing)).toBe(-2)
    yield* kit.start()
    const path = '/sys/bus/kitbus/drivers_autoprobe'
    const f = yield* sim(fs.filp_open(path, fs.O_RDONLY, 0))
    const buf = new Uint8Array(9)
    const pos = ptr(0)
    expect(yield* sim(fs.kernel_read(f, buf, 9, pos))).toBe(2)
    expect([buf[0], pos.value, f.f_pos]).toEqual([0x31, 2, 0])
    expect(yield* sim(fs.kernel_write(f, buf, 1, pos))).toBe(-9)
    expect(yield* sim(fs.filp_close(f, null))).toBe(0)
  })
})
