import { module_pci_driver, pci_get_drvdata, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { dma_alloc_coherent, dma_free_coherent } from 'linux/dma-mapping'
import { ring_add, ring_engine, ring_init, ring_kick, ring_stop } from './engine'
import { ptr, type dma_addr_t } from 'linux/types'
import { GFP_KERNEL } from 'linux/slab'
import { devm_kzalloc } from 'linux/device'
import { ENOMEM } from 'linux/errno'

const BYTES = 4096
const RESULTS = 4

class collector {
  engine = new ring_engine()
  results!: Uint8Array
  results_dma: dma_addr_t = 0
}

function collector_probe(pdev: pci_dev, id: pci_device_id) {
  const c = devm_kzalloc(pdev.dev, collector, GFP_KERNEL)
  if (!c) return -ENOMEM
  const ret = ring_init(c.engine, pdev, 16)
  if (ret) return ret
  const dma = ptr<dma_addr_t>()
  const results = dma_alloc_coherent(pdev.dev, BYTES, dma, GFP_KERNEL)
  if (!results) return -ENOMEM
  c.results = results
  c.results_dma = dma.value
  pci_set_drvdata(pdev, c)
  for (let i = 0; i < RESULTS; i++) ring_add(c.engine, c.results_dma + i * 64, 64, 0)
  ring_kick(c.engine) // the engine writes results from now on
  return 0
}

function collector_remove(pdev: pci_dev) {
  const c = pci_get_drvdata<collector>(pdev)
  ring_stop(c.engine, pdev)
  dma_free_coherent(pdev.dev, BYTES, c.results, c.results_dma)
}

module_pci_driver({
  name: 'collector',
  id_table: [PCI_DEVICE(0x1234, 0x0d3a)],
  probe: collector_probe,
  remove: collector_remove,
})
