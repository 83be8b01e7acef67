import { expect, test } from 'vitest'
import { machine } from '../../../src-sim/engine/current'
import type { Sim } from '../../../src-sim/engine/suspend'
import { allocIrqs, raiseIrq, setLevel } from '../../../src-sim/kernel/irq/lines'
import { msleep } from '../../../src-sim/linux/delay'
import * as i from '../../../src-sim/linux/interrupt'
import * as p from '../../../src-sim/linux/preempt'
import { kinds, run, sim } from '../harness'

test('IRQ-05 a primary handler runs in hardirq context and wakes its thread', () => {
  const seen: string[] = []
  const m = run(function* (): Sim {
    const irq = allocIrqs(machine(), 1, 'dev')
    const hard = (): number => {
      seen.push(`hard ${p.in_hardirq()} ${p.in_task()}`)
      return i.IRQ_WAKE_THREAD
    }
    const thread = (): number => {
      seen.push(
        `thread ${p.in_task()} ${machine().tasks.find((t) => t.onCpu && t.comm !== 'main')?.comm}`,
      )
      return i.IRQ_HANDLED
    }
    expect(yield* sim(i.request_threaded_irq(irq, hard, thread, 0, 'demo', {}))).toBe(0)
    raiseIrq(machine(), irq)
    yield* sim(msleep(10))
    raiseIrq(machine(), irq)
    yield* sim(msleep(10))
  })
  const once = ['hard true false', 'thread true irq/24-demo']
  expect(seen).toEqual([...once, ...once])
  expect(kinds(m)).toEqual([])
})

test('IRQ-05 a level line with ONESHOT stays masked until the thread is done', () => {
  let hard = 0
  let threads = 0
  run(function* (): Sim {
    const irq = allocIrqs(machine(), 1, 'dev', 'intx')
    const dev = {}
    const thread = (): number => {
      threads++
      setLevel(machine(), irq, dev, false)
      return i.IRQ_HANDLED
    }
    const handler = (): number => (hard++, i.IRQ_WAKE_THREAD)
    yield* sim(i.request_threaded_irq(irq, handler, thread, i.IRQF_ONESHOT, 'demo', dev))
    setLevel(machine(), irq, dev, true)
    yield* sim(msleep(10))
    yield* sim(i.free_irq(irq, dev))
  })
  expect([hard, threads]).toEqual([1, 1])
})
