import { expect, test } from 'vitest'
import { machine } from '../../../src-sim/engine/current'
import { workqueues } from '../../../src-sim/kernel/workqueue/workqueues'
import { msleep } from '../../../src-sim/linux/delay'
import { HZ } from '../../../src-sim/linux/jiffies'
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from '../../../src-sim/linux/mutex'
import { get_current } from '../../../src-sim/linux/sched'
import { memalloc_noreclaim_restore, memalloc_noreclaim_save } from '../../../src-sim/linux/sched/mm'
import * as w from '../../../src-sim/linux/workqueue'
import { sim } from '../../sim/harness'
import { checked } from '../checked'

test('WQ-06 an item queued while it runs is pending and runs once more', () => {
  const { log } = checked(function* (say) {
    const work = w.DECLARE_WORK('work', function* (item: w.work_struct) {
      say('begin', w.work_pending(item))
      yield* sim(msleep(20))
      say('end', w.work_pending(item))
    } as never)
    w.schedule_work(work)
    yield* sim(msleep(5))
    say(w.schedule_work(work), w.work_busy(work))
    say(w.schedule_work(work))
    yield* sim(w.flush_work(work))
  })
  expect(log).toEqual(['begin false', 'true 3', 'false', 'end true', 'begin false', 'end false'])
})

test('WQ-14 while no worker can be made the rescuer runs the items of its queue, and only those', () => {
  const { log } = checked(function* (say, m) {
    const [safe, plain] = [
      w.alloc_workqueue('safe', w.WQ_MEM_RECLAIM | w.WQ_PERCPU, 0)!,
      w.alloc_workqueue('plain', w.WQ_PERCPU, 0)!,
    ]
    const body = (name: string) => () => say(name, get_current().comm)
    const [a, b] = [w.DECLARE_WORK('a', body('a')), w.DECLARE_WORK('b', body('b'))]
    workqueues(m).starved = true
    w.queue_work(plain, b)
    w.queue_work(safe, a)
    yield* sim(msleep(1))
    say('later')
    yield* sim(w.flush_work(a))
    say(w.work_pending(b))
    workqueues(m).starved = false
    yield* sim(w.flush_work(b))
  })
  expect(log.slice(0, 3)).toEqual(['later', 'a kworker/R-safe', 'true'])
  expect(log[3]).toMatch(/^b kworker\/\d:1$/)
})

test('WQ-15 freezing lets running items end and holds the others until the thaw', () => {
  const { log } = checked(function* (say, m) {
    const wq = w.alloc_workqueue('cold', w.WQ_FREEZABLE | w.WQ_UNBOUND, 0)!
    const slow = w.DECLARE_WORK('slow', function* () {
      yield* sim(msleep(20))
      say('slow')
    } as never)
    const next = w.DECLARE_WORK('next', () => say('next'))
    w.queue_work(wq, slow)
    yield* sim(msleep(5))
    workqueues(m).freeze(true)
    w.queue_work(wq, next)
    yield* sim(msleep(100))
    say('thaw', w.work_pending(next))
    workqueues(m).freeze(false)
    yield* sim(w.flush_work(next))
  })
  expect(log).toEqual(['slow', 'thaw true', 'next'])
})

test('WQ-18 a task that works for reclaim must not flush a queue without a rescuer', () => {
  const { dmesg } = checked(function* () {
    const wq = w.alloc_workqueue('plain', w.WQ_PERCPU, 0)!
    const work = w.DECLARE_WORK('work', () => {})
    const flags = memalloc_noreclaim_save()
    w.queue_work(wq, work)
    yield* sim(w.flush_work(work))
    memalloc_noreclaim_restore(flags)
  })
  expect(dmesg[1]).toMatch(
    /^workqueue: PF_MEMALLOC task 1\(main\) is flushing !WQ_MEM_RECLAIM plain:/,
  )
})

test('WQ-25 only a flush or cancel that has something to wait for tells lockdep', () => {
  const kinds = (idle: boolean): string[] =>
    checked(function* () {
      const lock = DEFINE_MUTEX('lock')
      const work = w.DECLARE_WORK('work', function* () {
        yield* sim(mutex_lock(lock))
        mutex_unlock(lock)
        yield* sim(msleep(20))
      } as never)
      w.schedule_work(work)
      yield* sim(idle ? w.flush_work(work) : msleep(5))
      yield* sim(mutex_lock(lock))
      yield* sim(w.cancel_work_sync(work))
      mutex_unlock(lock)
    }).kinds
  expect(kinds(true)).toEqual([])
  expect(kinds(false)).toEqual(['lockdep.circular'])
})

test('WQ-28 the wrong cancel of a delayed work polls until its timer has fired', () => {
  const { log } = checked(function* (say) {
    const dwork = w.DECLARE_DELAYED_WORK('dwork', () => {})
    w.schedule_delayed_work(dwork, +HZ / 10)
    const before = machine().nowNs
    yield* sim(w.cancel_work_sync(dwork.work))
    say(machine().nowNs - before > 80e6, w.delayed_work_pending(dwork))
  })
  expect(log).toEqual(['true false'])
})

test('WQ-30 mod_delayed_work tells whether it was pending, moves it, and respects a disable', () => {
  const { log } = checked(function* (say) {
    const dwork = w.DECLARE_DELAYED_WORK('dwork', () => say('ran'))
    const wq = w.system_percpu_wq
    say(yield* sim(w.mod_delayed_work(wq, dwork, 500)))
    say(yield* sim(w.mod_delayed_work(wq, dwork, 2)))
    yield* sim(msleep(50))
    say(yield* sim(w.mod_delayed_work(wq, dwork, 0)))
    yield* sim(msleep(5))
    yield* sim(w.disable_delayed_work(dwork))
    say(yield* sim(w.mod_delayed_work(wq, dwork, 0)), w.delayed_work_pending(dwork))
  })
  expect(log).toEqual(['false', 'true', 'ran', 'false', 'ran', 'false false'])
})

test('WQ-07 a work on a chosen CPU answers what its function answers', () => {
  const { log } = checked(function* (say) {
    say(yield* sim(w.work_on_cpu(1, (n: number) => n + machine().cpus.length, 40)))
    const seen: string[] = []
    yield* sim(w.schedule_on_each_cpu(() => void seen.push(get_current().comm.slice(0, 9))))
    say(seen.sort())
  })
  expect(log).toEqual(['42', 'kworker/0,kworker/1'])
})
