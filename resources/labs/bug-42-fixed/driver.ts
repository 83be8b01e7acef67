import { module_pci_driver, pci_disable_device, pci_enable_device, pci_get_drvdata, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { dma_alloc_coherent, dma_free_coherent } from 'linux/dma-mapping'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { spin_lock_init, spin_lock_irqsave, spin_unlock_irqrestore, spinlock_t } from 'linux/spinlock'
import { ENOMEM } from 'linux/errno'
import { ptr, type dma_addr_t } from 'linux/types'

const CONTEXTS = 16384

class xhci_hcd {
  lock = new spinlock_t()
  streams: Uint8Array | null = null
  streams_dma: dma_addr_t = 0
}

function xhci_probe(pdev: pci_dev, id: pci_device_id) {
  const ret = pci_enable_device(pdev)
  if (ret) return ret
  const xhci = kzalloc(xhci_hcd, GFP_KERNEL)
  if (!xhci) {
    pci_disable_device(pdev)
    return -ENOMEM
  }
  spin_lock_init(xhci.lock)
  const dma = ptr<dma_addr_t>()
  xhci.streams = dma_alloc_coherent(pdev.dev, CONTEXTS, dma, GFP_KERNEL)
  if (!xhci.streams) {
    kfree(xhci)
    pci_disable_device(pdev)
    return -ENOMEM
  }
  xhci.streams_dma = dma.value
  pci_set_drvdata(pdev, xhci)
  return 0
}

function xhci_free_streams(pdev: pci_dev, xhci: xhci_hcd) {
  const flags = spin_lock_irqsave(xhci.lock)
  const streams = xhci.streams
  xhci.streams = null
  spin_unlock_irqrestore(xhci.lock, flags)
  dma_free_coherent(pdev.dev, CONTEXTS, streams, xhci.streams_dma)
}

function xhci_remove(pdev: pci_dev) {
  const xhci = pci_get_drvdata<xhci_hcd>(pdev)
  xhci_free_streams(pdev, xhci)
  pci_disable_device(pdev)
  kfree(xhci)
}

const xhci_ids = [PCI_DEVICE(0x1234, 0x11e8)]

module_pci_driver({ name: 'xhci_hcd', id_table: xhci_ids, probe: xhci_probe, remove: xhci_remove })
