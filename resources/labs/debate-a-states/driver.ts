import { module_pci_driver, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { dma_alloc_coherent, DMA_BIT_MASK, dma_free_coherent, dma_map_single, dma_mapping_error, dma_set_mask_and_coherent, DMA_TO_DEVICE, dma_unmap_single } from 'linux/dma-mapping'
import { EXPORT_SYMBOL_GPL } from 'linux/module'
import { get_device, put_device, type device } from 'linux/device'
import { GFP_KERNEL, kfree, kmalloc } from 'linux/slab'
import { pr_info } from 'linux/printk'
import { ptr, type dma_addr_t } from 'linux/types'

/** The device that the driver was bound to, with a reference. */
const kept: { dev: device | null } = { dev: null }

/** Every kind of DMA call on the device, whatever state it is in. */
export function try_calls(state: string) {
  const dev = kept.dev!
  const handle = ptr<dma_addr_t>()
  const data = kmalloc(256, GFP_KERNEL)!
  const mask = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32))
  const cpu = dma_alloc_coherent(dev, 4096, handle, GFP_KERNEL)
  const addr = dma_map_single(dev, data, 256, DMA_TO_DEVICE)
  const error = dma_mapping_error(dev, addr)
  pr_info('%s: mask %d, coherent memory %d, mapping %d, through an IOMMU %d\n', state, mask, !!cpu, error, dev.dma_iommu)
  if (!error) dma_unmap_single(dev, addr, 256, DMA_TO_DEVICE)
  if (cpu) dma_free_coherent(dev, 4096, cpu, handle.value)
  kfree(data)
}

/** Drops the reference. */
export function forget_device() {
  put_device(kept.dev)
  kept.dev = null
}

function states_probe(pdev: pci_dev, id: pci_device_id) {
  kept.dev = get_device(pdev.dev)
  try_calls('bound')
  return 0
}

module_pci_driver({
  name: 'states',
  id_table: [PCI_DEVICE(0x1234, 0x0d3a)],
  probe: states_probe,
})
EXPORT_SYMBOL_GPL(try_calls)
EXPORT_SYMBOL_GPL(forget_device)
