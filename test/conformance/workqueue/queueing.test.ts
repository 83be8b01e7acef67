import { describe, expect, test } from 'vitest'
import { currentTask, machine } from '../../../src-sim/engine/current'
import { RELAX, type Sim } from '../../../src-sim/engine/suspend'
import { mdelay, msleep } from '../../../src-sim/linux/delay'
import * as w from '../../../src-sim/linux/workqueue'
import { in_serving_softirq, preempt_disable } from '../../../src-sim/linux/preempt'
import { tasklet_schedule, tasklet_setup, tasklet_struct } from '../../../src-sim/linux/interrupt'
import { dmesg, kinds, run, sim } from '../../sim/harness'

const gen = (f: (work: w.work_struct) => Sim): w.work_func_t => f as never
const nop = (): void => {}

describe('allocation', () => {
  test('WQ-01 a queue that is neither per-CPU nor unbound warns once and is per-CPU', () => {
    const m = run(function* () {
      expect(w.alloc_workqueue('one', 0, 0)!.flags).toBe(w.WQ_PERCPU)
      w.alloc_workqueue('two', 0, 0)
      yield* sim(msleep(1))
    })
    expect(dmesg(m).filter((l) => l.startsWith('workqueue:'))).toEqual([
      'workqueue: one is using neither WQ_PERCPU or WQ_UNBOUND. Setting WQ_PERCPU.',
    ])
  })

  test('WQ-01 a queue that is both warns and is unbound', () => {
    const m = run(function* () {
      expect(w.alloc_workqueue('x%d', w.WQ_PERCPU | w.WQ_UNBOUND, 0, 7)!.flags).toBe(w.WQ_UNBOUND)
      yield* sim(msleep(1))
    })
    expect(dmesg(m)[1]).toBe(
      'workqueue: x7 uses both WQ_PERCPU and WQ_UNBOUND. Dropped WQ_PERCPU, keeping WQ_UNBOUND.',
    )
  })

  test('WQ-01 bottom-half queues take no other flag and no limit', () => {
    const m = run(function* () {
      expect(w.alloc_workqueue('a', w.WQ_BH | w.WQ_MEM_RECLAIM, 0)).toBe(null)
      expect(w.alloc_workqueue('b', w.WQ_BH, 3)).toBe(null)
      expect(w.alloc_workqueue('c', w.WQ_BH | w.WQ_HIGHPRI | w.WQ_PERCPU, 0)).not.toBe(null)
      yield* sim(msleep(1))
    })
    expect(kinds(m)).toEqual(['warn.wq-bh-flags'])
  })

  test('WQ-02 max_active is clamped to 1..2048, 0 means 1024', () => {
    const m = run(function* () {
      expect(w.alloc_workqueue('d', w.WQ_PERCPU, 0)!.$maxActive).toBe(1024)
      expect(w.alloc_workqueue('big', w.WQ_UNBOUND, 9999)!.$maxActive).toBe(2048)
      expect(w.alloc_workqueue('neg', w.WQ_UNBOUND, -1)!.$maxActive).toBe(1)
      yield* sim(msleep(1))
    })
    expect(dmesg(m)).toEqual([
      'workqueue: max_active 9999 requested for big is out of range, clamping between 1 and 2048',
      'workqueue: max_active -1 requested for neg is out of range, clamping between 1 and 2048',
    ])
  })

  test('WQ-03 deprecated queues say so once, flushing a system queue every time', () => {
    const m = run(function* () {
      w.queue_work(w.system_wq, w.DECLARE_WORK('a', nop))
      w.queue_work(w.system_unbound_wq, w.DECLARE_WORK('b', nop))
      yield* sim(w.flush_workqueue(w.system_percpu_wq))
      yield* sim(w.flush_scheduled_work())
    })
    expect(dmesg(m).filter((line) => /^(workqueue|WARNING): /.test(line))).toEqual([
      'workqueue: work func nop enqueued on deprecated workqueue. Use system_percpu_wq instead.',
      'WARNING: Flushing system-wide workqueues will be prohibited in near future.',
      'WARNING: Flushing system-wide workqueues will be prohibited in near future.',
    ])
  })

  test('WQ-03 workers are named after CPU or pool, with H for high priority', () => {
    const names: string[] = []
    run(function* () {
      const note = (): void => void names.push(currentTask()!.comm)
      for (const wq of [w.system_percpu_wq, w.system_highpri_wq, w.system_dfl_wq]) {
        const work = w.DECLARE_WORK('x', note)
        w.queue_work_on(0, wq, work)
        yield* sim(w.flush_work(work))
      }
      const far = w.DECLARE_WORK('far', note)
      w.schedule_work_on(1, far)
      yield* sim(w.flush_work(far))
      w.alloc_workqueue('mine', w.WQ_UNBOUND | w.WQ_MEM_RECLAIM, 0)
      names.push(machine().tasks.at(-1)!.comm)
    })
    expect(names).toEqual([
      'kworker/0:1', 'kworker/0:1H', 'kworker/u8:1', 'kworker/1:1', 'kworker/R-mine',
    ])
  })
})

describe('queueing', () => {
  test('WQ-05 a pending item is not moved to another queue', () => {
    const order: string[] = []
    run(function* () {
      const a = w.alloc_ordered_workqueue('a', 0)!
      const b = w.alloc_ordered_workqueue('b', 0)!
      const slow = w.DECLARE_WORK('slow', gen(() => sim(msleep(20)) as Sim))
      const work = w.DECLARE_WORK('w', () => void order.push('work'))
      const last = w.DECLARE_WORK('last', () => void order.push('last'))
      w.queue_work(a, slow)
      expect(w.queue_work(a, work)).toBe(true)
      w.queue_work(a, last)
      expect(w.queue_work(b, work)).toBe(false)
      yield* sim(w.flush_workqueue(b))
      expect(order).toEqual([])
      yield* sim(w.flush_workqueue(a))
    })
    expect(order).toEqual(['work', 'last'])
  })

  test('WQ-07 an item queued on another CPU while it runs waits for the CPU where it runs', () => {
    const cpus: number[] = []
    let most = 0
    let active = 0
    run(function* () {
      const work = w.DECLARE_WORK('w', gen(function* () {
        most = Math.max(most, ++active)
        cpus.push(currentTask()!.cpu.id)
        yield* sim(msleep(20))
        active--
      }))
      w.schedule_work_on(0, work)
      yield* sim(msleep(4))
      expect(w.schedule_work_on(1, work)).toBe(true)
      yield* sim(w.flush_work(work))
    })
    expect(cpus).toEqual([0, 0])
    expect(most).toBe(1)
  })

  test('WQ-07 on another queue the same item can run twice at a time', () => {
    let most = 0
    let active = 0
    run(function* () {
      const other = w.alloc_workqueue('o', w.WQ_UNBOUND, 0)!
      const work = w.DECLARE_WORK('w', gen(function* () {
        most = Math.max(most, ++active)
        yield* sim(msleep(20))
        active--
      }))
      w.schedule_work(work)
      yield* sim(msleep(4))
      w.queue_work(other, work)
      yield* sim(msleep(60))
    })
    expect(most).toBe(2)
  })

  test('WQ-08 on an ordered queue an item that queues itself goes to the end', () => {
    const order: string[] = []
    run(function* () {
      const wq = w.alloc_ordered_workqueue('o', 0)!
      const a = w.DECLARE_WORK('a', (self) => {
        order.push('a')
        if (order.length < 2) w.queue_work(wq, self)
      })
      const b = w.DECLARE_WORK('b', () => void order.push('b'))
      w.queue_work(wq, a)
      w.queue_work(wq, b)
      yield* sim(w.drain_workqueue(wq))
    })
    expect(order).toEqual(['a', 'b', 'a'])
  })

  test('WQ-09 an item above the limit is pending, can be flushed and cancelled', () => {
    const ran: string[] = []
    run(function* () {
      const wq = w.alloc_workqueue('one', w.WQ_UNBOUND, 1)!
      const slow = w.DECLARE_WORK('slow', gen(() => sim(msleep(20)) as Sim))
      const b = w.DECLARE_WORK('b', () => void ran.push('b'))
      const c = w.DECLARE_WORK('c', () => void ran.push('c'))
      for (const work of [slow, b, c]) w.queue_work(wq, work)
      expect(w.work_busy(c)).toBe(w.WORK_BUSY_PENDING)
      expect(yield* sim(w.cancel_work(b))).toBe(true)
      expect(yield* sim(w.flush_work(c))).toBe(true)
    })
    expect(ran).toEqual(['c'])
  })

  test('WQ-10 inside its function an item is running and not pending', () => {
    let inside = true
    run(function* () {
      const work = w.DECLARE_WORK('w', (self) => {
        inside = w.work_pending(self)
        expect(w.work_busy(self)).toBe(w.WORK_BUSY_RUNNING)
        expect(w.current_work()).toBe(self)
      })
      w.schedule_work(work)
      yield* sim(w.flush_work(work))
      expect(w.current_work()).toBe(null)
    })
    expect(inside).toBe(false)
  })

  test('WQ-11 a function that returns with a raised preempt counter is reported', () => {
    const m = run(function* () {
      const leaky = w.DECLARE_WORK('w', function leaky() {
        preempt_disable()
      })
      w.schedule_work(leaky)
      yield* sim(msleep(5))
    })
    expect(dmesg(m).slice(0, 2)).toEqual([
      expect.stringMatching(/^BUG: workqueue leaked atomic, lock or RCU: kworker\/0:1\[\d+\]$/),
      '     preempt=0x00000001 lock=0->0 RCU=0->0 workfn=leaky',
    ])
  })

  test('WQ-12 the next item of a CPU starts when the first one sleeps', () => {
    const order: string[] = []
    run(function* () {
      const one = w.DECLARE_WORK('1', gen(function* () {
        order.push('1 starts')
        yield* sim(mdelay(2))
        order.push('1 sleeps')
        yield* sim(msleep(20))
        order.push('1 ends')
      }))
      const two = w.DECLARE_WORK('2', () => void order.push('2'))
      w.schedule_work_on(1, one)
      w.schedule_work_on(1, two)
      yield* sim(msleep(100))
    })
    expect(order).toEqual(['1 starts', '1 sleeps', '2', '1 ends'])
  })

  test('WQ-13 an item that hogs its CPU for 10 ms no longer holds up the others', () => {
    const order: string[] = []
    run(function* () {
      let stop = false
      const hog = w.DECLARE_WORK('hog', gen(function* () {
        while (!stop) yield RELAX
        order.push('hog ends')
      }))
      const two = w.DECLARE_WORK('2', () => {
        order.push(machine().nowNs > 10_000_000 ? 'late' : 'early')
        stop = true
      })
      w.schedule_work_on(1, hog)
      w.schedule_work_on(1, two)
      yield* sim(msleep(200))
    })
    expect(order).toEqual(['late', 'hog ends'])
  })

  test('WQ-37 bottom-half items run in softirq context, in order, before tasklets', () => {
    const order: string[] = []
    run(function* () {
      const tasklet = new tasklet_struct()
      tasklet_setup(tasklet, () => void order.push('tasklet'))
      const item = (n: number): w.work_struct =>
        w.DECLARE_WORK('bh', () => void order.push(`${n} ${in_serving_softirq()}`))
      tasklet_schedule(tasklet)
      w.queue_work(w.system_bh_wq, item(1))
      w.queue_work(w.system_bh_wq, item(2))
      yield* sim(msleep(10))
    })
    expect(order).toEqual(['1 true', '2 true', 'tasklet'])
  })
})
