import { expect, test } from 'vitest'
import { RELAX } from '../../../src-sim/engine/suspend'
import { mdelay, msleep } from '../../../src-sim/linux/delay'
import * as kt from '../../../src-sim/linux/kthread'
import * as r from '../../../src-sim/linux/rcupdate'
import { list_for_each_entry_rcu } from '../../../src-sim/linux/rculist'
import { LIST_HEAD, list_head } from '../../../src-sim/linux/list'
import { wake_up_process } from '../../../src-sim/linux/sched'
import { sim } from '../../sim/harness'
import { checked } from '../checked'

class config {
  value = 1
}
class item {
  node = new list_head()
}

test('RCU-08 a pointer read outside every reader is suspicious, and is answered all the same', () => {
  const { dmesg, log, kinds } = checked(function* (say) {
    const dev = { config: new config() as config | null }
    say(r.rcu_dereference(dev, 'config')!.value)
    say(r.rcu_dereference_protected(dev, 'config', false)!.value)
    say(r.rcu_access_pointer(dev, 'config')!.value)
    say(r.rcu_dereference_check(dev, 'config', true)!.value)
    r.rcu_read_lock()
    say(r.rcu_dereference(dev, 'config')!.value)
    r.rcu_read_unlock()
    yield* sim(msleep(1))
  })
  expect(log).toEqual(['1', '1', '1', '1', '1'])
  const texts = dmesg.filter((line) => line.includes('suspicious rcu_'))
  expect(texts.map((line) => line.slice(line.indexOf('suspicious')))).toEqual([
    'suspicious rcu_dereference_check() usage!', 'suspicious rcu_dereference_protected() usage!',
  ])
  expect(kinds).toEqual(['lockdep.rcu', 'lockdep.rcu'])
})

test('RCU-08 walking an RCU list outside every reader has a text of its own', () => {
  const { dmesg } = checked(function* () {
    for (const each of list_for_each_entry_rcu(LIST_HEAD(), item, 'node')) void each
    yield* sim(msleep(1))
  })
  expect(dmesg.find((line) => line.includes('RCU-list'))).toMatch(
    /RCU-list traversed in non-reader section!!$/,
  )
})

test('RCU-09 readers nest: only the outermost end lets a grace period end', () => {
  const { log } = checked(function* (say) {
    kt.kthread_run(function* () {
      r.rcu_read_lock()
      r.rcu_read_lock()
      yield* sim(mdelay(20))
      r.rcu_read_unlock()
      say('inner left')
      yield* sim(mdelay(20))
      say('outer leaves')
      r.rcu_read_unlock()
    } as never, null, 'reader')
    yield* sim(msleep(1))
    yield* sim(r.synchronize_rcu())
    say('synchronized')
  })
  expect(log).toEqual(['inner left', 'outer leaves', 'synchronized'])
})

test('RCU-07 a polled grace period is over when the number says so', () => {
  const { log } = checked(function* (say) {
    const cookie = r.start_poll_synchronize_rcu()
    say(r.poll_state_synchronize_rcu(cookie))
    yield* sim(msleep(100))
    say(r.poll_state_synchronize_rcu(cookie))
    yield* sim(r.cond_synchronize_rcu(cookie))
  })
  expect(log).toEqual(['false', 'true'])
})

test('RCU-05 rcu_barrier waits for a callback that is being executed', () => {
  const { log } = checked(function* (say) {
    let running = false
    const task = kt.kthread_create(function* () {
      while (!running) yield RELAX
      yield* sim(r.rcu_barrier())
      say('barrier')
    } as never, null, 'barrier')
    kt.kthread_bind(task, 1)
    wake_up_process(task)
    r.call_rcu(new r.rcu_head(), function* () {
      running = true
      yield* sim(mdelay(30))
      say('callback ends')
    } as never)
    yield* sim(msleep(200))
  })
  expect(log).toEqual(['callback ends', 'barrier'])
})
