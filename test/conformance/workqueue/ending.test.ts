import { describe, expect, test } from 'vitest'
import { machine } from '../../../src-sim/engine/current'
import { randomStrategy } from '../../../src-sim/engine/strategies/random'
import type { Sim } from '../../../src-sim/engine/suspend'
import { msleep } from '../../../src-sim/linux/delay'
import { timer_pending } from '../../../src-sim/linux/timer'
import * as w from '../../../src-sim/linux/workqueue'
import { dmesg, kcall, kinds, run, sim } from '../../sim/harness'

const gen = (f: (work: w.work_struct) => Sim): w.work_func_t => f as never
const nop = (): void => {}
const sleeper = (ms: number, done: () => void = nop): w.work_func_t =>
  gen(function* () {
    yield* sim(msleep(ms))
    done()
  })

describe('flushing', () => {
  test('WQ-16 a flush of something that was never initialised warns and answers false', () => {
    const m = run(function* () {
      expect(yield* sim(w.flush_work(new w.work_struct()))).toBe(false)
    })
    expect(kinds(m)).toEqual(['warn.wq-flush-uninitialised'])
  })

  test('WQ-16 pending and running: the flush waits for the pending run', () => {
    let runs = 0
    run(function* () {
      const work = w.DECLARE_WORK('w', sleeper(20, () => runs++))
      w.schedule_work(work)
      yield* sim(msleep(4))
      w.schedule_work(work)
      expect(w.work_busy(work)).toBe(w.WORK_BUSY_PENDING | w.WORK_BUSY_RUNNING)
      expect(yield* sim(w.flush_work(work))).toBe(true)
      expect(runs).toBe(2)
    })
  })

  test('WQ-17 a flush returns before later items of the queue run', () => {
    const order: string[] = []
    run(function* () {
      const wq = w.alloc_ordered_workqueue('o', 0)!
      const a = w.DECLARE_WORK('a', sleeper(10, () => order.push('a')))
      const b = w.DECLARE_WORK('b', sleeper(10, () => order.push('b')))
      w.queue_work(wq, a)
      w.queue_work(wq, b)
      yield* sim(w.flush_work(a))
      order.push('flushed')
      yield* sim(w.flush_workqueue(wq))
    })
    expect(order).toEqual(['a', 'flushed', 'b'])
  })

  test('WQ-17 cancelling a flushed item lets the flush end at its place', () => {
    const order: string[] = []
    run(function* () {
      const wq = w.alloc_ordered_workqueue('o', 0)!
      const a = w.DECLARE_WORK('a', sleeper(20, () => order.push('a')))
      const b = w.DECLARE_WORK('b', () => void order.push('b'))
      w.queue_work(wq, a)
      w.queue_work(wq, b)
      machine().spawn('flusher', (function* (): Sim {
        yield* sim(w.flush_work(b))
        order.push('flushed')
      })())
      yield* sim(msleep(4))
      expect(yield* sim(w.cancel_work(b))).toBe(true)
      yield* sim(msleep(60))
    })
    expect(order.sort()).toEqual(['a', 'flushed'])
  })

  test('WQ-18 work of a reclaim queue must not flush one without a rescuer', () => {
    const m = run(function* () {
      const reclaim = w.alloc_workqueue('rec', w.WQ_UNBOUND | w.WQ_MEM_RECLAIM, 0)!
      const plain = w.alloc_workqueue('plain', w.WQ_UNBOUND, 0)!
      const target = w.DECLARE_WORK('target', sleeper(20))
      const outer = w.DECLARE_WORK('outer', gen(() => sim(w.flush_work(target)) as Sim<never>))
      w.queue_work(plain, target)
      w.queue_work(reclaim, outer)
      yield* sim(w.flush_work(outer))
    })
    expect(
      dmesg(m)[1]).toMatch(/^workqueue: WQ_MEM_RECLAIM rec:.* is flushing !WQ_MEM_RECLAIM plain:/,
    )
  })

  test('WQ-19 items queued later are not waited for, nor is a delay timer', () => {
    run(function* () {
      const wq = w.alloc_workqueue('q', w.WQ_UNBOUND, 0)!
      const dw = w.DECLARE_DELAYED_WORK('dw', nop)
      const later = w.DECLARE_WORK('later', sleeper(500))
      const first = w.DECLARE_WORK('first', sleeper(40))
      w.queue_delayed_work(wq, dw, 1000)
      w.queue_work(wq, first)
      machine().spawn('other', (function* (): Sim {
        yield* sim(msleep(8))
        w.queue_work(wq, later)
      })())
      yield* sim(w.flush_workqueue(wq))
      expect(w.work_busy(first)).toBe(0)
      expect(w.work_busy(later)).not.toBe(0)
      expect(timer_pending(dw.timer)).toBe(true)
    })
  })
})

describe('draining and destroying', () => {
  test('WQ-20 WQ-21 while a queue drains its items may queue, others may not', () => {
    const ran: string[] = []
    const m = run(function* () {
      const wq = w.alloc_workqueue('q', w.WQ_UNBOUND, 0)!
      const chained = w.DECLARE_WORK('chained', () => void ran.push('chained'))
      const stranger = w.DECLARE_WORK('stranger', function stranger() {
        ran.push('stranger')
      })
      const first =
        w.DECLARE_WORK('first', sleeper(40, () => ran.push(`${w.queue_work(wq, chained)}`)))
      w.queue_work(wq, first)
      machine().spawn('other', (function* (): Sim {
        yield* sim(msleep(8))
        ran.push(`stranger ${w.queue_work(wq, stranger)} ${w.work_pending(stranger)}`)
      })())
      yield* sim(w.drain_workqueue(wq))
      expect(w.queue_work(wq, stranger)).toBe(true)
      yield* sim(w.destroy_workqueue(wq))
    })
    expect(ran).toEqual(['stranger true false', 'true', 'chained', 'stranger'])
    expect(dmesg(m)[1]).toBe('workqueue: cannot queue stranger on wq q')
    expect(kinds(m)).toEqual(['warn.wq-cannot-queue'])
  })
})

describe('cancelling', () => {
  test('WQ-23 cancel_work removes a pending run and leaves a running one alone', () => {
    let done = 0
    run(function* () {
      const work = w.DECLARE_WORK('w', sleeper(20, () => done++))
      w.schedule_work(work)
      yield* sim(msleep(4))
      expect(yield* sim(w.cancel_work(work))).toBe(false)
      w.schedule_work(work)
      expect(yield* sim(w.cancel_work(work))).toBe(true)
      yield* sim(msleep(60))
    })
    expect(done).toBe(1)
  })

  test('WQ-24 what is queued while cancel_work_sync waits is dropped', () => {
    const answers: boolean[] = []
    let runs = 0
    run(function* () {
      const work = w.DECLARE_WORK('w', gen(function* (self) {
        runs++
        yield* sim(msleep(20))
        answers.push(w.schedule_work(self))
      }))
      w.schedule_work(work)
      yield* sim(msleep(4))
      expect(yield* sim(w.cancel_work_sync(work))).toBe(false)
      expect(w.work_pending(work)).toBe(false)
      yield* sim(msleep(60))
      expect(w.schedule_work(work)).toBe(true)
      yield* sim(w.cancel_work_sync(work))
    })
    expect(answers[0]).toBe(false)
    expect(runs).toBeLessThanOrEqual(2)
  })

  test('WQ-26 several may cancel one item at a time', () => {
    let done = false
    const seen: boolean[] = []
    run(function* () {
      const work = w.DECLARE_WORK('w', sleeper(20, () => (done = true)))
      w.schedule_work(work)
      yield* sim(msleep(4))
      for (let i = 0; i < 3; i++)
        machine().spawn(`c${i}`, (function* (): Sim {
          yield* sim(w.cancel_work_sync(work))
          seen.push(done)
        })())
      yield* sim(msleep(100))
      expect(w.schedule_work(work)).toBe(true)
    })
    expect(seen).toEqual([true, true, true])
  })

  test('WQ-27 an unbalanced enable removes a pending run', () => {
    let runs = 0
    run(function* () {
      const work = w.DECLARE_WORK('w', () => void runs++)
      w.schedule_work(work)
      expect(yield* sim(w.enable_work(work))).toBe(true)
      yield* sim(msleep(20))
    })
    expect(runs).toBe(0)
  })

  test('WQ-28 cancel_work_sync on an armed delayed work polls until the timer fires', () => {
    let at = 0
    run(function* () {
      const dw = w.DECLARE_DELAYED_WORK('dw', nop)
      w.schedule_delayed_work(dw, 25)
      yield* sim(w.cancel_work_sync(dw.work))
      at = machine().nowNs
    })
    expect(at).toBeGreaterThanOrEqual(100e6)
    expect(at).toBeLessThan(130e6)
  })

  test('WQ-31 cancel_delayed_work_sync closes a self re-arming item', () => {
    let runs = 0
    run(function* () {
      const dw = w.DECLARE_DELAYED_WORK('dw', gen(function* (work) {
        runs++
        yield* sim(msleep(20))
        w.schedule_delayed_work(w.to_delayed_work(work), 1)
      }))
      w.schedule_delayed_work(dw, 1)
      yield* sim(msleep(12))
      yield* sim(w.cancel_delayed_work_sync(dw))
      expect(w.delayed_work_pending(dw)).toBe(false)
      yield* sim(msleep(100))
    })
    expect(runs).toBe(1)
  })

  test('WQ-24 under every order the function has ended when cancel_work_sync returns', () => {
    for (let seed = 0; seed < 200; seed++) {
      let running = false
      let late = false
      run(function* () {
        const work = w.DECLARE_WORK('w', gen(function* (self) {
          running = true
          yield* kcall(w.schedule_work, self)
          yield* kcall(msleep, 1)
          running = false
        }))
        yield* kcall(w.schedule_work, work)
        yield* kcall(msleep, 1)
        yield* kcall(w.cancel_work_sync, work)
        late = running
        running = false
        yield* kcall(msleep, 50)
        late ||= running
      }, { strategy: randomStrategy(seed), seed })
      expect(late, `seed ${seed}`).toBe(false)
    }
  })
})
