import { describe, expect, test } from 'vitest'
import { currentTask, machine } from '../../../src-sim/engine/current'
import { RELAX, type Sim } from '../../../src-sim/engine/suspend'
import {
  openSoftirq, softirqs, SCHED_SOFTIRQ, NET_RX_SOFTIRQ, NET_TX_SOFTIRQ,
} from '../../../src-sim/kernel/irq/softirq'
import { allocIrqs, raiseIrq } from '../../../src-sim/kernel/irq/lines'
import { local_bh_disable, local_bh_enable } from '../../../src-sim/linux/bottom_half'
import { mdelay, msleep } from '../../../src-sim/linux/delay'
import * as i from '../../../src-sim/linux/interrupt'
import {
  init_irq_work, irq_work, irq_work_queue, irq_work_sync,
} from '../../../src-sim/linux/irq_work'
import { local_irq_disable, local_irq_enable } from '../../../src-sim/linux/irqflags'
import * as p from '../../../src-sim/linux/preempt'
import { dmesg, kinds, run, sim } from '../../sim/harness'

const gen = <A>(f: (a: A) => Sim): ((a: A) => void) => f as never

describe('softirqs', () => {
  test('CTX-01 a softirq raised in a hardirq runs when the interrupt ends', () => {
    const order: string[] = []
    run(function* () {
      openSoftirq(NET_RX_SOFTIRQ, () => void order.push(`soft ${p.in_serving_softirq()}`))
      const irq = allocIrqs(machine(), 1, 'd')
      yield* sim(i.request_irq(irq, () => {
        i.raise_softirq(NET_RX_SOFTIRQ)
        order.push('hard')
        return i.IRQ_HANDLED
      }, 0, 'd', {}))
      raiseIrq(machine(), irq)
      yield* sim(mdelay(1))
      order.push('task')
    })
    expect(order).toEqual(['hard', 'soft true', 'task'])
  })

  test('CTX-02 raised in a task it is left to ksoftirqd, and the raiser goes on', () => {
    const order: string[] = []
    run(function* () {
      openSoftirq(NET_RX_SOFTIRQ, () => void order.push(currentTask()!.comm))
      i.raise_softirq(NET_RX_SOFTIRQ)
      order.push('raised')
      yield* sim(msleep(4))
    })
    expect(order).toEqual(['raised', 'ksoftirqd/0'])
  })

  test('CTX-03 vectors run lowest first; what is raised meanwhile waits for the next pass', () => {
    const order: string[] = []
    run(function* () {
      openSoftirq(NET_TX_SOFTIRQ, () => void order.push('tx'))
      openSoftirq(NET_RX_SOFTIRQ, () => {
        order.push('rx')
        if (order.length < 4) i.raise_softirq(NET_TX_SOFTIRQ)
      })
      openSoftirq(SCHED_SOFTIRQ, () => void order.push('sched'))
      local_bh_disable()
      for (const vector of [SCHED_SOFTIRQ, NET_RX_SOFTIRQ, NET_TX_SOFTIRQ]) i.raise_softirq(vector)
      yield* sim(local_bh_enable())
      order.push('enabled')
    })
    expect(order).toEqual(['tx', 'rx', 'sched', 'tx', 'enabled'])
  })

  test('CTX-03 after ten passes the rest is for ksoftirqd', () => {
    const by: string[] = []
    run(function* () {
      openSoftirq(NET_RX_SOFTIRQ, () => {
        by.push(currentTask()!.comm)
        if (by.length < 15) i.raise_softirq(NET_RX_SOFTIRQ)
      })
      local_bh_disable()
      i.raise_softirq(NET_RX_SOFTIRQ)
      yield* sim(local_bh_enable())
      expect(by).toHaveLength(10)
      yield* sim(msleep(4))
    })
    expect(by.slice(8, 12)).toEqual(['main', 'main', 'ksoftirqd/0', 'ksoftirqd/0'])
    expect(by).toHaveLength(15)
  })

  test('CTX-04 the end of an interrupt serves softirqs although ksoftirqd is runnable', () => {
    const by: string[] = []
    run(function* () {
      openSoftirq(NET_RX_SOFTIRQ, () => void by.push(currentTask()!.comm))
      const irq = allocIrqs(machine(), 1, 'd')
      yield* sim(i.request_irq(irq, () => i.IRQ_HANDLED, 0, 'd', {}))
      p.preempt_disable()
      i.raise_softirq(NET_RX_SOFTIRQ)
      raiseIrq(machine(), irq)
      yield* sim(mdelay(1))
      p.preempt_enable()
      yield* sim(msleep(4))
    })
    expect(by).toEqual(['main'])
  })

  test('CTX-05 local_bh_enable with interrupts off warns once', () => {
    const m = run(function* () {
      local_irq_disable()
      for (let k = 0; k < 2; k++) {
        local_bh_disable()
        yield* sim(local_bh_enable())
      }
      local_irq_enable()
    })
    expect(kinds(m)).toEqual(['warn.bh-enable-irqs-off'])
  })

  test('CTX-06 a handler that changes the preempt counter is named and put right', () => {
    const m = run(function* () {
      openSoftirq(NET_RX_SOFTIRQ, () => p.preempt_disable())
      local_bh_disable()
      i.raise_softirq(NET_RX_SOFTIRQ)
      yield* sim(local_bh_enable())
      expect(p.preempt_count()).toBe(0)
    })
    expect(dmesg(m)[0]).toMatch(
      /^huh, entered softirq 3 NET_RX .* ?with preempt_count 00000100, exited with 00000101\?$/,
    )
  })

  test('the preempt counter tells contexts apart', () => {
    run(function* () {
      local_bh_disable()
      expect(p.preempt_count()).toBe(0x200)
      expect([p.in_softirq(), p.in_serving_softirq(), p.in_task(), p.in_interrupt()]).toEqual([
        true, false, true, true,
      ])
      yield* sim(local_bh_enable())
      expect([p.in_softirq(), p.in_atomic(), p.preemptible()]).toEqual([false, false, true])
      expect(softirqs(machine()).pending(machine().cpus[0]!)).toBe(0)
    })
  })
})

describe('tasklets', () => {
  const make = (fn: (t: i.tasklet_struct) => void): i.tasklet_struct => {
    const tasklet = new i.tasklet_struct()
    i.tasklet_setup(tasklet, fn)
    return tasklet
  }

  test('TSK-01 scheduled twice it runs once', () => {
    let runs = 0
    run(function* () {
      const tasklet = make(() => void runs++)
      i.tasklet_schedule(tasklet)
      i.tasklet_schedule(tasklet)
      yield* sim(msleep(4))
    })
    expect(runs).toBe(1)
  })

  test('TSK-02 never parallel with itself; disabled it stays scheduled', () => {
    const order: string[] = []
    let active = 0
    run(function* () {
      let go = false
      const tasklet = make(gen(function* (self: i.tasklet_struct) {
        expect(++active).toBe(1)
        order.push('run')
        while (!go) yield RELAX
        active--
        if (order.length < 3) i.tasklet_schedule(self)
      }))
      machine().spawn('other', (function* (): Sim {
        i.tasklet_schedule(tasklet)
      })(), { cpu: 1, bound: true })
      while (order.length === 0) yield RELAX
      i.tasklet_schedule(tasklet)
      yield* sim(mdelay(1))
      go = true
      yield* sim(i.tasklet_disable(tasklet))
      order.push('disabled')
      yield* sim(mdelay(1))
      i.tasklet_enable(tasklet)
      yield* sim(msleep(4))
    })
    expect(order.slice(0, 3)).toEqual(['run', 'disabled', 'run'])
  })

  test('TSK-02 scheduled while it is disabled it runs when it is enabled, and costs nothing', () => {
    const order: string[] = []
    const m = run(function* () {
      const tasklet = make(() => void order.push('run'))
      i.tasklet_disable_nosync(tasklet)
      i.tasklet_disable_nosync(tasklet)
      i.tasklet_schedule(tasklet)
      yield* sim(msleep(100))
      i.tasklet_enable(tasklet)
      yield* sim(msleep(4))
      order.push('enabled once')
      i.tasklet_enable(tasklet)
      yield* sim(msleep(4))
    })
    expect(order).toEqual(['enabled once', 'run'])
    expect(m.steps).toBeLessThan(200)
  })

  test('TSK-03 kill waits for a scheduled run; in interrupt context it says so', () => {
    let runs = 0
    const m = run(function* () {
      const tasklet = make(() => void runs++)
      local_bh_disable()
      i.tasklet_schedule(tasklet)
      yield* sim(local_bh_enable())
      i.tasklet_schedule(tasklet)
      yield* sim(i.tasklet_kill(tasklet))
      expect(runs).toBe(2)
      local_bh_disable()
      yield* sim(i.tasklet_kill(tasklet))
      yield* sim(local_bh_enable())
    })
    expect(dmesg(m)).toEqual(['Attempt to kill tasklet from interrupt'])
  })

  test('TSK-04 initialising a queued tasklet again loses its state', () => {
    const m = run(function* () {
      const tasklet = make(function again() {})
      i.tasklet_schedule(tasklet)
      i.tasklet_setup(tasklet, function again() {})
      yield* sim(msleep(4))
    })
    expect(dmesg(m)[1]).toBe('tasklet SCHED state not set: callback again+0x0/0x10')
  })

  test('TSK-05 first in, first out; HI before all', () => {
    const order: string[] = []
    run(function* () {
      const tasklet = (name: string): i.tasklet_struct => make(() => void order.push(name))
      local_bh_disable()
      i.tasklet_schedule(tasklet('a'))
      i.tasklet_schedule(tasklet('b'))
      i.tasklet_hi_schedule(tasklet('hi'))
      yield* sim(local_bh_enable())
    })
    expect(order).toEqual(['hi', 'a', 'b'])
  })
})

test('irq_work runs in hardirq context on the CPU that queued it', () => {
  const seen: boolean[] = []
  run(function* () {
    const work = new irq_work()
    init_irq_work(work, () => void seen.push(p.in_hardirq()))
    expect(irq_work_queue(work)).toBe(true)
    expect(irq_work_queue(work)).toBe(false)
    yield* sim(irq_work_sync(work))
    expect(seen).toEqual([true])
  })
})
