import { quiet } from '../kernel/api'
import { DMA_MAPPING_ERROR as ERROR, MASK_64, type DmaDevice } from '../kernel/dma/dma-device'
import { setCoherentMask, setMask } from '../kernel/dma/masks'
import type { dma_addr_t } from './types'

/** Brought along, as by the C header. */
export * from './bug'
export * from './device'
export * from './err'
export * from './dma-direction'

/**
 * Memory for devices: `linux/dma-mapping`. A `dma_addr_t` belongs to the device it was made for
 * and lives until the *hardware* has let go of it, whatever the CPU side has done by then.
 */
export * from './dma-mapping/attrs'
export * from './dma-mapping/unmap'
export * from './dma-mapping/coherent'
export * from './dma-mapping/iova'
export * from './dma-mapping/limits'
export * from './dma-mapping/managed'
export * from './dma-mapping/noncontiguous'
export * from './dma-mapping/pages'
export * from './dma-mapping/scatter'
export * from './dma-mapping/streaming'
export * from './dma-mapping/user'

/** What every failed mapping answers. Compare with `dma_mapping_error`, never with 0. */
export const DMA_MAPPING_ERROR: dma_addr_t = ERROR

/** A mask of `n` low bits; 64 bits and more mean that every address is reachable. */
export const DMA_BIT_MASK = quiet(function DMA_BIT_MASK(n: number): number {
  return n >= 53 ? MASK_64 : 2 ** n - 1
})

/** Says which addresses the device can use for streaming mappings. 0 or -EIO. Any context. */
export function dma_set_mask(dev: DmaDevice, mask: number): number {
  return setMask(dev, mask)
}

/** The same for coherent memory. 0 or -EIO. */
export function dma_set_coherent_mask(dev: DmaDevice, mask: number): number {
  return setCoherentMask(dev, mask)
}

/** Both masks at once. 0 or -EIO; what becomes of the coherent one is not looked at (DMA-03). */
export function dma_set_mask_and_coherent(dev: DmaDevice, mask: number): number {
  const ret = dma_set_mask(dev, mask)
  if (ret === 0) dma_set_coherent_mask(dev, mask)
  return ret
}

/** As `dma_set_mask_and_coherent` for a device whose bus has set no mask. */
export function dma_coerce_mask_and_coherent(dev: DmaDevice, mask: number): number {
  dev.dma_mask = dev.coherent_dma_mask ?? 0
  return dma_set_mask_and_coherent(dev, mask)
}
