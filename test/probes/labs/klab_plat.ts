import { fls64 } from 'linux/bitops'
import { dma_set_mask_and_coherent } from 'linux/dma-mapping'
import { platform_device_register_simple, type platform_device } from 'linux/platform_device'
import { type device } from 'linux/device'
import { KLAB } from './klab'

/** A bare platform device for the DMA probes. */
export const kp: { pdev: platform_device | null } = { pdev: null }

export function kp_dev(mask: number): device {
  const pdev = platform_device_register_simple('klabdma', 0, null, 0)
  kp.pdev = pdev
  if (mask) KLAB('set_mask', 'bits=%d ret=%d', fls64(mask), dma_set_mask_and_coherent(pdev.dev, mask))
  return pdev.dev
}
