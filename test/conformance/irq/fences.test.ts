import { describe, expect, test } from 'vitest'
import { machine } from '../../../src-sim/engine/current'
import { randomStrategy } from '../../../src-sim/engine/strategies/random'
import { RELAX, type Sim } from '../../../src-sim/engine/suspend'
import { irqs } from '../../../src-sim/kernel/irq/desc'
import { allocIrqs, raiseIrq } from '../../../src-sim/kernel/irq/lines'
import { msleep } from '../../../src-sim/linux/delay'
import * as i from '../../../src-sim/linux/interrupt'
import { irqs_disabled } from '../../../src-sim/linux/irqflags'
import { in_hardirq } from '../../../src-sim/linux/preempt'
import { dmesg, kcall, kinds, run, sim } from '../../sim/harness'

type Handler = i.irq_handler_t
const gen = (f: (irq: number, dev: unknown) => Sim<number>): Handler => f as never
const handled: Handler = () => i.IRQ_HANDLED
const msi = (): number => allocIrqs(machine(), 1, 'dev')
const raise = (irq: number): void => raiseIrq(machine(), irq)

describe('freeing', () => {
  test('IRQ-10 freeing twice warns and answers null; the first time answers the name', () => {
    const m = run(function* () {
      const irq = msi()
      const dev = {}
      yield* sim(i.request_irq(irq, handled, 0, 'demo', dev))
      expect(yield* sim(i.free_irq(irq, dev))).toBe('demo')
      expect(yield* sim(i.free_irq(irq, dev))).toBe(null)
    })
    expect(dmesg(m)[1]).toBe('Trying to free already-free IRQ 24')
    expect(kinds(m)).toEqual(['warn.irq-already-free'])
  })

  test('IRQ-10 an affinity hint left behind warns', () => {
    const m = run(function* () {
      const irq = msi()
      const dev = {}
      yield* sim(i.request_irq(irq, handled, 0, 'demo', dev))
      i.irq_set_affinity_hint(irq, 2)
      yield* sim(i.free_irq(irq, dev))
    })
    expect(kinds(m)).toEqual(['warn.irq-affinity-hint-left'])
  })

  test('IRQ-10 under every order neither handler nor thread runs after free_irq', () => {
    let threadsMet = 0
    for (let seed = 0; seed < 300; seed++) {
      let running = 0
      let late = false
      let freed = false
      run(function* () {
        const irq = msi()
        const dev = {}
        i.irq_set_affinity(irq, 2)
        const part = (result: number): Handler =>
          gen(function* () {
            running++
            if (freed) late = true
            yield* kcall(i.irq_has_action, irq)
            yield RELAX
            running--
            return result
          })
        const [primary, thread] = [part(i.IRQ_WAKE_THREAD), part(i.IRQ_HANDLED)]
        yield* kcall(i.request_threaded_irq, irq, primary, thread, 0, 'd', dev)
        machine().at(machine().nowNs + 2000, 'device', null, () => raise(irq))
        machine().at(machine().nowNs + 9000, 'device', null, () => raise(irq))
        for (let turn = 0; turn < seed % 20; turn++) yield* kcall(i.synchronize_hardirq, 999)
        if (running > 0) threadsMet++
        yield* kcall(i.free_irq, irq, dev)
        late ||= running > 0
        freed = true
        yield* kcall(msleep, 4)
      }, { strategy: randomStrategy(seed), seed })
      expect(late, `seed ${seed}`).toBe(false)
    }
    expect(threadsMet).toBeGreaterThan(0)
  })

  test('IRQ-11 a freed shared handler is called once more, with interrupts off', () => {
    const calls: string[] = []
    run(function* () {
      const irq = msi()
      const dev = {}
      const handler: Handler = () => {
        calls.push(`${irqs_disabled()} ${in_hardirq()}`)
        return i.IRQ_NONE
      }
      yield* sim(i.request_irq(irq, handler, i.IRQF_SHARED, 'demo', dev))
      yield* sim(i.free_irq(irq, dev))
      expect(irqs_disabled()).toBe(false)
    })
    expect(calls).toEqual(['true false'])
  })

  test('IRQ-12 a wake-up pending when the line is freed is served once more', () => {
    let runs = 0
    run(function* () {
      const irq = msi()
      const dev = {}
      let go = false
      const thread = gen(function* () {
        runs++
        while (!go) yield* sim(msleep(1))
        return i.IRQ_HANDLED
      })
      yield* sim(i.request_threaded_irq(irq, null, thread, 0, 'demo', dev))
      raise(irq)
      yield* sim(msleep(4))
      raise(irq)
      yield* sim(msleep(4))
      go = true
      yield* sim(i.free_irq(irq, dev))
    })
    expect(runs).toBe(2)
  })

  test('IRQ-14 a thread that dies says so and lets waiters go on', () => {
    const m = run(function* () {
      const irq = msi()
      const dev = {}
      const thread: Handler = () => {
        throw new TypeError("Cannot read properties of null (reading 'x')")
      }
      machine().trouble = { ...machine().trouble, oops: () => {} }
      yield* sim(i.request_threaded_irq(irq, null, thread, 0, 'demo', dev))
      raise(irq)
      yield* sim(msleep(4))
      yield* sim(i.synchronize_irq(irq))
    })
    expect(dmesg(m)).toEqual([
      expect.stringMatching(/^exiting task "irq\/24-demo" \(\d+\) is an active IRQ thread/),
    ])
    expect(m.stop).toBe('finished')
  })
})

describe('disabling', () => {
  test('IRQ-07 what comes while the line is disabled is delivered once at the last enable', () => {
    let hits = 0
    run(function* () {
      const irq = msi()
      yield* sim(i.request_irq(irq, () => (hits++, i.IRQ_HANDLED), 0, 'demo', {}))
      yield* sim(i.disable_irq(irq))
      i.disable_irq_nosync(irq)
      raise(irq)
      raise(irq)
      yield* sim(msleep(4))
      i.enable_irq(irq)
      yield* sim(msleep(4))
      expect(hits).toBe(0)
      i.enable_irq(irq)
      yield* sim(msleep(4))
    })
    expect(hits).toBe(1)
  })

  test('IRQ-01 NO_AUTOEN leaves the line disabled', () => {
    let hits = 0
    const m = run(function* () {
      const irq = msi()
      yield* sim(i.request_irq(irq, () => (hits++, i.IRQ_HANDLED), i.IRQF_NO_AUTOEN, 'demo', {}))
      raise(irq)
      yield* sim(msleep(4))
      expect(hits).toBe(0)
      i.enable_irq(irq)
      yield* sim(msleep(4))
    })
    expect(hits).toBe(1)
    expect(kinds(m)).toEqual([])
  })

  test('IRQ-08 IRQ-09 disable_hardirq and synchronize_hardirq tell of a thread at work', () => {
    run(function* () {
      const irq = msi()
      let go = false
      const thread = gen(function* () {
        while (!go) yield* sim(msleep(1))
        return i.IRQ_HANDLED
      })
      yield* sim(i.request_threaded_irq(irq, null, thread, 0, 'demo', {}))
      expect(yield* sim(i.synchronize_hardirq(irq))).toBe(true)
      raise(irq)
      yield* sim(msleep(4))
      expect(yield* sim(i.synchronize_hardirq(irq))).toBe(false)
      expect(yield* sim(i.disable_hardirq(irq))).toBe(false)
      expect(yield* sim(i.disable_hardirq(999))).toBe(false)
      go = true
      yield* sim(i.synchronize_irq(irq))
      expect(yield* sim(i.synchronize_hardirq(irq))).toBe(true)
    })
  })

  test('IRQ-17 with forced threading a primary handler runs in a thread', () => {
    const seen: boolean[] = []
    run(function* () {
      irqs(machine()).forceThreads = true
      const irq = allocIrqs(machine(), 1, 'd', 'intx')
      const handler: Handler = () => {
        seen.push(in_hardirq())
        return i.IRQ_HANDLED
      }
      yield* sim(i.request_irq(irq, handler, i.IRQF_TRIGGER_RISING, 'demo', {}))
      raise(irq)
      yield* sim(msleep(4))
      const hard = msi()
      yield* sim(i.request_irq(hard, handler, i.IRQF_NO_THREAD, 'demo', {}))
      raise(hard)
      yield* sim(msleep(4))
    })
    expect(seen).toEqual([false, true])
  })
})
