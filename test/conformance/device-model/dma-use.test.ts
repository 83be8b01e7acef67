import { expect, test } from 'vitest'
import { attachDeviceState } from '../../../src-sim/checkers/device-state'
import { attachDmaSanitizer } from '../../../src-sim/checkers/dma'
import { attachDmaDebug } from '../../../src-sim/checkers/dma-debug'
import type { Sim } from '../../../src-sim/engine/suspend'
import { dmaMappings } from '../../../src-sim/kernel/dma/mappings'
import { dmaPort } from '../../../src-sim/kernel/dma/port'
import * as d from '../../../src-sim/linux/device'
import * as dma from '../../../src-sim/linux/dma-mapping'
import { GFP_KERNEL, kmalloc } from '../../../src-sim/linux/slab'
import { ptr } from '../../../src-sim/linux/types'
import { sim } from '../../sim/harness'
import { play, type Kit } from './kit'

/** Binds a device of the given bus, with the DMA checkers of a lab. */
function* bound(kit: Kit, bus = 'pci', more: object = {}): Sim<d.device> {
  attachDmaDebug(kit.machine)
  attachDmaSanitizer(kit.machine)
  attachDeviceState(kit.machine)
  kit.bus.name = bus
  yield* kit.start()
  yield* sim(d.driver_register(kit.driver('a', more)))
  return yield* kit.add('a')
}

function coherent(dev: d.device): { cpu: Uint8Array; at: number } {
  const handle = ptr(0)
  const cpu = dma.dma_alloc_coherent(dev, 256, handle, GFP_KERNEL)!
  return { cpu, at: handle.value }
}

const apiLines = (k: Kit): string[] => k.dmesg.filter((l) => l.startsWith('DMA-API: '))
const hex = (n: number): string => `0x${n.toString(16).padStart(16, '0')}`

const titles = (k: Kit): string[] => k.machine.findings.map((f) => f.title.replace(/ in .*/, ''))

test('DM-91: DMA memory from an unbound device: it works, and is a finding', () => {
  const k = play(function* (kit) {
    const dev = yield* bound(kit)
    yield* sim(d.device_release_driver(dev))
    expect(coherent(dev).cpu).toBeInstanceOf(Uint8Array)
  })
  expect(k.kinds).toEqual(['device.use-after-unbind'])
  expect(titles(k)).toEqual(['klab: device: dma_alloc_coherent on a device whose driver is gone'])
})

test('DM-91: freeing after the device was deleted, while a reference keeps it', () => {
  const k = play(function* (kit) {
    const dev = d.get_device(yield* bound(kit, 'platform'))
    const { cpu, at } = coherent(dev)
    yield* sim(d.device_unregister(dev))
    dma.dma_free_coherent(dev, 256, cpu, at)
    expect(dmaMappings(kit.machine).live).toEqual([])
  })
  expect(k.kinds).toEqual(['device.use-after-unbind'])
  expect(titles(k)).toEqual(['klab: device: dma_free_coherent on a device that is not registered'])
})

test('DM-91: in probe, while bound and in remove DMA memory is fine', () => {
  const k = play(function* (kit) {
    const use = (dev: d.device): number => {
      const { cpu, at } = coherent(dev)
      dma.dma_free_coherent(dev, 256, cpu, at)
      return 0
    }
    const dev = yield* bound(kit, 'pci', { probe: use, remove: use })
    use(dev)
    yield* sim(d.device_release_driver(dev))
  })
  expect(k.kinds).toEqual([])
})

test('DM-91: a device that never had a driver', () => {
  const k = play(function* (kit) {
    yield* bound(kit)
    coherent(yield* kit.add('z'))
  })
  expect(k.kinds).toEqual(['device.use-unbound'])
})

test('DM-92: freeing does not ask the hardware, which then uses memory that is gone', () => {
  const k = play(function* (kit) {
    const dev = yield* bound(kit)
    const { cpu, at } = coherent(dev)
    dma.dma_free_coherent(dev, 256, cpu, at)
    const mappings = dmaMappings(kit.machine)
    expect([kit.kinds, mappings.live.length]).toEqual([[], 0])
    dmaPort(kit.machine, dev).write(at, new Uint8Array(4))
  })
  expect(k.kinds).toEqual(['dma.write-after-free'])
})

test('DM-93: what a PCI driver leaves mapped is reported after devres, under the name of the bus', () => {
  const k = play(function* (kit) {
    const dev = yield* bound(kit)
    const kept = coherent(dev)
    coherent(dev)
    const managed = coherent(dev)
    d.devm_add_action(dev, () => dma.dma_free_coherent(dev, 256, managed.cpu, managed.at), null)
    yield* sim(d.device_release_driver(dev))
    dma.dma_free_coherent(dev, 256, kept.cpu, kept.at)
  })
  expect(k.kinds).toEqual(['dma-debug.leak-at-unbind', 'device.use-after-unbind'])
  expect(apiLines(k)).toEqual([
    'DMA-API: pci a: device driver has pending DMA allocations while released from device [count=2]',
    'DMA-API: Mapped at:',
  ])
  expect(k.dmesg.join()).toMatch(
    /One of leaked entries details: \[device address=0x[0-9a-f]{16}\] \[size=256 bytes\] \[mapped with DMA_BIDIRECTIONAL\] \[mapped as coherent\]/,
  )
})

test('DM-93: on the platform bus a leak is silent', () => {
  const k = play(function* (kit) {
    const dev = yield* bound(kit, 'platform')
    coherent(dev)
    yield* sim(d.device_release_driver(dev))
  })
  expect(k.kinds).toEqual([])
})

test('DM-93: an unmapping must fit: unknown, size, function, direction, unchecked', () => {
  const k = play(function* (kit) {
    const dev = yield* bound(kit)
    const buffer = kmalloc(256, GFP_KERNEL)!
    const map = (): number => dma.dma_map_single(dev, buffer, 256, dma.DMA_TO_DEVICE)
    const one = map()
    dma.dma_unmap_single(dev, one, 128, dma.DMA_FROM_DEVICE)
    dma.dma_unmap_single(dev, one, 256, dma.DMA_TO_DEVICE)
    const { at } = coherent(dev)
    dma.dma_unmap_single(dev, at, 256, dma.DMA_BIDIRECTIONAL)
    const two = map()
    expect(dma.dma_mapping_error(dev, two)).toBe(0)
    dma.dma_unmap_single(dev, two, 256, dma.DMA_TO_DEVICE)
    dma.dma_unmap_single(dev, dma.DMA_MAPPING_ERROR, 256, dma.DMA_TO_DEVICE)
    kit.say(hex(one))
    kit.say(hex(at))
  })
  const [one, at] = k.log.slice(1)
  const lines = apiLines(k).filter((l) => !l.endsWith('Mapped at:'))
  expect(lines.map((l) => l.replace('DMA-API: a a: device driver ', ''))).toEqual([
    `frees DMA memory with different size [device address=${one}] [map size=256 bytes] [unmap size=128 bytes]`,
    `frees DMA memory with different direction [device address=${one}] [size=128 bytes] [mapped with DMA_TO_DEVICE] [unmapped with DMA_FROM_DEVICE]`,
    `failed to check map error[device address=${one}] [size=128 bytes] [mapped as phy]`,
    `tries to free DMA memory it has not allocated [device address=${one}] [size=256 bytes]`,
    `frees DMA memory with wrong function [device address=${at}] [size=256 bytes] [mapped as coherent] [unmapped as phy]`,
    'tries to free an invalid DMA memory address',
  ])
})
