import { expect, test } from 'vitest'
import { attachKcsan, type KcsanOptions } from '../../../src-sim/checkers/kcsan'
import { machine, now } from '../../../src-sim/engine/current'
import { point, type Sim } from '../../../src-sim/engine/suspend'
import { memoryAccess } from '../../../src-sim/kernel/mm/watch'
import { atomic_inc_return, atomic_t } from '../../../src-sim/linux/atomic'
import * as b from '../../../src-sim/linux/barrier'
import { READ_ONCE, WRITE_ONCE } from '../../../src-sim/linux/compiler'
import * as c from '../../../src-sim/linux/completion'
import { msleep } from '../../../src-sim/linux/delay'
import { device, device_driver, device_initialize } from '../../../src-sim/linux/device'
import * as k from '../../../src-sim/linux/kthread'
import * as m from '../../../src-sim/linux/mutex'
import * as pm from '../../../src-sim/linux/pm_runtime'
import * as r from '../../../src-sim/linux/rcupdate'
import { wake_up_process } from '../../../src-sim/linux/sched'
import * as wq from '../../../src-sim/linux/workqueue'
import { boot, dmesg, kinds, sim } from '../harness'

class dev {
  x = 0
  ready = 0
}

/** A plain access, as compiled code announces it. */
function plain(object: object, field: string, write: boolean): void {
  memoryAccess(machine()).access(object, field, write)
}
const step = (): ReturnType<typeof point> => point(step, null)

function watched(main: () => Sim<unknown>, options: KcsanOptions = {}) {
  const mach = boot(main)
  mach.inside(() => attachKcsan(mach, options))
  mach.run()
  return mach
}
const go = (f: () => Sim<number>): void => {
  wake_up_process(k.kthread_create(f as never, null, 't'))
}

test('a plain write and a plain read without order race, whichever came first', () => {
  for (const first of [0, 4]) {
    const mach = watched(function* () {
      const d = new dev()
      go(function* () {
        yield* sim(msleep(first))
        plain(d, 'x', true)
        return 0
      })
      yield* sim(msleep(2))
      plain(d, 'x', false)
      yield* sim(msleep(10))
    })
    expect(kinds(mach)).toEqual(['race.data'])
    const text = dmesg(mach).join('\n')
    expect(text).toContain('BUG: KCSAN: data-race in ')
    expect(text).toMatch(/write to 0x[0-9a-f]{16} of 8 bytes by task 2 on cpu \d:/)
    expect(text).toContain('Reported by Kernel Concurrency Sanitizer on:')
  }
})

test('two plain writes race only when strict', () => {
  const both = function* (): Sim {
    const d = new dev()
    go(function* () {
      plain(d, 'x', true)
      yield step()
      return 0
    })
    plain(d, 'x', true)
    yield* sim(msleep(10))
  }
  expect(kinds(watched(both))).toEqual([])
  expect(kinds(watched(both, { strict: true }))).toEqual(['race.data'])
})

test('marked accesses do not race with each other', () => {
  const mach = watched(function* () {
    const d = new dev()
    go(function* () {
      WRITE_ONCE(d, 'ready', 1)
      yield step()
      return 0
    })
    yield* sim(msleep(5))
    expect(READ_ONCE(d, 'ready')).toBe(1)
  })
  expect(kinds(mach)).toEqual([])
})

test('a plain read inside READ_ONCE counts as marked', () => {
  const mach = watched(function* () {
    const d = new dev()
    go(function* () {
      WRITE_ONCE(d, 'ready', 1)
      yield step()
      return 0
    })
    yield* sim(msleep(5))
    plain(d, 'ready', false)
    now.exec!.operation = READ_ONCE
    machine().beforeCall!(now.exec!)
    yield* sim(msleep(5))
  })
  expect(kinds(mach)).toEqual([])
})

type Pair = [write: (d: dev) => Sim, read: (d: dev) => Sim]
const lock = { it: null as m.mutex | null, done: null as c.completion | null, n: null as atomic_t | null }

const PAIRS: Record<string, Pair> = {
  'MEM-01 a mutex': [
    function* (d) {
      yield* sim(m.mutex_lock(lock.it!))
      plain(d, 'x', true)
      m.mutex_unlock(lock.it!)
    },
    function* (d) {
      yield* sim(m.mutex_lock(lock.it!))
      plain(d, 'x', false)
      m.mutex_unlock(lock.it!)
    },
  ],
  'MEM-01 a completion': [
    function* (d) {
      plain(d, 'x', true)
      c.complete(lock.done!)
    },
    function* (d) {
      yield* sim(c.wait_for_completion(lock.done!))
      plain(d, 'x', false)
    },
  ],
  'MEM-01 release and acquire': [
    function* (d) {
      plain(d, 'x', true)
      b.smp_store_release(d, 'ready', 1)
    },
    function* (d) {
      b.smp_load_acquire(d, 'ready')
      plain(d, 'x', false)
    },
  ],
  'MEM-01 write and read barriers around marked accesses': [
    function* (d) {
      plain(d, 'x', true)
      b.smp_wmb()
      WRITE_ONCE(d, 'ready', 1)
    },
    function* (d) {
      READ_ONCE(d, 'ready')
      b.smp_rmb()
      plain(d, 'x', false)
    },
  ],
  'MEM-01 rcu_assign_pointer and rcu_dereference': [
    function* (d) {
      plain(d, 'x', true)
      r.rcu_assign_pointer(d, 'ready', 1)
    },
    function* (d) {
      r.rcu_read_lock()
      r.rcu_dereference(d, 'ready')
      plain(d, 'x', false)
      r.rcu_read_unlock()
    },
  ],
  'atomics that answer a value': [
    function* (d) {
      plain(d, 'x', true)
      atomic_inc_return(lock.n!)
    },
    function* (d) {
      atomic_inc_return(lock.n!)
      plain(d, 'x', false)
    },
  ],
}

test.each(Object.keys(PAIRS))('%s orders what lies around it', (name) => {
  const [write, read] = PAIRS[name]!
  const mach = watched(function* () {
    lock.it = m.DEFINE_MUTEX('lock')
    lock.done = c.DECLARE_COMPLETION()
    lock.n = new atomic_t()
    const d = new dev()
    go(function* () {
      yield* write(d)
      return 0
    })
    yield* sim(msleep(5))
    yield* read(d)
  })
  expect(kinds(mach)).toEqual([])
})

test('MEM-02 marked accesses alone order nothing', () => {
  const mach = watched(function* () {
    const d = new dev()
    go(function* () {
      plain(d, 'x', true)
      WRITE_ONCE(d, 'ready', 1)
      yield step()
      return 0
    })
    yield* sim(msleep(5))
    READ_ONCE(d, 'ready')
    plain(d, 'x', false)
    yield* sim(msleep(5))
  })
  expect(kinds(mach)).toEqual(['race.data'])
})

test('MEM-01 a work sees what came before it was queued, and a flush what the work did', () => {
  const mach = watched(function* () {
    const d = new dev()
    const work = new wq.work_struct()
    wq.INIT_WORK(work, () => {
      plain(d, 'x', false)
      plain(d, 'x', true)
    })
    plain(d, 'x', true)
    wq.schedule_work(work)
    yield* sim(wq.flush_work(work))
    plain(d, 'x', false)
    yield* sim(msleep(5))
  })
  expect(kinds(mach)).toEqual([])
})

test('callbacks of power management are ordered: a device has one at a time', () => {
  const d = new dev()
  const ops = {
    runtime_idle: () => {
      plain(d, 'x', false)
      plain(d, 'x', true)
      return -16
    },
  }
  const mach = watched(function* () {
    const pdev = new device()
    yield* sim(device_initialize(pdev))
    pdev.driver = new device_driver()
    pdev.driver.pm = ops
    yield* sim(pm.pm_runtime_set_active(pdev))
    yield* sim(pm.pm_runtime_enable(pdev))
    yield* sim(pm.pm_request_idle(pdev))
    yield* sim(msleep(10))
    yield* sim(pm.pm_runtime_idle(pdev))
    return 0
  })
  expect(kinds(mach)).toEqual([])
})
