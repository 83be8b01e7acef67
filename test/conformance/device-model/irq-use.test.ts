import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { irqs } from '../../../src-sim/kernel/irq/desc'
import { allocIrqs, raiseIrq, setLevel } from '../../../src-sim/kernel/irq/lines'
import { noteInterrupt } from '../../../src-sim/kernel/irq/spurious'
import * as d from '../../../src-sim/linux/device'
import { msleep } from '../../../src-sim/linux/delay'
import { EBUSY } from '../../../src-sim/linux/errno'
import * as i from '../../../src-sim/linux/interrupt'
import { GFP_KERNEL, kfree, kzalloc } from '../../../src-sim/linux/slab'
import { sim } from '../../sim/harness'
import { own_device, play, type Kit } from './kit'

/** Binds a device whose probe asks for a managed interrupt. */
function* bound(kit: Kit, handler: i.irq_handler_t, flags = 0, more: object = {}): Sim<number> {
  yield* kit.start()
  const irq = allocIrqs(kit.machine, 1, 'dev')
  const probe = function* (dev: d.device): Sim<number> {
    d.devm_add_action(dev, () => kit.say('older entry'), null)
    const ret = yield* sim(d_request(dev, irq, handler, flags))
    d.devm_add_action(dev, () => kit.say('newer entry'), null)
    return ret
  }
  yield* sim(d.driver_register(kit.driver('a', { probe, ...more })))
  yield* kit.add('a')
  return irq
}
const d_request = (dev: d.device, irq: number, handler: i.irq_handler_t, flags: number): number =>
  i.devm_request_irq(dev, irq, handler, flags, 'demo', dev)

function* unbind(kit: Kit): Sim {
  const dev = kit.bus.$private!.devices.items[0]!
  yield* sim(d.device_release_driver(dev))
}

test('DM-47: the handler of a managed interrupt lives through remove and newer entries', () => {
  const k = play(function* (kit) {
    let irq = 0
    const handler = (): number => (kit.say('handler'), i.IRQ_HANDLED)
    const remove = function* (): Sim {
      kit.say('remove')
      raiseIrq(kit.machine, irq)
      yield* sim(msleep(5))
    }
    irq = yield* bound(kit, handler, 0, { remove })
    yield* unbind(kit)
    raiseIrq(kit.machine, irq)
    yield* sim(msleep(5))
  })
  expect(k.log).toEqual(['remove', 'handler', 'newer entry', 'older entry'])
})

test('DM-47: what remove frees, the handler still uses', () => {
  const k = play(function* (kit) {
    const data = kzalloc(own_device, GFP_KERNEL)!
    let irq = 0
    const handler = (): number => (data.dev.$dead === undefined ? i.IRQ_HANDLED : (kit.say('uses freed'), 1))
    const remove = function* (): Sim {
      kfree(data)
      raiseIrq(kit.machine, irq)
      yield* sim(msleep(5))
    }
    irq = yield* bound(kit, handler, 0, { remove })
    yield* unbind(kit)
  })
  expect(k.log).toContain('uses freed')
})

test('DM-47: freeing a shared interrupt calls its handler once more', () => {
  const k = play(function* (kit) {
    const handler = (): number => (kit.say('handler'), i.IRQ_NONE)
    yield* bound(kit, handler, i.IRQF_SHARED)
    yield* unbind(kit)
  })
  expect(k.log).toEqual(['remove a', 'newer entry', 'handler', 'older entry'])
})

test('DM-47: a managed request that fails says so itself', () => {
  const k = play(function* (kit) {
    const handler = function demo_irq(): number {
      return i.IRQ_HANDLED
    }
    yield* kit.start()
    const irq = allocIrqs(kit.machine, 1, 'dev')
    yield* sim(i.request_irq(irq, handler, 0, 'first', {}))
    const probe = (dev: d.device): number => d_request(dev, irq, handler, 0)
    yield* sim(d.driver_register(kit.driver('a', { probe })))
    yield* kit.add('a')
    kit.say(`${irq}`)
  })
  expect(k.dmesg).toContain(`a a: error -EBUSY: request_irq(${k.log[0]}) demo_irq 0x0 demo`)
})

test('DM-102: free_irq answers the name, and warns about what is not there', () => {
  const k = play(function* (kit) {
    const irq = allocIrqs(kit.machine, 1, 'dev')
    const handler = (): number => (kit.say('handler'), i.IRQ_HANDLED)
    const id = {}
    yield* sim(i.request_irq(irq, handler, 0, 'demo', id))
    raiseIrq(kit.machine, irq)
    yield* sim(msleep(1))
    expect(yield* sim(i.free_irq(irq, id))).toBe('demo')
    kit.say('freed')
    expect(yield* sim(i.free_irq(irq, id))).toBe(null)
    kit.say(`${irq}`)
  })
  expect(k.log.slice(0, 2)).toEqual(['handler', 'freed'])
  expect(k.kinds).toEqual(['warn.irq-already-free'])
  expect(k.dmesg).toContain(`Trying to free already-free IRQ ${k.log[2]}`)
})

test('DM-102: an interrupt that was freed while disabled starts enabled when requested again', () => {
  play(function* (kit) {
    const irq = allocIrqs(kit.machine, 1, 'dev')
    const handler = (): number => i.IRQ_HANDLED
    const depth = (): number => irqs(kit.machine).get(irq)!.depth
    yield* sim(i.request_irq(irq, handler, 0, 'demo', kit))
    expect(depth()).toBe(0)
    yield* sim(i.disable_irq(irq))
    expect(depth()).toBe(1)
    yield* sim(i.free_irq(irq, kit))
    expect(depth()).toBe(1)
    yield* sim(i.request_irq(irq, handler, 0, 'demo', kit))
    expect(depth()).toBe(0)
  })
})

test('DM-103: a line that nobody claims is switched off, and its neighbours with it', () => {
  const k = play(function* (kit) {
    const irq = allocIrqs(kit.machine, 1, 'dev', 'intx')
    let calls = 0
    const neighbour = function neighbour_irq(): number {
      calls++
      return i.IRQ_NONE
    }
    yield* sim(i.request_irq(irq, neighbour, i.IRQF_SHARED, 'neighbour', kit))
    const desc = irqs(kit.machine).get(irq)!
    for (let n = 0; n < 100_000; n++) noteInterrupt(kit.machine, desc, i.IRQ_NONE)
    calls = 0
    setLevel(kit.machine, irq, kit, true)
    yield* sim(msleep(5))
    expect(calls).toBe(0)
    kit.say(`${irq}`)
  })
  const [irq] = k.log
  expect(k.kinds).toEqual(['irq.nobody-cared'])
  expect(k.dmesg).toContain(`irq ${irq}: nobody cared (try booting with the "irqpoll" option)`)
  expect(k.dmesg).toContain(`Disabling IRQ #${irq}`)
  expect(k.dmesg.join()).toContain('neighbour_irq')
})

test('DM-103: sharing needs the same flags on both sides', () => {
  const k = play(function* (kit) {
    const irq = allocIrqs(kit.machine, 1, 'dev')
    const handler = (): number => i.IRQ_HANDLED
    yield* sim(i.request_irq(irq, handler, 0, 'owner', kit))
    expect(yield* sim(i.request_irq(irq, handler, i.IRQF_SHARED, 'guest', {}))).toBe(-EBUSY)
    kit.say(`${irq}`)
  })
  expect(k.dmesg).toContain(
    `genirq: Flags mismatch irq ${k.log[0]}. 00200080 (guest) vs. 00200000 (owner)`,
  )
})
