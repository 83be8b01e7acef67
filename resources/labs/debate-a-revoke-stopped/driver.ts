import { module_pci_driver, pci_get_drvdata, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { cleanup_srcu_struct, init_srcu_struct, srcu_read_lock, srcu_read_unlock, srcu_struct, synchronize_srcu } from 'linux/srcu'
import { dma_alloc_coherent, dma_free_coherent } from 'linux/dma-mapping'
import { ring_add, ring_engine, ring_init, ring_kick, ring_stop, ring_wait } from './engine'
import { ptr, type dma_addr_t } from 'linux/types'
import { GFP_KERNEL } from 'linux/slab'
import { devm_kzalloc } from 'linux/device'
import { pr_info } from 'linux/printk'
import { ENOMEM } from 'linux/errno'

const BYTES = 4096

/** Memory that can be taken away from all its users at once. */
class revocable_buffer {
  srcu = new srcu_struct()
  cpu: Uint8Array | null = null
  dma: dma_addr_t = 0
}

class collector {
  engine = new ring_engine()
  buffer = new revocable_buffer()
}

/** Asks for a result. Inside the read side the buffer is there, and its address is given away. */
function collector_request(c: collector) {
  const idx = srcu_read_lock(c.buffer.srcu)
  let index = -1
  if (c.buffer.cpu) {
    index = ring_add(c.engine, c.buffer.dma, 64, 0)
    ring_kick(c.engine)
  }
  srcu_read_unlock(c.buffer.srcu, idx)
  return index
}

/** No CPU uses the buffer any more when this returns. */
function revoke(pdev: pci_dev, buffer: revocable_buffer) {
  const { cpu } = buffer
  buffer.cpu = null
  synchronize_srcu(buffer.srcu)
  if (cpu) dma_free_coherent(pdev.dev, BYTES, cpu, buffer.dma)
  pr_info('revoked: no reader is left\n')
}

function collector_probe(pdev: pci_dev, id: pci_device_id) {
  const c = devm_kzalloc(pdev.dev, collector, GFP_KERNEL)
  if (!c) return -ENOMEM
  const ret = init_srcu_struct(c.buffer.srcu) || ring_init(c.engine, pdev, 16)
  if (ret) return ret
  const dma = ptr<dma_addr_t>()
  c.buffer.cpu = dma_alloc_coherent(pdev.dev, BYTES, dma, GFP_KERNEL)
  c.buffer.dma = dma.value
  if (!c.buffer.cpu) return -ENOMEM
  pci_set_drvdata(pdev, c)
  ring_wait(c.engine, collector_request(c))
  collector_request(c)
  return 0
}

function collector_remove(pdev: pci_dev) {
  const c = pci_get_drvdata<collector>(pdev)
  ring_stop(c.engine, pdev)
  revoke(pdev, c.buffer)
  cleanup_srcu_struct(c.buffer.srcu)
}

module_pci_driver({
  name: 'collector',
  id_table: [PCI_DEVICE(0x1234, 0x0d3a)],
  probe: collector_probe,
  remove: collector_remove,
})
