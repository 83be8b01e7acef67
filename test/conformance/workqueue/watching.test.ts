import { expect, test } from 'vitest'
import { attachKasan } from '../../../src-sim/checkers/kasan'
import { machine } from '../../../src-sim/engine/current'
import type { Sim } from '../../../src-sim/engine/suspend'
import { mdelay, msleep } from '../../../src-sim/linux/delay'
import { preempt_disable, preempt_enable } from '../../../src-sim/linux/preempt'
import { rcu_read_lock, rcu_read_unlock } from '../../../src-sim/linux/rcupdate'
import * as w from '../../../src-sim/linux/workqueue'
import { dmesg, kinds, run, sim } from '../../sim/harness'

const gen = (f: (work: w.work_struct) => Sim): w.work_func_t => f as never

test('WQ-11 a function that returns inside an RCU reader is reported', () => {
  const m = run(function* () {
    const work = w.DECLARE_WORK('w', function reader() {
      rcu_read_lock()
    })
    w.schedule_work(work)
    yield* sim(w.flush_work(work))
  })
  expect(dmesg(m)[1]).toBe('     preempt=0x00000000 lock=0->0 RCU=0->1 workfn=reader')
})

test('WQ-32 an RCU work runs after the readers of the time are gone', () => {
  const order: string[] = []
  run(function* () {
    const rwork = new w.rcu_work()
    w.INIT_RCU_WORK(rwork, (work) => void order.push(`ran ${w.to_rcu_work(work) === rwork}`))
    machine().spawn('reader', (function* (): Sim {
      rcu_read_lock()
      yield* sim(mdelay(50))
      order.push('reader leaves')
      rcu_read_unlock()
    })(), { cpu: 1, bound: true })
    yield* sim(msleep(4))
    expect(w.queue_rcu_work(w.system_percpu_wq, rwork)).toBe(true)
    expect(w.queue_rcu_work(w.system_percpu_wq, rwork)).toBe(false)
    expect(yield* sim(w.flush_rcu_work(rwork))).toBe(true)
    expect(yield* sim(w.flush_rcu_work(rwork))).toBe(false)
  })
  expect(order).toEqual(['reader leaves', 'ran true'])
})

test('WQ-34 work that waits behind a CPU hog for 30 s is a lockup', () => {
  const m = run(function* () {
    const hog = w.DECLARE_WORK('hog', gen(function* hog() {
      preempt_disable()
      yield* sim(mdelay(70_000))
      preempt_enable()
    }))
    const next = w.DECLARE_WORK('next', function next() {})
    w.schedule_work_on(1, hog)
    yield* sim(msleep(4))
    w.schedule_work_on(1, next)
    yield* sim(msleep(80_000))
  })
  expect(kinds(m)).toEqual(['workqueue.lockup'])
  expect(dmesg(m)[0]).toMatch(
    /^BUG: workqueue lockup - pool cpus=1 node=0 flags=0x0 nice=0 stuck for \d+s!$/,
  )
  expect(dmesg(m)).toContain('    pending: next')
})

test('WQ-34 an item that blocks for minutes is not', () => {
  const m = run(function* () {
    const slow = w.DECLARE_WORK('slow', gen(() => sim(msleep(100_000)) as Sim))
    w.schedule_work_on(1, slow)
    w.schedule_work_on(1, w.DECLARE_WORK('next', () => {}))
    yield* sim(msleep(120_000))
  })
  expect(kinds(m)).toEqual([])
})

test('WQ-22 the flags and name of a destroyed queue are read by whoever queues to it', () => {
  const m = run(function* () {
    attachKasan(machine())
    const wq = w.alloc_workqueue('gone', w.WQ_UNBOUND, 0)!
    yield* sim(w.destroy_workqueue(wq))
    expect(w.queue_work(wq, w.DECLARE_WORK('w', () => {}))).toBe(true)
  })
  expect(m.findings.map((f) => f.title.split('+')[0])).toEqual([
    'BUG: KASAN: slab-use-after-free in __queue_work',
    'BUG: KASAN: slab-use-after-free in string_nocheck',
    'WARNING: kernel/workqueue.c:2305 at __queue_work',
  ])
})
