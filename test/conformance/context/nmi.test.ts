import { expect, test } from 'vitest'
import { machine } from '../../../src-sim/engine/current'
import { RELAX, type Sim } from '../../../src-sim/engine/suspend'
import { randomStrategy } from '../../../src-sim/engine/strategies/random'
import * as nmi from '../../../src-sim/linux/asm/nmi'
import { mdelay } from '../../../src-sim/linux/delay'
import { EINVAL } from '../../../src-sim/linux/errno'
import { IRQ_WORK_INIT, irq_work_queue } from '../../../src-sim/linux/irq_work'
import { local_irq_disable, local_irq_enable } from '../../../src-sim/linux/irqflags'
import { inject_nmi } from '../../../src-sim/linux/klab/scenario'
import * as p from '../../../src-sim/linux/preempt'
import {
  DEFINE_SPINLOCK, spin_lock, spin_lock_irqsave, spin_trylock, spin_unlock, spin_unlock_irqrestore,
} from '../../../src-sim/linux/spinlock'
import { sim } from '../../sim/harness'
import { checked } from '../checked'

const register = (fn: () => unknown, name = 'probe', flags = 0, type = nmi.NMI_LOCAL): number =>
  nmi.register_nmi_handler(type, fn as unknown as nmi.nmi_handler_t, flags, name)

test('CTX-01 an NMI comes through masked interrupts, and masked it is nowhere', () => {
  const { log, kinds } = checked(function* (say) {
    register(() => {
      say(p.in_nmi(), p.in_hardirq(), p.in_task(), p.preempt_count() & 0xf00000)
      return nmi.NMI_HANDLED
    })
    local_irq_disable()
    inject_nmi(0)
    yield* sim(mdelay(1))
    say('on')
    local_irq_enable()
    say(p.in_nmi(), p.preempt_count())
  })
  expect(log).toEqual(['true true false 1048576', 'on', 'false 0'])
  expect(kinds).toEqual([])
})

test('CTX-01 an interrupt that comes during an NMI waits for its end', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { log } = checked(
      function* (say) {
        const work = IRQ_WORK_INIT(() => say('irq work'))
        let done = false
        register((() => (function* (): Sim<number> {
          irq_work_queue(work)
          say('begin')
          for (let i = 0; i < 3; i++) yield* sim(mdelay(1))
          say('end')
          done = true
          return nmi.NMI_HANDLED
        })()) as never)
        inject_nmi(0)
        while (!done) yield RELAX
        yield* sim(mdelay(5))
      },
      { strategy: randomStrategy(seed) },
    )
    expect(log).toEqual(['begin', 'end', 'irq work'])
  }
})

test('all handlers of a type are asked, and nobody answering is complained about', () => {
  const { log, dmesg } = checked(function* (say) {
    const handler = (name: string) => () => (say(name), nmi.NMI_DONE)
    say(register(handler('a'), 'a'), register(handler('b'), 'b', nmi.NMI_FLAG_FIRST))
    register(handler('unknown'), 'u', 0, nmi.NMI_UNKNOWN)
    inject_nmi(0)
    yield* sim(mdelay(1))
  })
  expect(log).toEqual(['0 0', 'b', 'a', 'unknown'])
  expect(dmesg).toEqual([
    'Uhhuh. NMI received for unknown reason 00 on CPU 0.',
    'Dazed and confused, but trying to continue',
  ])
})

test('an unregistered handler is not called; a missing one is refused', () => {
  const { log } = checked(function* (say) {
    say(nmi.register_nmi_handler(nmi.NMI_LOCAL, null, 0, 'none') === -EINVAL)
    register(() => (say('called'), nmi.NMI_HANDLED))
    yield* sim(nmi.unregister_nmi_handler(nmi.NMI_LOCAL, 'probe'))
    inject_nmi(0)
    yield* sim(mdelay(1))
    say(inject_nmi(9) === -EINVAL)
  })
  expect(log).toEqual(['true', 'true'])
})

test('LD-R05 waiting in an NMI for a lock that is used elsewhere is an inconsistent state', () => {
  const { dmesg, kinds } = checked(function* () {
    const lock = DEFINE_SPINLOCK('lock')
    yield* sim(spin_lock(lock))
    spin_unlock(lock)
    register((() => (function* (): Sim<number> {
      const flags = (yield* sim(spin_lock_irqsave(lock))) as unknown as number
      spin_unlock_irqrestore(lock, flags)
      return nmi.NMI_HANDLED
    })()) as never)
    inject_nmi(0)
    yield* sim(mdelay(1))
  })
  expect(kinds).toEqual(['lockdep.inconsistent'])
  expect(dmesg).toContain('inconsistent {INITIAL USE} -> {IN-NMI} usage.')
})

test('LD-R05 to try a lock in an NMI is fine, and so is one that nobody else uses', () => {
  const { kinds, log } = checked(function* (say) {
    const [shared, own] = [DEFINE_SPINLOCK('shared'), DEFINE_SPINLOCK('own')]
    register((() => (function* (): Sim<number> {
      yield* sim(spin_lock(own))
      spin_unlock(own)
      if (spin_trylock(shared)) spin_unlock(shared)
      else say('busy')
      return nmi.NMI_HANDLED
    })()) as never)
    yield* sim(spin_lock(shared))
    inject_nmi(0)
    yield* sim(mdelay(1))
    spin_unlock(shared)
  })
  expect(log).toEqual(['busy'])
  expect(kinds).toEqual([])
})

test('a handler that waits for what the interrupted code holds is a deadlock', () => {
  const { kinds } = checked(function* () {
    const lock = DEFINE_SPINLOCK('lock')
    register((() => (function* (): Sim<number> {
      yield* sim(spin_lock(lock))
      return nmi.NMI_HANDLED
    })()) as never)
    yield* sim(spin_lock(lock))
    inject_nmi(machine().cpus[0]!.id)
    yield* sim(mdelay(1))
  })
  expect(kinds).toContain('deadlock')
})
