import { fls64 } from 'linux/bitops'
import { root_device_register } from 'linux/device'
import { DMA_BIT_MASK, dma_get_mask, dma_set_coherent_mask, dma_set_mask } from 'linux/dma-mapping'
import { ARRAY_SIZE } from 'linux/kernel'
import { KLAB, KLAB_PROBE } from './klab'
import { kp_dev } from './klab_plat'

function probe() {
  const d = kp_dev(0)
  const bits = [64, 48, 32, 31, 24, 20, 16, 12, 1]
  KLAB('default', 'mask_bits=%d coherent_bits=%d', fls64(dma_get_mask(d)), fls64(d.coherent_dma_mask))
  for (let k = 0; k < ARRAY_SIZE(bits); k++)
    KLAB('set_mask', 'bits=%d ret=%d coherent=%d now=%d', bits[k], dma_set_mask(d, DMA_BIT_MASK(bits[k])), dma_set_coherent_mask(d, DMA_BIT_MASK(bits[k])), fls64(dma_get_mask(d)))
  KLAB('set_mask', 'zero=%d', dma_set_mask(d, 0))
  const n = root_device_register('klabroot')
  KLAB('root', 'mask_null=%d set=%d coherent=%d', n.dma_mask === null, dma_set_mask(n, DMA_BIT_MASK(32)), dma_set_coherent_mask(n, DMA_BIT_MASK(32)))
}
KLAB_PROBE('dma-set-mask', probe)
