import { expect, test } from 'vitest'
import { vsprintf } from '../../../src-sim/kernel/printk/format'
import { msleep } from '../../../src-sim/linux/delay'
import { ERR_PTR, IS_ERR_VALUE } from '../../../src-sim/linux/err'
import { ENOMEM } from '../../../src-sim/linux/errno'
import { gfpflags_allow_blocking, GFP_ATOMIC, GFP_KERNEL } from '../../../src-sim/linux/gfp'
import { irqs_disabled, irqs_disabled_flags, local_irq_restore, local_irq_save } from '../../../src-sim/linux/irqflags'
import * as ld from '../../../src-sim/linux/lockdep'
import * as m from '../../../src-sim/linux/mutex'
import { preempt_disable, preempt_enable } from '../../../src-sim/linux/preempt'
import * as rt from '../../../src-sim/linux/rtmutex'
import { DECLARE_RWSEM, down_read, down_write, up_read, up_write } from '../../../src-sim/linux/rwsem'
import { DEFINE_SPINLOCK, assert_spin_locked, spin_lock, spin_unlock } from '../../../src-sim/linux/spinlock'
import { sim } from '../../sim/harness'
import { checked } from '../checked'

test('LD-R17 releasing a pinned lock warns and leaves the validator on', () => {
  const { dmesg, kinds } = checked(function* () {
    const lock = m.DEFINE_MUTEX('lock')
    ld.lockdep_pin_lock(lock)
    yield* sim(m.mutex_lock(lock))
    const cookie = ld.lockdep_pin_lock(lock)
    m.mutex_unlock(lock)
    yield* sim(m.mutex_lock(lock))
    ld.lockdep_unpin_lock(lock, cookie)
    m.mutex_unlock(lock)
    m.mutex_unlock(lock)
  })
  expect(dmesg.filter((line) => /pinn/.test(line))).toEqual([
    'pinning an unheld lock', 'releasing a pinned lock', 'unpinning an unpinned lock',
  ])
  expect(kinds.at(-1)).toBe('lockdep.unlock-balance')
})

test('held for writing and held for reading are told apart', () => {
  const { kinds, log } = checked(function* (say) {
    const sem = DECLARE_RWSEM('sem')
    yield* sim(down_read(sem))
    say(ld.lockdep_is_held_type(sem, 0), ld.lockdep_is_held_type(sem, 1), ld.lockdep_is_held_type(sem, -1))
    ld.lockdep_assert_held_read(sem)
    ld.lockdep_assert_held_write(sem)
    up_read(sem)
    yield* sim(down_write(sem))
    ld.lockdep_assert_held_write(sem)
    up_write(sem)
  })
  expect(log).toEqual(['0 1 1'])
  expect(kinds).toEqual(['warn.lockdep-assert'])
})

test('an assertion about the context speaks once', () => {
  const { kinds } = checked(function* () {
    for (let i = 0; i < 2; i++) ld.lockdep_assert_preemption_disabled()
    preempt_disable()
    ld.lockdep_assert_preemption_disabled()
    preempt_enable()
    yield* sim(msleep(1))
  })
  expect(kinds).toEqual(['warn.lockdep-assert'])
})

test('asserting a spinlock that nobody holds is a BUG', () => {
  const { kinds } = checked(function* () {
    const lock = DEFINE_SPINLOCK('lock')
    yield* sim(spin_lock(lock))
    assert_spin_locked(lock)
    spin_unlock(lock)
    assert_spin_locked(lock)
  })
  expect(kinds).toEqual(['oops.bug'])
})

test('might_lock learns an order that has not happened', () => {
  const { kinds } = checked(function* () {
    const [a, b] = [m.DEFINE_MUTEX('a'), m.DEFINE_MUTEX('b')]
    yield* sim(m.mutex_lock(a))
    ld.might_lock_nested(b, 0)
    m.mutex_unlock(a)
    yield* sim(m.mutex_lock(b))
    yield* sim(m.mutex_lock(a))
    m.mutex_unlock(a)
    m.mutex_unlock(b)
  })
  expect(kinds).toEqual(['lockdep.circular'])
})

test('interrupt state, error pointers, flags and rt mutexes', () => {
  const { log } = checked(function* (say, machine) {
    const flags = local_irq_save()
    say(irqs_disabled(), irqs_disabled_flags(flags))
    local_irq_restore(flags)
    say(irqs_disabled())
    say(vsprintf(machine, '%pe', [ERR_PTR(-ENOMEM)]), IS_ERR_VALUE(-12), IS_ERR_VALUE(5))
    say(gfpflags_allow_blocking(GFP_KERNEL), gfpflags_allow_blocking(GFP_ATOMIC))
    const lock = rt.DEFINE_RT_MUTEX('lock')
    say(yield* sim(rt.rt_mutex_lock_killable(lock)), rt.rt_mutex_is_locked(lock))
    rt.rt_mutex_unlock(lock)
  })
  expect(log).toEqual(['true false', 'false', '-ENOMEM true false', 'true false', '0 true'])
})
