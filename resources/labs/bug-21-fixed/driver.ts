import { module_pci_driver, pci_get_drvdata, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { dma_map_single, dma_mapping_error, dma_unmap_single, DMA_TO_DEVICE, type device } from 'linux/dma-mapping'
import { FROM_MEMORY, ring_add, ring_engine, ring_init, ring_kick, ring_stop, ring_wait } from './engine'
import { GFP_KERNEL, kfree, kmalloc } from 'linux/slab'
import { devm_kzalloc } from 'linux/device'
import { ENOMEM } from 'linux/errno'
import type { dma_addr_t } from 'linux/types'

const FRAGMENT = 32768
const RING = 64

class e1000_buffer {
  dma: dma_addr_t = 0
  data: Uint8Array | null = null
}

class e1000_adapter {
  pdev!: pci_dev
  engine = new ring_engine()
  buffers = Array.from({ length: RING }, () => new e1000_buffer())
  dropped = 0
}

/** Maps `nr` fragments. How many, or -ENOMEM: then none is mapped. */
function e1000_tx_map(adapter: e1000_adapter, dev: device, nr: number) {
  let count = 0
  for (; count < nr; count++) {
    const buffer = adapter.buffers[count]
    buffer.dma = dma_map_single(dev, buffer.data!, FRAGMENT, DMA_TO_DEVICE)
    if (dma_mapping_error(dev, buffer.dma)) break
  }
  if (count === nr) return count
  while (count-- > 0) e1000_unmap(dev, adapter.buffers[count])
  return -ENOMEM
}

function e1000_unmap(dev: device, buffer: e1000_buffer) {
  dma_unmap_single(dev, buffer.dma, FRAGMENT, DMA_TO_DEVICE)
  buffer.dma = 0
}

/** A frame of so many fragments; one that cannot be mapped is dropped. */
function e1000_xmit_frame(adapter: e1000_adapter, nr: number) {
  const dev = adapter.pdev.dev
  const count = e1000_tx_map(adapter, dev, nr)
  if (count < 0) {
    adapter.dropped++
    return
  }
  let last = 0
  for (let i = 0; i < count; i++) last = ring_add(adapter.engine, adapter.buffers[i].dma, 64, FROM_MEMORY)
  ring_kick(adapter.engine)
  ring_wait(adapter.engine, last)
  for (let i = 0; i < count; i++) e1000_unmap(dev, adapter.buffers[i])
}

function e1000_free(adapter: e1000_adapter) {
  for (const buffer of adapter.buffers) kfree(buffer.data)
}

function e1000_probe(pdev: pci_dev, id: pci_device_id) {
  const adapter = devm_kzalloc(pdev.dev, e1000_adapter, GFP_KERNEL)
  if (!adapter) return -ENOMEM
  adapter.pdev = pdev
  const ret = ring_init(adapter.engine, pdev, RING)
  if (ret) return ret
  for (const buffer of adapter.buffers) {
    buffer.data = kmalloc(FRAGMENT, GFP_KERNEL)
    if (!buffer.data) {
      e1000_free(adapter)
      return -ENOMEM
    }
  }
  pci_set_drvdata(pdev, adapter)
  e1000_xmit_frame(adapter, 4)
  e1000_xmit_frame(adapter, 20)
  e1000_xmit_frame(adapter, 4)
  return 0
}

function e1000_remove(pdev: pci_dev) {
  const adapter = pci_get_drvdata<e1000_adapter>(pdev)
  ring_stop(adapter.engine, pdev)
  e1000_free(adapter)
}

module_pci_driver({
  name: 'e1000',
  id_table: [PCI_DEVICE(0x1234, 0x0d3a)],
  probe: e1000_probe,
  remove: e1000_remove,
})
