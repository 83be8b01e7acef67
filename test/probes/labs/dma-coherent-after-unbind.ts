import { device_release_driver, get_device, put_device } from 'linux/device'
import { DMA_BIT_MASK, dma_alloc_coherent, dma_free_coherent, dma_set_mask_and_coherent } from 'linux/dma-mapping'
import { platform_device, platform_device_unregister, platform_driver, platform_driver_register } from 'linux/platform_device'
import { GFP_KERNEL } from 'linux/slab'
import { ptr, type dma_addr_t } from 'linux/types'
import { KLAB, KLAB_PROBE } from './klab'
import { kp, kp_dev } from './klab_plat'

function pr(p: platform_device) {
  KLAB('probe', 'mask=%d', dma_set_mask_and_coherent(p.dev, DMA_BIT_MASK(32)))
  return 0
}
function rm(p: platform_device) {
  KLAB('remove', 'called=1')
}
const drv = new platform_driver({ driver: { name: 'klabdma' }, probe: pr, remove: rm })
function probe() {
  const r = platform_driver_register(drv)
  const d = kp_dev(0)
  const h = ptr<dma_addr_t>()
  KLAB('register', 'ret=%d bound=%d', r, !!d.driver)
  get_device(d)
  device_release_driver(d)
  let c = dma_alloc_coherent(d, 4096, h, GFP_KERNEL)
  KLAB('unbound', 'alloc_ok=%d', !!c)
  dma_free_coherent(d, 4096, c, h.value)
  platform_device_unregister(kp.pdev!)
  c = dma_alloc_coherent(d, 4096, h, GFP_KERNEL)
  KLAB('unregistered', 'alloc_ok=%d', !!c)
  if (c) dma_free_coherent(d, 4096, c, h.value)
  put_device(d)
}
KLAB_PROBE('dma-coherent-after-unbind', probe)
