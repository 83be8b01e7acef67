import { dma_alloc_coherent, DMA_BIT_MASK, dma_map_single, DMA_TO_DEVICE, dmam_alloc_coherent, dma_set_mask_and_coherent } from 'linux/dma-mapping'
import { module_exit, module_init } from 'linux/module'
import { PCI_DEVICE, pci_driver, pci_enable_device, pci_register_driver, pci_unregister_driver, type pci_dev } from 'linux/pci'
import { GFP_KERNEL, kmalloc } from 'linux/slab'
import { ptr, type dma_addr_t } from 'linux/types'
import { KLAB, KLAB_ID } from './klab'

/** What is managed is gone before anybody counts; the rest is counted, one is described. */
function probe(p: pci_dev) {
  const h = ptr<dma_addr_t>()
  KLAB('probe', 'enable=%d mask=%d', pci_enable_device(p), dma_set_mask_and_coherent(p.dev, DMA_BIT_MASK(28)))
  dmam_alloc_coherent(p.dev, 4096, h, GFP_KERNEL)
  dma_alloc_coherent(p.dev, 4096, h, GFP_KERNEL)
  dma_map_single(p.dev, kmalloc(512, GFP_KERNEL)!, 512, DMA_TO_DEVICE)
  return 0
}
const drv = new pci_driver({
  name: 'klableak',
  id_table: [PCI_DEVICE(0x1234, 0x11e8)],
  probe,
  remove: () => KLAB('remove', 'called=1'),
})
KLAB_ID('dma-leak')
module_init(function klab_init() {
  KLAB('register', 'ret=%d', pci_register_driver(drv))
  pci_unregister_driver(drv)
  KLAB('unregister', 'done=1')
  return 0
})
module_exit(() => {})
