import { module_pci_driver, pci_disable_device, pci_enable_device, pci_get_drvdata, pci_iomap, pci_iounmap, pci_set_drvdata, pci_set_master, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { dma_alloc_coherent, DMA_BIT_MASK, dma_free_coherent, dma_set_mask_and_coherent } from 'linux/dma-mapping'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { ENOMEM } from 'linux/errno'
import { usleep_range } from 'linux/delay'
import { readl, writel, type iomem } from 'linux/io'
import { ptr, type dma_addr_t } from 'linux/types'

const DSA_RING = 0x08
const DSA_CONTROL = 0x10
const ALL_ONES = 0xffffffff
const RECORDS = 4096

class idxd_wq {
  mmio!: iomem
  compls: Uint8Array | null = null
  compls_addr: dma_addr_t = 0
}

/** Tells the queue to stop and waits until it has: only then has the hardware let go. */
function idxd_wq_reset(wq: idxd_wq) {
  writel(0, wq.mmio + DSA_CONTROL)
  for (;;) {
    const control = readl(wq.mmio + DSA_CONTROL)
    if (!control || control === ALL_ONES) return // stopped, or not there any more
    usleep_range(50, 100)
  }
}

function idxd_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pci_enable_device(pdev)
  if (ret) return ret
  ret = dma_set_mask_and_coherent(pdev.dev, DMA_BIT_MASK(32))
  if (ret) {
    pci_disable_device(pdev)
    return ret
  }
  const wq = kzalloc(idxd_wq, GFP_KERNEL)
  if (!wq) {
    pci_disable_device(pdev)
    return -ENOMEM
  }
  const dma = ptr<dma_addr_t>()
  wq.compls = dma_alloc_coherent(pdev.dev, RECORDS, dma, GFP_KERNEL)
  if (!wq.compls) {
    kfree(wq)
    pci_disable_device(pdev)
    return -ENOMEM
  }
  wq.compls_addr = dma.value
  wq.mmio = pci_iomap(pdev, 0, 0)
  if (!wq.mmio) {
    dma_free_coherent(pdev.dev, RECORDS, wq.compls, wq.compls_addr)
    kfree(wq)
    pci_disable_device(pdev)
    return -ENOMEM
  }
  pci_set_master(pdev)
  pci_set_drvdata(pdev, wq)
  writel(wq.compls_addr, wq.mmio + DSA_RING)
  writel(1, wq.mmio + DSA_CONTROL)
  return 0
}

function idxd_remove(pdev: pci_dev) {
  const wq = pci_get_drvdata<idxd_wq>(pdev)
  dma_free_coherent(pdev.dev, RECORDS, wq.compls, wq.compls_addr)
  wq.compls = null // hides the CPU's half of the mistake, not the device's
  idxd_wq_reset(wq)
  pci_iounmap(pdev, wq.mmio)
  pci_disable_device(pdev)
  kfree(wq)
}

const idxd_ids = [PCI_DEVICE(0x8086, 0x0b25)]

module_pci_driver({ name: 'idxd', id_table: idxd_ids, probe: idxd_probe, remove: idxd_remove })
