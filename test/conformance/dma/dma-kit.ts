import { attachDmaSanitizer } from '../../../src-sim/checkers/dma'
import { attachDmaDebug } from '../../../src-sim/checkers/dma-debug'
import { machine } from '../../../src-sim/engine/current'
import type { Machine } from '../../../src-sim/engine/machine'
import type { Sim } from '../../../src-sim/engine/suspend'
import { device_dma_parameters, dmaPlatform, type DmaPlatform } from '../../../src-sim/kernel/dma/dma-device'
import { dmaPort, type DmaPort } from '../../../src-sim/kernel/dma/port'
import { device } from '../../../src-sim/linux/device'
import { GFP_KERNEL, kmalloc } from '../../../src-sim/linux/slab'
import { dmesg, run } from '../../sim/harness'

export const MASK_32 = 0xffffffff

/** What a test sees of a run. */
export interface Seen {
  machine: Machine
  kinds: string[]
  log: string[]
}

/** A device that reaches 32 bits, on a board as described. */
export function onBoard(
  board: Partial<DmaPlatform>, body: (dev: device, hardware: DmaPort) => Sim | void, debug = true,
): Seen {
  const m = run(function* () {
    Object.assign(dmaPlatform(machine()), board)
    if (debug) attachDmaDebug(machine())
    attachDmaSanitizer(machine())
    const dev = new device()
    dev.dma_mask = dev.coherent_dma_mask = MASK_32
    dev.dma_parms = new device_dma_parameters()
    const result = body(dev, dmaPort(machine(), dev))
    if (result) yield* result
  })
  return { machine: m, kinds: m.findings.map((f) => f.kind), log: dmesg(m) }
}

export const buffer = (size = 256): Uint8Array => {
  const bytes = kmalloc(size, GFP_KERNEL)!
  bytes.fill(0)
  return bytes
}
