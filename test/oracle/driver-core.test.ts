import type { Sim } from '../../src-sim/engine/suspend'
import { machine } from '../../src-sim/engine/current'
import { workqueues } from '../../src-sim/kernel/workqueue/workqueues'
import { currentTask } from '../../src-sim/engine/current'
import { container_of } from '../../src-sim/linux/container_of'
import { msleep } from '../../src-sim/linux/delay'
import * as d from '../../src-sim/linux/device'
import { ENODEV, ENXIO, EINVAL } from '../../src-sim/linux/errno'
import { kref_read } from '../../src-sim/linux/kref'
import { GFP_KERNEL, kfree, kzalloc } from '../../src-sim/linux/slab'
import { sim } from '../sim/harness'
import { moduleProbe, writeFile, type Klab } from './device-harness'

/** The little bus of the probes: a driver's name is a prefix of its devices' names. */
class KlabBus {
  quiet = true
  readonly klab: Klab
  readonly bus: d.bus_type

  constructor(klab: Klab) {
    this.klab = klab
    this.bus = new d.bus_type({
      name: 'klabbus',
      match: (dev, drv) => {
        const m = d.dev_name(dev).startsWith(drv.name) || d.dev_name(dev).startsWith('any') ? 1 : 0
        if (!this.quiet) klab('match', 'dev=%s drv=%s ret=%d', d.dev_name(dev), drv.name, m)
        return m
      },
    })
  }

  *register(): Sim {
    this.klab('bus', 'register=%d', yield* sim(d.bus_register(this.bus)))
  }

  create(name: string | null, parent: d.device | null = null): d.device {
    const k = kzalloc(kb_dev, GFP_KERNEL)!
    d.device_initialize(k.dev)
    k.dev.bus = this.bus
    k.dev.parent = parent
    k.dev.release = this.release
    if (name !== null) d.dev_set_name(k.dev, '%s', name)
    return k.dev
  }

  release = (dev: d.device): void => {
    this.klab('release', 'dev=%s', d.dev_name(dev))
    kfree(container_of(dev, kb_dev, 'dev'))
  };

  *add(name: string): Sim<d.device> {
    const dev = this.create(name)
    const r = yield* sim(d.device_add(dev))
    this.klab('device_add', 'dev=%s ret=%d bound=%d', name, r, dev.driver ? 1 : 0)
    return dev
  }

  driver(name: string, probe: (dev: d.device) => unknown, more: object = {}): d.device_driver {
    const remove = (dev: d.device): void =>
      this.klab('remove', 'dev=%s driver_set=%d', d.dev_name(dev), dev.driver ? 1 : 0)
    return new d.device_driver({
      name,
      bus: this.bus,
      probe: probe as () => number,
      remove,
      ...more,
    })
  }

  action = (what: string): void => this.klab('devres', 'action=%s', what)

  logged = (dev: d.device): number => {
    this.klab('probe', 'dev=%s drv=%s', d.dev_name(dev), dev.driver!.name)
    return 0
  }
}

class kb_dev {
  dev = new d.device()
}

const bound = (dev: d.device): number => (dev.driver ? 1 : 0)

moduleProbe('drv-match-order', {
  *init(klab) {
    const kb = new KlabBus(klab)
    kb.quiet = false
    yield* kb.register()
    for (const name of ['bb1', 'aa1', 'aa2']) yield* kb.add(name)
    for (const name of ['aa', 'bb'])
      klab(
        'driver_register',
        `${name}=%d`,
        yield* sim(d.driver_register(kb.driver(name, kb.logged))),
      )
    yield* kb.add('any1')
    yield* kb.add('cc1')
  },
})

moduleProbe('drv-probe-enodev', {
  *init(klab) {
    const kb = new KlabBus(klab)
    let err = 0
    yield* kb.register()
    const failing = kb.driver('any', (dev) => (kb.logged(dev), err))
    klab('driver_register', 'any=%d', yield* sim(d.driver_register(failing)))
    klab('driver_register', 'anyb=%d', yield* sim(d.driver_register(kb.driver('anyb', kb.logged))))
    for (const [name, e] of [
      ['any1', -ENODEV],
      ['any2', -ENXIO],
      ['any3', -EINVAL],
      ['any4', 5],
    ] as const) {
      err = e
      yield* kb.add(name)
    }
  },
})

moduleProbe('drv-register-fail', {
  *init(klab) {
    const kb = new KlabBus(klab)
    yield* kb.register()
    yield* kb.add('aa1')
    const dev = yield* kb.add('aa1')
    klab('failed', 'refs=%u registered=%d', kref_read(dev.kobj.kref), d.device_is_registered(dev))
    yield* sim(d.put_device(dev))
    const k = kzalloc(kb_dev, GFP_KERNEL)!
    k.dev.release = kb.release
    klab('register', 'no_name=%d', yield* sim(d.device_register(k.dev)))
    klab('failed', 'refs=%u', kref_read(k.dev.kobj.kref))
  },
})

moduleProbe('drv-get-after-del', {
  *init(klab) {
    const kb = new KlabBus(klab)
    yield* kb.register()
    const dev = yield* kb.add('aa1')
    klab('refs', 'added=%u', kref_read(dev.kobj.kref))
    yield* sim(d.device_del(dev))
    klab('refs', 'deleted=%u registered=%d', kref_read(dev.kobj.kref), d.device_is_registered(dev))
    const e = d.get_device(dev)
    klab('get', 'same=%d refs=%u', e === dev, kref_read(dev.kobj.kref))
    yield* sim(d.put_device(e))
    klab('put', 'last_next=1')
    yield* sim(d.put_device(dev))
    klab('get', 'null=%d', d.get_device(null) === null)
  },
})

moduleProbe('drv-driver-unregister', {
  *init(klab) {
    const kb = new KlabBus(klab)
    yield* kb.register()
    const drv = kb.driver('aa', (dev) => {
      d.devm_add_action(dev, kb.action, d.dev_name(dev))
      return kb.logged(dev)
    })
    klab('driver_register', 'aa=%d', yield* sim(d.driver_register(drv)))
    const devs: d.device[] = []
    for (const name of ['aa1', 'aa2', 'aa3']) devs.push(yield* kb.add(name))
    yield* sim(d.driver_unregister(drv))
    klab('unregistered', 'bound=%d%d%d', ...devs.map(bound))
    klab('driver_register', 'again=%d', yield* sim(d.driver_register(drv)))
    klab('driver_register', 'twice=%d', yield* sim(d.driver_register(drv)))
  },
})

moduleProbe('drv-devm-action', {
  *init(klab) {
    const kb = new KlabBus(klab)
    yield* kb.register()
    const added = (dev: d.device, what: string): number =>
      d.devm_is_action_added(dev, kb.action, what) ? 1 : 0
    const drv = kb.driver('aa', function* (dev: d.device): Sim<number> {
      kb.logged(dev)
      for (const what of ['a', 'b', 'c', 'a']) d.devm_add_action(dev, kb.action, what)
      klab('added', 'a=%d z=%d', added(dev, 'a'), added(dev, 'z'))
      d.devm_remove_action(dev, kb.action, 'b')
      klab('removed', 'b_added=%d', added(dev, 'b'))
      yield* sim(d.devm_release_action(dev, kb.action, 'a'))
      klab('released', 'a_added=%d', added(dev, 'a'))
      klab('remove_nowarn', 'b=%d', d.devm_remove_action_nowarn(dev, kb.action, 'b'))
      d.devm_remove_action(dev, kb.action, 'b')
      klab('remove_missing', 'returned=1')
      yield* sim(d.devm_release_action(dev, kb.action, 'b'))
      klab('release_missing', 'returned=1')
      return 0
    })
    klab('driver_register', 'aa=%d', yield* sim(d.driver_register(drv)))
    yield* sim(d.device_unregister(yield* kb.add('aa1')))
  },
})

moduleProbe('drv-devm-unbound', {
  *init(klab) {
    const kb = new KlabBus(klab)
    yield* kb.register()
    let dev = yield* kb.add('zz1')
    klab('add_action', 'unbound=%d', d.devm_add_action(dev, kb.action, 'zz1'))
    yield* sim(d.device_unregister(dev))
    dev = yield* kb.add('aa1')
    klab('add_action', 'unbound=%d', d.devm_add_action(dev, kb.action, 'aa1'))
    klab('driver_register', 'aa=%d', yield* sim(d.driver_register(kb.driver('aa', kb.logged))))
    klab('state', 'bound=%d', bound(dev))
    yield* sim(d.device_unregister(dev))
  },
})

moduleProbe('drv-bus-unregister-order', {
  *init(klab) {
    const kb = new KlabBus(klab)
    yield* kb.register()
    yield* sim(d.driver_register(kb.driver('aa', kb.logged)))
    const p = yield* kb.add('aa_parent')
    const c = kb.create('aa_child', p)
    const r = yield* sim(d.device_add(c))
    klab('device_add', 'child=%d parent_refs_grew=%d', r, kref_read(p.kobj.kref) > 1)
    yield* sim(d.device_unregister(p))
    klab(
      'parent',
      'unregistered=1 child_bound=%d child_registered=%d',
      bound(c),
      d.device_is_registered(c),
    )
    yield* sim(d.device_unregister(c))
    klab('child', 'unregistered=1')
  },
})

moduleProbe('drv-link-unbind', {
  *init(klab) {
    const kb = new KlabBus(klab)
    yield* kb.register()
    const s = yield* kb.add('aa_supplier')
    const c = yield* kb.add('aa_consumer')
    const l = (yield* sim(d.device_link_add(c, s, 0)))!
    klab('link', 'ok=%d status=%d', 1, l.status)
    const drv = kb.driver('aa', function* (dev: d.device): Sim<number> {
      const worker = workqueues(machine()).workerOf.has(currentTask()!)
      if (worker) yield* sim(msleep(200))
      d.devm_add_action(dev, kb.action, d.dev_name(dev))
      klab('probe', 'dev=%s from_deferred_work=%d', d.dev_name(dev), worker)
      return 0
    })
    const state = (): void =>
      klab('state', 'supplier=%d consumer=%d link=%d', bound(s), bound(c), l.status)
    klab('driver_register', 'aa=%d', yield* sim(d.driver_register(drv)))
    yield* sim(msleep(800))
    state()
    yield* sim(d.device_release_driver(s))
    state()
    klab('attach_consumer', 'ret=%d', yield* sim(d.device_attach(c)))
    yield* sim(msleep(200))
    klab('attach_supplier', 'ret=%d', yield* sim(d.device_attach(s)))
    yield* sim(msleep(800))
    state()
  },
})

moduleProbe('drv-async-probe', {
  *init(klab) {
    const kb = new KlabBus(klab)
    yield* kb.register()
    const drv = kb.driver(
      'aa',
      function* (dev: d.device): Sim<number> {
        yield* sim(msleep(150))
        klab(
          'probe',
          'dev=%s in_registering_task=%d',
          d.dev_name(dev),
          currentTask()!.comm === 'insmod',
        )
        return 0
      },
      { probe_type: d.PROBE_PREFER_ASYNCHRONOUS },
    )
    const d1 = yield* kb.add('aa1')
    const r = yield* sim(d.driver_register(drv))
    klab('driver_register', 'aa=%d bound=%d', r, d.device_is_bound(d1))
    yield* sim(d.wait_for_device_probe())
    klab('waited', 'bound=%d', d.device_is_bound(d1))
    const d2 = kb.create('aa2')
    const added = yield* sim(d.device_add(d2))
    klab('device_add', 'ret=%d bound=%d', added, d.device_is_bound(d2))
    yield* sim(d.wait_for_device_probe())
    klab('waited', 'bound=%d', d.device_is_bound(d2))
  },
})

moduleProbe('drv-sysfs-bind', {
  *init(klab) {
    const kb = new KlabBus(klab)
    yield* kb.register()
    const probe = (dev: d.device): number => {
      d.devm_add_action(dev, kb.action, 'devm')
      return kb.logged(dev)
    }
    klab('driver_register', 'aa=%d', yield* sim(d.driver_register(kb.driver('aa', probe))))
    klab('driver_register', 'bb=%d', yield* sim(d.driver_register(kb.driver('bb', probe))))
    yield* kb.add('aa1')
  },
  *user(klab) {
    const at = (path: string): string => `/sys/bus/klabbus/${path}`
    yield* writeFile(klab, at('drivers/aa/unbind'), 'aa1')
    yield* writeFile(klab, at('drivers/aa/unbind'), 'aa1')
    yield* writeFile(klab, at('drivers/aa/bind'), 'aa1')
    yield* writeFile(klab, at('drivers/aa/bind'), 'aa1')
    yield* writeFile(klab, at('drivers/aa/bind'), 'nosuch')
    yield* writeFile(klab, at('drivers/bb/bind'), 'aa1')
    yield* writeFile(klab, at('drivers/aa/unbind'), 'aa1')
    yield* writeFile(klab, at('drivers/bb/bind'), 'aa1')
    yield* writeFile(klab, at('drivers_probe'), 'aa1')
  },
})
