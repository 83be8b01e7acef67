import { DMA_ATTR_CC_SHARED, DMA_ATTR_MMIO, DMA_ATTR_REQUIRE_COHERENT, DMA_ATTR_SKIP_CPU_SYNC, DMA_BIT_MASK, dma_map_page_attrs, dma_map_phys, dma_map_resource, dma_map_single_attrs, dma_mapping_error, DMA_TO_DEVICE, dma_unmap_phys, dma_unmap_resource, dma_unmap_single_attrs } from 'linux/dma-mapping'
import { GFP_KERNEL, kmalloc } from 'linux/slab'
import { virt_to_page, virt_to_phys } from 'linux/mm'
import { KLAB, KLAB_PROBE } from './klab'
import { kp_dev } from './klab_plat'

function probe() {
  const d = kp_dev(DMA_BIT_MASK(32))
  const b = kmalloc(4096, GFP_KERNEL)!
  const m = dma_map_page_attrs(d, virt_to_page(b)!, 0, 64, DMA_TO_DEVICE, DMA_ATTR_MMIO)
  KLAB('page', 'mmio=%d', dma_mapping_error(d, m))
  const s = dma_map_single_attrs(d, b, 64, DMA_TO_DEVICE, DMA_ATTR_CC_SHARED)
  KLAB('single', 'shared=%d', dma_mapping_error(d, s))
  const c = dma_map_single_attrs(d, b, 64, DMA_TO_DEVICE, DMA_ATTR_REQUIRE_COHERENT)
  KLAB('single', 'coherent=%d', dma_mapping_error(d, c))
  dma_unmap_single_attrs(d, c, 64, DMA_TO_DEVICE, 0)
  KLAB('unmap', 'other_attributes=1')
  const k = dma_map_single_attrs(d, b, 64, DMA_TO_DEVICE, DMA_ATTR_SKIP_CPU_SYNC)
  KLAB('single', 'skip=%d', dma_mapping_error(d, k))
  dma_unmap_single_attrs(d, k, 64, DMA_TO_DEVICE, 0)
  KLAB('unmap', 'without_skip=1')
  const r = dma_map_resource(d, 0xfe000000, 4096, DMA_TO_DEVICE, 0)
  KLAB('resource', 'error=%d same=%d', dma_mapping_error(d, r), r === 0xfe000000)
  dma_unmap_resource(d, r, 4096, DMA_TO_DEVICE, 0)
  const p = dma_map_phys(d, virt_to_phys(b), 64, DMA_TO_DEVICE, 0)
  KLAB('phys', 'error=%d same=%d', dma_mapping_error(d, p), p === virt_to_phys(b))
  dma_unmap_phys(d, p, 64, DMA_TO_DEVICE, 0)
}
KLAB_PROBE('dma-attributes', probe)
