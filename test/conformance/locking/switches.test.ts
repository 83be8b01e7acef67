import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { cpus_read_lock, cpus_read_unlock } from '../../../src-sim/linux/cpu'
import * as hp from '../../../src-sim/linux/cpuhotplug'
import { msleep } from '../../../src-sim/linux/delay'
import * as j from '../../../src-sim/linux/jump_label'
import { kthread_run } from '../../../src-sim/linux/kthread'
import { irqs_disabled } from '../../../src-sim/linux/irqflags'
import * as rcu from '../../../src-sim/linux/rcupdate'
import * as trace from '../../../src-sim/linux/rcupdate_trace'
import * as w from '../../../src-sim/linux/rcuwait'
import { raw_smp_processor_id } from '../../../src-sim/linux/smp'
import { stop_machine } from '../../../src-sim/linux/stop_machine'
import { kinds, run, sim } from '../../sim/harness'

const gen = (body: (...args: never[]) => Sim<unknown>): never => body as never

test('static keys: a flag, or a count that never goes below zero', () => {
  const m = run(function* () {
    const flag = j.DEFINE_STATIC_KEY_FALSE('flag')
    yield* sim(j.static_branch_enable(flag))
    yield* sim(j.static_branch_enable(flag))
    expect(j.static_branch_unlikely(flag)).toBe(true)
    yield* sim(j.static_branch_disable(flag))
    expect(j.static_key_count(flag)).toBe(0)
    const count = j.DEFINE_STATIC_KEY_TRUE('count')
    yield* sim(j.static_branch_inc(count))
    expect(j.static_key_count(count)).toBe(2)
    yield* sim(j.static_branch_dec(count))
    expect(j.static_branch_likely(count)).toBe(true)
  })
  expect(kinds(m)).toEqual([])
  const wrong = run(function* () {
    const key = j.DEFINE_STATIC_KEY_FALSE('key')
    yield* sim(j.static_branch_dec(key))
    expect(j.static_key_count(key)).toBe(0)
  })
  expect(kinds(wrong)).toEqual(['warn.static-key'])
})

test('rcuwait: one task sleeps until it is woken and the condition is true', () => {
  run(function* () {
    const wait = new w.rcuwait()
    w.rcuwait_init(wait)
    let ready = false
    let answer = -1
    expect(w.rcuwait_wake_up(wait)).toBe(0)
    yield* sim(kthread_run(gen(function* () {
      answer = yield* sim(w.rcuwait_wait_event(wait, () => ready, 2))
      return 0
    }), null, 't'))
    yield* sim(msleep(1))
    expect([w.rcuwait_active(wait), w.rcuwait_wake_up(wait)]).toEqual([true, 1])
    yield* sim(msleep(1))
    expect(answer).toBe(-1)
    ready = true
    w.rcuwait_wake_up(wait)
    yield* sim(msleep(1))
    expect([answer, w.rcuwait_active(wait)]).toEqual([0, false])
  })
})

test('tracing readers may sleep, and are waited for', () => {
  run(function* () {
    const log: string[] = []
    yield* sim(kthread_run(gen(function* () {
      trace.rcu_read_lock_trace()
      trace.rcu_read_lock_trace()
      trace.rcu_read_unlock_trace()
      yield* sim(msleep(20))
      log.push(`reader ${trace.rcu_read_lock_trace_held()}`)
      trace.rcu_read_unlock_trace()
      return 0
    }), null, 't'))
    yield* sim(msleep(1))
    const head = new rcu.rcu_head()
    trace.call_rcu_tasks_trace(head, () => log.push('callback'))
    yield* sim(trace.synchronize_rcu_tasks_trace())
    log.push('waited')
    yield* sim(trace.rcu_barrier_tasks_trace())
    expect(log[0]).toBe('reader 1')
    expect([...log].sort()).toEqual(['callback', 'reader 1', 'waited'])
  })
})

test('a number for a grace period that is over needs no waiting', () => {
  run(function* () {
    expect(rcu.poll_state_synchronize_rcu(rcu.get_completed_synchronize_rcu())).toBe(true)
    const cookie = rcu.get_state_synchronize_rcu()
    expect(rcu.poll_state_synchronize_rcu(cookie)).toBe(false)
    let over = false
    rcu.call_rcu(new rcu.rcu_head(), () => (over = true))
    yield* sim(rcu.cond_synchronize_rcu_expedited(cookie))
    yield* sim(rcu.synchronize_rcu())
    expect([over, rcu.poll_state_synchronize_rcu(cookie)]).toEqual([true, true])
  })
})

test('stop_machine runs a function while nothing else runs', () => {
  run(function* () {
    let ticks = 0
    let stop = false
    yield* sim(kthread_run(gen(function* () {
      while (!stop) {
        ticks++
        yield* sim(msleep(1))
      }
      return 0
    }), null, 't'))
    yield* sim(msleep(5))
    const seen: unknown[] = []
    const ret = yield* sim(stop_machine((data) => {
      seen.push(data, irqs_disabled(), raw_smp_processor_id())
      return -5
    }, 'data', null))
    expect([ret, ...seen]).toEqual([-5, 'data', true, 0])
    expect(ticks).toBeGreaterThan(0)
    const cpus: number[] = []
    yield* sim(stop_machine(() => (cpus.push(raw_smp_processor_id()), 0), null, 3))
    expect(cpus.sort()).toEqual([0, 1])
    stop = true
    yield* sim(msleep(5))
  }, { cpus: 2 })
})

test('a hotplug step runs on every CPU, and is undone when one fails', () => {
  run(function* () {
    const log: string[] = []
    const up = (fail: number) => (cpu: number) => {
      log.push(`up ${cpu} on ${raw_smp_processor_id()}`)
      return cpu === fail ? -12 : 0
    }
    const down = (cpu: number): number => (log.push(`down ${cpu}`), 0)
    const state = yield* sim(hp.cpuhp_setup_state(hp.CPUHP_AP_ONLINE_DYN, 'lab:online', up(-1), down))
    expect(state).toBeGreaterThan(0)
    yield* sim(hp.cpuhp_remove_state(state))
    expect(log).toEqual(['up 0 on 0', 'up 1 on 1', 'down 0', 'down 1'])
    log.length = 0
    expect(yield* sim(hp.cpuhp_setup_state(hp.CPUHP_AP_ONLINE_DYN, 'x', up(1), down))).toBe(-12)
    expect(log).toEqual(['up 0 on 0', 'up 1 on 1', 'down 0'])
    yield* sim(cpus_read_lock())
    cpus_read_unlock()
  }, { cpus: 2 })
})
