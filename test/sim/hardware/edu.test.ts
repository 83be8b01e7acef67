import { expect, test } from 'vitest'
import { Machine } from '../../../src-sim/engine/machine'
import { edu } from '../../../src-sim/hardware/edu'
import { mailbox } from '../../../src-sim/hardware/mailbox'
import type { HardwareHost } from '../../../src-sim/kernel/pci/host'

/** A model alone on a bench: memory of 64 KiB from address 0x1000 on. */
function bench<T extends edu | mailbox>(
  make: () => T,
): { m: Machine; model: T; memory: Uint8Array; irqs: string[] } {
  const m = new Machine()
  const memory = new Uint8Array(0x10000)
  const irqs: string[] = []
  const model = m.inside(make)
  const host: HardwareHost = {
    object: {},
    gone: false,
    raise: (vector) => irqs.push(`raise ${vector}`),
    lower: () => irqs.push('lower'),
    memory: () => ({
      read: (at, n) =>
        at >= 0x1000 && at + n <= 0x11000 ? memory.slice(at - 0x1000, at - 0x1000 + n) : null,
      write: (at, bytes) => (memory.set(bytes, at - 0x1000), true),
    }),
  }
  model.$host = host
  return { m, model, memory, irqs }
}

const pass = (m: Machine, ns: number): void => {
  const end = m.nowNs + ns
  m.inside(() => m.at(end, 'wait', null, () => {}))
  while (m.nowNs < end && m.step());
}

test('edu: identification, liveness, and 4-byte access below 0x80', () => {
  const { model } = bench(() => new edu())
  model.write(0, 0x04, 4, 0x0f0f0f0f)
  expect([model.read(0, 0, 4), model.read(0, 4, 4), model.read(0, 0, 1)]).toEqual([
    0x010000ed, 0xf0f0f0f0, 0xffffffff,
  ])
})

test('edu: a factorial takes time, is seen as busy, and interrupts when asked', () => {
  const { m, model, irqs } = bench(() => new edu())
  m.inside(() => {
    model.write(0, 0x20, 4, 0x80)
    model.write(0, 0x08, 4, 5)
  })
  expect(model.read(0, 0x20, 4)).toBe(0x81)
  pass(m, 2e6)
  expect([model.read(0, 0x08, 4), model.read(0, 0x20, 4), model.read(0, 0x24, 4)]).toEqual([
    120, 0x80, 1,
  ])
  expect(irqs).toEqual(['raise 0'])
  model.write(0, 0x64, 4, 1)
  expect(irqs).toEqual(['raise 0', 'lower'])
})

function dma(
  m: Machine,
  model: edu,
  src: number,
  dst: number,
  count: number,
  command: number,
): void {
  m.inside(() => {
    model.write(0, 0x80, 8, src)
    model.write(0, 0x88, 8, dst)
    model.write(0, 0x90, 8, count)
    model.write(0, 0x98, 8, command)
  })
}

test('edu: DMA in and out takes 100 ms each and interrupts at the end when asked', () => {
  const { m, model, memory, irqs } = bench(() => new edu())
  memory.set([1, 2, 3, 4])
  dma(m, model, 0x1000, 0x40000, 4, 1)
  pass(m, 99e6)
  expect(model.read(0, 0x98, 8) & 1).toBe(1)
  pass(m, 2e6)
  expect(model.read(0, 0x98, 8) & 1).toBe(0)
  dma(m, model, 0x40000, 0x1100, 4, 7)
  pass(m, 101e6)
  expect([...memory.subarray(0x100, 0x104)]).toEqual([1, 2, 3, 4])
  expect([irqs, model.read(0, 0x24, 4)]).toEqual([['raise 0'], 0x100])
})

test('edu: transfers that leave its buffer are refused as a whole', () => {
  const { m, model, memory } = bench(() => new edu())
  memory.fill(9)
  dma(m, model, 0x40ff0, 0x1000, 32, 3)
  pass(m, 101e6)
  expect(memory[0]).toBe(9)
})

test('edu: a register written during a transfer is ignored, a reset stops it', () => {
  const { m, model, memory } = bench(() => new edu())
  memory.fill(9)
  dma(m, model, 0x40000, 0x1000, 8, 3)
  m.inside(() => model.write(0, 0x88, 8, 0x2000))
  expect(model.read(0, 0x88, 8)).toBe(0x1000)
  m.inside(() => model.reset())
  pass(m, 101e6)
  expect([memory[0], model.read(0, 0x98, 8)]).toEqual([9, 0])
})

test('edu: addresses have 28 bits', () => {
  const { m, model, memory } = bench(() => new edu())
  memory.fill(9)
  dma(m, model, 0x40000, 0x7_0000_1000, 8, 3)
  pass(m, 101e6)
  expect(memory[0]).toBe(0)
})

test('mailbox: a word comes back reversed, with an interrupt until it is acknowledged', () => {
  const { m, model, irqs } = bench(() => new mailbox())
  m.inside(() => {
    model.write(0, 0x08, 4, 1)
    model.write(0, 0x00, 4, 0x11223344)
  })
  expect(model.read(0, 0x04, 4)).toBe(0)
  pass(m, 200e3)
  expect([model.read(0, 0x04, 4), model.read(0, 0, 4), model.read(0, 0x04, 4)]).toEqual([
    3, 0x44332211, 2,
  ])
  model.write(0, 0x0c, 4, 0)
  expect(irqs).toEqual(['raise 0', 'lower'])
})
