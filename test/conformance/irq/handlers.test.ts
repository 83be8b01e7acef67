import { describe, expect, test } from 'vitest'
import { machine } from '../../../src-sim/engine/current'
import { randomStrategy } from '../../../src-sim/engine/strategies/random'
import { RELAX, type Sim } from '../../../src-sim/engine/suspend'
import { irqs } from '../../../src-sim/kernel/irq/desc'
import { allocIrqs, freeIrqs, raiseIrq, setLevel } from '../../../src-sim/kernel/irq/lines'
import { mdelay, msleep } from '../../../src-sim/linux/delay'
import * as i from '../../../src-sim/linux/interrupt'
import { dummy_irq_chip, handle_simple_irq, irq_set_chip_and_handler } from '../../../src-sim/linux/irq'
import { generic_handle_irq_safe, irq_alloc_desc, NUMA_NO_NODE } from '../../../src-sim/linux/irqdesc'
import { local_irq_disable, local_irq_enable } from '../../../src-sim/linux/irqflags'
import { dmesg, kcall, kinds, run, sim } from '../../sim/harness'

type Handler = i.irq_handler_t
const gen = (f: (irq: number, dev: unknown) => Sim<number>): Handler => f as never
const handled: Handler = () => i.IRQ_HANDLED
const msi = (): number => allocIrqs(machine(), 1, 'dev')
const intx = (): number => allocIrqs(machine(), 1, 'dev', 'intx')
const raise = (irq: number): void => raiseIrq(machine(), irq)
const request =
  (irq: number, h: Handler | null, flags: number, dev: unknown, name = 'demo'): Sim<number> =>
  sim(i.request_irq(irq, h, flags, name, dev))

describe('requesting', () => {
  test('IRQ-01 what makes no sense is refused', () => {
    run(function* () {
      const irq = msi()
      const dev = {}
      expect(yield* request(i.IRQ_NOTCONNECTED, handled, 0, dev)).toBe(-107)
      expect(yield* request(irq, handled, i.IRQF_SHARED, null)).toBe(-22)
      expect(yield* request(irq, handled, i.IRQF_SHARED | i.IRQF_NO_AUTOEN, dev)).toBe(-22)
      expect(yield* request(irq, handled, i.IRQF_COND_SUSPEND, dev)).toBe(-22)
      expect(yield* request(999, handled, 0, dev)).toBe(-22)
      expect(yield* request(irq, null, 0, dev)).toBe(-22)
      expect(yield* request(irq_alloc_desc(NUMA_NO_NODE), handled, 0, dev)).toBe(-38)
    })
  })

  test('IRQ-02 a thread without primary handler needs ONESHOT, but not for messages', () => {
    const m = run(function* () {
      const line = intx()
      const threaded = (irq: number, flags: number): Sim<number> =>
        sim(i.request_threaded_irq(irq, null, handled, flags, 'demo', {}))
      expect(yield* threaded(line, 0)).toBe(-22)
      expect(yield* threaded(line, i.IRQF_ONESHOT)).toBe(0)
      expect(yield* threaded(msi(), 0)).toBe(0)
    })
    expect(dmesg(m)).toEqual([
      'genirq: Threaded irq requested with handler=NULL and !ONESHOT for demo (irq 16)',
    ])
    expect(m.tasks.filter((t) => t.comm.startsWith('irq/16') && !t.finished)).toHaveLength(1)
  })

  test('IRQ-03 sharers must agree', () => {
    const m = run(function* () {
      const irq = intx()
      expect(yield* request(irq, handled, i.IRQF_SHARED, {}, 'one')).toBe(0)
      expect(yield* request(irq, handled, 0, {}, 'two')).toBe(-16)
      expect(
        yield* request(irq, handled, i.IRQF_SHARED | i.IRQF_TRIGGER_HIGH, {}, 'three')).toBe(-16,
      )
      expect(
        yield* request(irq, handled, i.IRQF_SHARED | i.IRQF_PROBE_SHARED | 1, {}, 'x')).toBe(-16,
      )
      expect(yield* request(irq, handled, i.IRQF_SHARED, {}, 'four')).toBe(0)
    })
    expect(dmesg(m)).toEqual([
      'genirq: Flags mismatch irq 16. 00200000 (two) vs. 00200080 (one)',
      'genirq: Flags mismatch irq 16. 00200084 (three) vs. 00200080 (one)',
    ])
  })

  test('IRQ-03 COND_ONESHOT adapts to a ONESHOT line', () => {
    run(function* () {
      const irq = intx()
      const flags = i.IRQF_SHARED | i.IRQF_ONESHOT
      expect(yield* sim(i.request_threaded_irq(irq, handled, handled, flags, 'a', {}))).toBe(0)
      expect(yield* request(irq, handled, i.IRQF_SHARED, {})).toBe(0)
    })
  })

  test('IRQ-04 the handler can run before request_irq returns', () => {
    let early = 0
    for (let seed = 0; seed < 50; seed++) {
      let returned = false
      run(function* () {
        const irq = intx()
        const dev = {}
        i.irq_set_affinity(irq, 2)
        setLevel(machine(), irq, dev, true)
        const handler: Handler = () => {
          setLevel(machine(), irq, dev, false)
          if (!returned) early++
          return i.IRQ_HANDLED
        }
        yield* kcall(i.request_irq, irq, handler, 0, 'demo', dev)
        returned = true
        yield* kcall(msleep, 4)
      }, { strategy: randomStrategy(seed), seed })
    }
    expect(early).toBeGreaterThan(0)
  })

  test('IRQ-18 ONESHOT without a thread warns once', () => {
    const m = run(function* () {
      expect(yield* request(intx(), handled, i.IRQF_ONESHOT, {})).toBe(0)
      expect(yield* request(intx(), handled, i.IRQF_ONESHOT, {})).toBe(0)
    })
    expect(kinds(m)).toEqual(['warn.irq-oneshot-without-thread'])
  })
})

describe('handling', () => {
  test('IRQ-06 an edge that comes while the handler runs is replayed on the same CPU', () => {
    let most = 0
    let active = 0
    let runs = 0
    run(function* () {
      const irq = msi()
      i.irq_set_affinity(irq, 2)
      let go = false
      const handler = gen(function* () {
        most = Math.max(most, ++active)
        runs++
        while (!go) yield RELAX
        active--
        return i.IRQ_HANDLED
      })
      yield* request(irq, handler, 0, {})
      raise(irq)
      while (runs === 0) yield RELAX
      i.irq_set_affinity(irq, 1)
      raise(irq)
      yield* sim(mdelay(1))
      go = true
      yield* sim(msleep(4))
    })
    expect([runs, most]).toEqual([2, 1])
  })

  test('IRQ-06 interrupts stay pending while the CPU does not take them, several as one', () => {
    let runs = 0
    run(function* () {
      const irq = msi()
      yield* request(irq, () => (runs++, i.IRQ_HANDLED), 0, {})
      local_irq_disable()
      raise(irq)
      raise(irq)
      yield* sim(mdelay(1))
      expect(runs).toBe(0)
      local_irq_enable()
      yield* sim(mdelay(1))
    })
    expect(runs).toBe(1)
  })

  test('a level line interrupts again until the device lets go of it', () => {
    let runs = 0
    run(function* () {
      const irq = intx()
      const dev = {}
      yield* request(irq, () => {
        if (++runs === 3) setLevel(machine(), irq, dev, false)
        return i.IRQ_HANDLED
      }, 0, dev)
      setLevel(machine(), irq, dev, true)
      yield* sim(msleep(4))
    })
    expect(runs).toBe(3)
  })

  test('IRQ-05 WAKE_THREAD without a thread is said once per action', () => {
    const m = run(function* () {
      const irq = msi()
      yield* request(irq, () => i.IRQ_WAKE_THREAD, 0, {})
      raise(irq)
      yield* sim(msleep(4))
      raise(irq)
      yield* sim(msleep(4))
    })
    expect(dmesg(m)).toEqual([
      'IRQ 24 device demo returned IRQ_WAKE_THREAD but no thread function available.',
    ])
  })

  test('CTX-13 a handler that enables interrupts is told once, and they are off again', () => {
    const m = run(function* () {
      const irq = msi()
      yield* request(irq, function bad() {
        local_irq_enable()
        return i.IRQ_HANDLED
      }, 0, {})
      raise(irq)
      yield* sim(msleep(4))
    })
    expect(dmesg(m)[1]).toBe('irq 24 handler bad+0x0/0x10 enabled interrupts')
  })

  test('CTX-13 so is one that is run by hand in a task', () => {
    const m = run(function* () {
      const irq = irq_alloc_desc(NUMA_NO_NODE)
      irq_set_chip_and_handler(irq, dummy_irq_chip, handle_simple_irq)
      yield* request(irq, function bad() {
        local_irq_enable()
        return i.IRQ_HANDLED
      }, 0, {})
      yield* sim(generic_handle_irq_safe(irq))
    })
    expect(kinds(m)).toEqual(['warn.irq-handler-enabled-interrupts'])
  })

  test('IRQ-13 a line that nobody claims is switched off after 100000 interrupts', () => {
    let runs = 0
    const m = run(function* () {
      const irq = intx()
      const dev = {}
      yield* request(irq, function deaf() {
        runs++
        return i.IRQ_NONE
      }, 0, dev)
      setLevel(machine(), irq, dev, true)
      yield* sim(mdelay(1))
      expect(irqs(machine()).get(irq)!.disabled).toBe(true)
    })
    expect(runs).toBe(100_000)
    expect(kinds(m)).toEqual(['irq.nobody-cared'])
    const log = dmesg(m)
    expect(log[0]).toBe('irq 16: nobody cared (try booting with the "irqpoll" option)')
    expect(log.slice(-3)).toEqual(['handlers:', 'deaf', 'Disabling IRQ #16'])
  })

  test('IRQ-13 an illegal return value is printed', () => {
    const m = run(function* () {
      const irq = msi()
      yield* request(irq, () => 77, 0, {})
      raise(irq)
      yield* sim(msleep(4))
    })
    expect(dmesg(m)[0]).toBe('irq event 24: bogus return value 4d')
  })
})

describe('lines that go', () => {
  test('IRQ-15 vectors freed with a handler left warn, and free_irq finds nothing', () => {
    const m = run(function* () {
      const irq = msi()
      const dev = {}
      yield* request(irq, handled, 0, dev)
      freeIrqs(machine(), irq, 1)
      raise(irq)
      expect(yield* sim(i.free_irq(irq, dev))).toBe(null)
      expect(yield* request(msi(), handled, 0, dev)).toBe(0)
    })
    expect(dmesg(m)[1]).toBe(
      "remove_proc_entry: removing non-empty directory 'irq/24', leaking at least 'demo'",
    )
    expect(kinds(m)).toEqual(['warn.remove-proc-entry'])
  })
})
