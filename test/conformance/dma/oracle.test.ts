import { expect, test } from 'vitest'
import { attachKasan } from '../../../src-sim/checkers/kasan'
import { machine } from '../../../src-sim/engine/current'
import { hidden } from '../../../src-sim/engine/object'
import { allocPages, putPage } from '../../../src-sim/kernel/mm/page-alloc'
import { memoryAccess } from '../../../src-sim/kernel/mm/watch'
import * as dma from '../../../src-sim/linux/dma-mapping'
import { device } from '../../../src-sim/linux/device'
import { GFP_KERNEL, kfree } from '../../../src-sim/linux/slab'
import { ptr } from '../../../src-sim/linux/types'
import { buffer, onBoard } from './dma-kit'

const { DMA_BIDIRECTIONAL: BIDI, DMA_FROM_DEVICE: FROM, DMA_TO_DEVICE: TO } = dma

function map(dev: device, bytes: Uint8Array, dir: number): number {
  const a = dma.dma_map_single(dev, bytes, bytes.length, dir)
  dma.dma_mapping_error(dev, a)
  return a
}

/** An access as compiled code announces it. */
function touch(bytes: Uint8Array, index: number, write: boolean): void {
  if (hidden(bytes).$dead !== undefined) memoryAccess(machine()).bad(bytes, index, write)
}

test('DMA-49: a device that writes what it was to read, and the other way round', () => {
  const findings = (direction: number, write: boolean): string[] =>
    onBoard({}, (dev, hardware) => {
      const a = map(dev, buffer(), direction)
      if (write) hardware.write(a, Uint8Array.of(1))
      else hardware.read(a, 256)
    }).kinds
  expect(findings(TO, true)).toEqual(['dma.wrong-direction'])
  expect(findings(FROM, false)).toEqual(['dma.wrong-direction'])
  const fine = [[TO, false], [FROM, true], [BIDI, true], [BIDI, false]] as const
  expect(fine.flatMap(([direction, write]) => findings(direction, write))).toEqual([])
})

test('DMA-49: an access past the end of its mapping; the page goes on, and nobody else sees it', () => {
  const { machine: m } = onBoard({}, (dev, hardware) => {
    const a = map(dev, buffer(), FROM)
    hardware.write(a + 128, new Uint8Array(128))
    hardware.write(a + 128, new Uint8Array(132))
  })
  expect(m.findings.map((f) => f.kind)).toEqual(['dma.overrun'])
  expect(m.findings[0]!.report.join('\n')).toContain('4 bytes past the 256 that were mapped')
})

test('DMA-49: memory that its owner frees under the device', () => {
  const { kinds } = onBoard({}, (dev, hardware) => {
    const b = buffer()
    const a = map(dev, b, FROM)
    hardware.write(a, Uint8Array.of(1))
    kfree(b)
    hardware.write(a, Uint8Array.of(1))
  })
  expect(kinds).toEqual(['dma.write-after-free'])
})

test('DMA-49: pages that are freed under the device', () => {
  const { kinds } = onBoard({}, (dev, hardware) => {
    const page = allocPages({ order: 0, zero: true, compound: false })!
    const a = dma.dma_map_page(dev, page, 0, 4096, FROM)
    dma.dma_mapping_error(dev, a)
    hardware.write(a, Uint8Array.of(1))
    putPage(page)
    hardware.write(a, Uint8Array.of(1))
  })
  expect(kinds).toEqual(['dma.write-after-free'])
})

test('DMA-27: CPUs keep off a mapped buffer until they have it back', () => {
  /** Touches the buffer after so many steps of its life. */
  const findings = (steps: number): string[] =>
    onBoard({}, (dev) => {
      attachKasan(machine())
      const b = buffer()
      const a = map(dev, b, FROM)
      if (steps > 0) dma.dma_sync_single_for_cpu(dev, a, 256, FROM)
      if (steps > 1) dma.dma_sync_single_for_device(dev, a, 256, FROM)
      if (steps > 2) dma.dma_unmap_single(dev, a, 256, FROM)
      touch(b, 0, false)
    }).kinds
  expect([0, 1, 2, 3].map(findings)).toEqual([['dma.cpu-access'], [], ['dma.cpu-access'], []])
})

test('DMA-27: looking at what the device only reads harms nobody, nor using other parts of it', () => {
  const { kinds } = onBoard({}, (dev) => {
    const b = buffer()
    const a = dma.dma_map_single(dev, b, 64, TO)
    dma.dma_mapping_error(dev, a)
    touch(b, 0, false)
    touch(b, 100, true)
    expect(kindsSoFar()).toEqual([])
    touch(b, 63, true)
  })
  expect(kinds).toEqual(['dma.cpu-access'])
})

const kindsSoFar = (): string[] => machine().findings.map((f) => f.kind)

test('DMA-39: coherent memory is everybody\'s until it is freed; then the CPU has a use after free', () => {
  const { kinds } = onBoard({}, (dev, hardware) => {
    attachKasan(machine())
    const handle = ptr(0)
    const cpu = dma.dma_alloc_coherent(dev, 64, handle, GFP_KERNEL)!
    hardware.write(handle.value, Uint8Array.of(1))
    touch(cpu, 0, true)
    dma.dma_free_coherent(dev, 64, cpu, handle.value)
    touch(cpu, 0, true)
    hardware.write(handle.value, Uint8Array.of(1))
  })
  expect(kinds).toEqual(['kasan.use-after-free', 'dma.write-after-free'])
})

test('DMA-57: a mapping that was left behind lets the device go on, silently', () => {
  const { kinds } = onBoard({}, (dev, hardware) => {
    const b = buffer()
    const a = map(dev, b, FROM)
    hardware.write(a, Uint8Array.of(6))
    expect(b[0]).toBe(6)
  })
  expect(kinds).toEqual([])
})
