import { msleep } from 'linux/delay'
import { DMA_FROM_DEVICE, dma_map_single, dma_mapping_error, DMA_TO_DEVICE, dma_unmap_single } from 'linux/dma-mapping'
import { get_zeroed_page, GFP_KERNEL } from 'linux/gfp'
import { pci_register_driver, type pci_dev, type pci_device_id } from 'linux/pci'
import { KLAB, KLAB_PROBE } from './klab'
import { edu_dma, edu_enable, EDU_BUF, EDU_DRIVER } from './klab_edu'

function pr(p: pci_dev, i: pci_device_id) {
  const b = get_zeroed_page(GFP_KERNEL)!
  KLAB('probe', 'enable=%d', edu_enable(p))
  b[0] = 1
  let a = dma_map_single(p.dev, b, 4096, DMA_TO_DEVICE)
  KLAB('map_to', 'error=%d', dma_mapping_error(p.dev, a))
  KLAB('dma', 'write=%d', edu_dma(EDU_BUF, a, 64, 1))
  msleep(400)
  KLAB('data', 'buf=%d', b[0])
  KLAB('dma', 'read=%d', edu_dma(a, EDU_BUF, 64, 0))
  dma_unmap_single(p.dev, a, 4096, DMA_TO_DEVICE)
  b[0] = 2
  msleep(200)
  a = dma_map_single(p.dev, b, 4096, DMA_FROM_DEVICE)
  KLAB('map_from', 'error=%d', dma_mapping_error(p.dev, a))
  KLAB('dma', 'read=%d', edu_dma(a, EDU_BUF + 256, 64, 0))
  msleep(400)
  KLAB('dma', 'write=%d', edu_dma(EDU_BUF, a, 64, 1))
  KLAB('data', 'buf=%d', b[0])
  return 0
}
function rm(p: pci_dev) {}
const edu_drv = EDU_DRIVER(pr, rm)
function probe() {
  KLAB('register', 'ret=%d', pci_register_driver(edu_drv))
}
KLAB_PROBE('edu-dma-readonly', probe)
