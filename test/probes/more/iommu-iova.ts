import { dma_alloc_coherent, DMA_BIDIRECTIONAL, DMA_BIT_MASK, dma_free_coherent, dma_get_merge_boundary, dma_get_required_mask, dma_iova_destroy, dma_iova_link, dma_iova_state, dma_iova_sync, dma_iova_try_alloc, dma_map_single, dma_mapping_error, dma_max_mapping_size, dma_opt_mapping_size, dma_set_mask_and_coherent, dma_unmap_single, dma_use_iova } from 'linux/dma-mapping'
import { get_zeroed_page, GFP_KERNEL } from 'linux/gfp'
import { virt_to_phys } from 'linux/io'
import { pci_register_driver, type pci_dev, type pci_device_id } from 'linux/pci'
import { ptr, type dma_addr_t } from 'linux/types'
import { KLAB, KLAB_PROBE } from './klab'
import { EDU_DRIVER } from './klab_edu'

function pr(p: pci_dev, i: pci_device_id) {
  const b = get_zeroed_page(GFP_KERNEL)!
  KLAB('mask', 'one_bit=%d', dma_set_mask_and_coherent(p.dev, DMA_BIT_MASK(1)))
  KLAB('mask', 'bits28=%d', dma_set_mask_and_coherent(p.dev, DMA_BIT_MASK(28)))
  KLAB('limits', 'required=0x%llx boundary=0x%lx opt=%zu unlimited=%d', dma_get_required_mask(p.dev), dma_get_merge_boundary(p.dev), dma_opt_mapping_size(p.dev), dma_max_mapping_size(p.dev) > 0x7fffffff)
  const a = dma_map_single(p.dev, b, 4096, DMA_BIDIRECTIONAL)
  const c = dma_map_single(p.dev, b.subarray(16), 100, DMA_BIDIRECTIONAL)
  KLAB('map', 'first=0x%llx second=0x%llx err=%d,%d', a, c, dma_mapping_error(p.dev, a), dma_mapping_error(p.dev, c))
  const h = ptr<dma_addr_t>(0)
  const v = dma_alloc_coherent(p.dev, 3 * 4096, h, GFP_KERNEL)
  KLAB('coherent', 'at=0x%llx', h.value)
  dma_free_coherent(p.dev, 3 * 4096, v, h.value)
  const s = new dma_iova_state()
  KLAB('iova', 'alloc=%d use=%d', dma_iova_try_alloc(p.dev, s, virt_to_phys(b), 4096), dma_use_iova(s))
  KLAB('iova', 'link=%d again=%d sync=%d', dma_iova_link(p.dev, s, virt_to_phys(b), 0, 4096, DMA_BIDIRECTIONAL, 0), dma_iova_link(p.dev, s, virt_to_phys(b), 0, 4096, DMA_BIDIRECTIONAL, 0), dma_iova_sync(p.dev, s, 0, 4096))
  dma_iova_destroy(p.dev, s, 4096, DMA_BIDIRECTIONAL, 0)
  dma_unmap_single(p.dev, c, 100, DMA_BIDIRECTIONAL)
  dma_unmap_single(p.dev, a, 4096, DMA_BIDIRECTIONAL)
  return 0
}
function rm(p: pci_dev) {}
const edu_drv = EDU_DRIVER(pr, rm)
KLAB_PROBE('iommu-iova', () => {
  KLAB('register', 'ret=%d', pci_register_driver(edu_drv))
})
