import { DMA_BIDIRECTIONAL, dma_map_single, dma_mapping_error } from 'linux/dma-mapping'
import { GFP_KERNEL, get_zeroed_page } from 'linux/gfp'
import { pci_clear_master, pci_register_driver, pci_set_master, type pci_dev, type pci_device_id } from 'linux/pci'
import { KLAB, KLAB_PROBE } from './klab'
import { edu_dma, edu_enable, EDU_BUF, EDU_DRIVER } from './klab_edu'

function pr(p: pci_dev, i: pci_device_id) {
  const b = get_zeroed_page(GFP_KERNEL)!
  KLAB('probe', 'enable=%d', edu_enable(p))
  b[0] = '1'.charCodeAt(0)
  const a = dma_map_single(p.dev, b, 4096, DMA_BIDIRECTIONAL)
  KLAB('map', 'error=%d', dma_mapping_error(p.dev, a))
  KLAB('dma', 'read=%d', edu_dma(a, EDU_BUF, 64, 0))
  b[0] = '2'.charCodeAt(0)
  pci_clear_master(p)
  KLAB('dma', 'write_no_master=%d', edu_dma(EDU_BUF, a, 64, 1))
  KLAB('data', 'buf=%c', b[0])
  pci_set_master(p)
  KLAB('dma', 'write_master=%d', edu_dma(EDU_BUF, a, 64, 1))
  KLAB('data', 'buf=%c', b[0])
  return 0
}
function rm(p: pci_dev) {}
const edu_drv = EDU_DRIVER(pr, rm)
function probe() {
  KLAB('register', 'ret=%d', pci_register_driver(edu_drv))
}
KLAB_PROBE('edu-busmaster-off', probe)
