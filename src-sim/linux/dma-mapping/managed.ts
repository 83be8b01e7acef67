import { kernelCall } from '../../kernel/api'
import { addDevres, takeDevres } from '../../kernel/base/devres'
import type { device } from '../../kernel/base/device'
import { freeCoherent } from '../../kernel/dma/coherent'
import { machine } from '../../engine/current'
import { warn } from '../../kernel/printk/warn'
import type { Sim } from '../../engine/suspend'
import { dma_alloc_coherent, dma_free_coherent } from '../dma-mapping'
import type { dma_addr_t, gfp_t, ptr } from '../types'

/** Coherent memory that goes with the driver. Part of `linux/dma-mapping`. */

const NAME = 'dmam_release'

/** As `dma_alloc_coherent`; freed when the driver goes, in reverse order of all that is managed. */
export function dmam_alloc_coherent(
  dev: device, size: number, dma_handle: ptr<dma_addr_t>, gfp: gfp_t,
): Uint8Array | null {
  const cpu = dma_alloc_coherent(dev, size, dma_handle, gfp)
  if (cpu === null) return null
  const dma = dma_handle.value
  addDevres(dev, {
    name: NAME,
    key: cpu,
    *release(): Sim {
      freeCoherent(dev, size, cpu, dma)
    },
  })
  return cpu
}

/** Frees it now. Memory that this device does not manage is a WARNING (DMA-40). */
export const dmam_free_coherent = kernelCall(
  'dmam_free_coherent',
  (dev: device, size: number, vaddr: Uint8Array, dma_handle: dma_addr_t): void => {
    dma_free_coherent(dev, size, vaddr, dma_handle)
    if (takeDevres(dev, (node) => node.name === NAME && node.key === vaddr)) return
    warn(machine(), 'dmam-free', 'kernel/dma/mapping.c at dmam_free_coherent', null, { rules: ['DMA-40'] })
  },
)
