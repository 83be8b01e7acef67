import type { Machine } from '../../engine/machine'
import { dmaPort } from '../dma/port'
import { setLevel } from '../irq/lines'
import type { HardwareHost } from '../pci/host'
import type { platform_device } from './platform'

/** Hardware on the board: level lines, and memory without asking. It cannot be taken out. */
export function platformHost(
  machine: Machine,
  pdev: platform_device,
  irqs: readonly number[],
): HardwareHost {
  return {
    object: pdev,
    gone: false,
    raise(vector) {
      const irq = irqs[vector]
      if (irq !== undefined) setLevel(machine, irq, pdev, true)
    },
    lower(vector) {
      const irq = irqs[vector]
      if (irq !== undefined) setLevel(machine, irq, pdev, false)
    },
    memory: () => dmaPort(machine, pdev.dev),
  }
}
