import { module_pci_driver, pci_set_master, pcim_enable_device, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { DMA_BIT_MASK, dma_map_single, dma_mapping_error, dma_need_sync, dma_set_mask_and_coherent, DMA_TO_DEVICE, dma_unmap_single } from 'linux/dma-mapping'
import { GFP_KERNEL, kfree, kmalloc } from 'linux/slab'
import { module_param } from 'linux/moduleparam'
import { ENOMEM } from 'linux/errno'
import { dev_info } from 'linux/device'

const TRANSFERS = 8
const BYTES = 8192
const NARROW = 25
const WIDE = 64

/** 1: both functions get the mask that both can do. */
const common = module_param('common', 0, 0)

/** The second function of the card has fewer address wires. */
const bits_of = (pdev: pci_dev) => (common.value || pdev.devfn & 7 ? NARROW : WIDE)

/** Sends the same bytes again and again; how many times they had to be copied for the device. */
function transfers(pdev: pci_dev, data: Uint8Array) {
  let copied = 0
  for (let i = 0; i < TRANSFERS; i++) {
    const addr = dma_map_single(pdev.dev, data, BYTES, DMA_TO_DEVICE)
    if (dma_mapping_error(pdev.dev, addr)) return -ENOMEM
    if (dma_need_sync(pdev.dev, addr)) copied++
    dma_unmap_single(pdev.dev, addr, BYTES, DMA_TO_DEVICE)
  }
  return copied
}

function card_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pcim_enable_device(pdev)
  if (!ret) ret = dma_set_mask_and_coherent(pdev.dev, DMA_BIT_MASK(bits_of(pdev)))
  if (ret) return ret
  const data = kmalloc(BYTES, GFP_KERNEL)
  if (!data) return -ENOMEM
  pci_set_master(pdev)
  dev_info(pdev.dev, 'mask of %d bits: %d of %d transfers were copied\n', bits_of(pdev), transfers(pdev, data), TRANSFERS)
  kfree(data)
  return 0
}

module_pci_driver({
  name: 'card',
  id_table: [PCI_DEVICE(0x1234, 0x0d3a)],
  probe: card_probe,
})
