import { DMA_FROM_DEVICE, dma_map_single, dma_mapping_error, DMA_TO_DEVICE, dma_unmap_single } from 'linux/dma-mapping'
import { readl } from 'linux/io'
import { pci_register_driver, type pci_dev, type pci_device_id } from 'linux/pci'
import { GFP_KERNEL, kzalloc } from 'linux/slab'
import { strcpy } from 'linux/string'
import { KLAB, KLAB_PROBE } from './klab'
import { edu, edu_dma, edu_enable, EDU_BUF, EDU_DRIVER } from './klab_edu'

function pr(p: pci_dev, i: pci_device_id) {
  KLAB('probe', 'enable=%d id=0x%x', edu_enable(p), readl(edu.mmio))
  const b = kzalloc(4096, GFP_KERNEL)!
  strcpy(b, 'hello edu')
  const a = dma_map_single(p.dev, b, 2048, DMA_TO_DEVICE)
  const c = dma_map_single(p.dev, b.subarray(2048), 2048, DMA_FROM_DEVICE)
  KLAB('map', 'error=%d,%d same_page=%d', dma_mapping_error(p.dev, a), dma_mapping_error(p.dev, c), a >> 12 === c >> 12)
  KLAB('dma', 'to_device=%d', edu_dma(a, EDU_BUF, 64, 0))
  KLAB('dma', 'to_memory=%d', edu_dma(EDU_BUF, c, 64, 1))
  dma_unmap_single(p.dev, a, 2048, DMA_TO_DEVICE)
  dma_unmap_single(p.dev, c, 2048, DMA_FROM_DEVICE)
  KLAB('data', 'copied=%s', b.subarray(2048))
  return 0
}
function rm(p: pci_dev) {}
const edu_drv = EDU_DRIVER(pr, rm)
function probe() {
  KLAB('register', 'ret=%d', pci_register_driver(edu_drv))
}
KLAB_PROBE('edu-dma-ok', probe)
