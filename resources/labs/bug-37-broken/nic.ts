import { module_pci_driver, pci_disable_device, pci_enable_device, pci_get_drvdata, pci_iomap, pci_iounmap, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { free_irq, IRQ_HANDLED, IRQ_NONE, IRQF_SHARED, request_irq } from 'linux/interrupt'
import { readl, writel, type iomem } from 'linux/io'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { ENOMEM } from 'linux/errno'

const PACKETS = 0x00
const START = 0x04

class nic {
  mmio!: iomem
  irq = 0
  packets = 0
}

function nic_interrupt(irq: number, priv: nic) {
  const packets = readl(priv.mmio + PACKETS)
  if (!packets) return IRQ_NONE
  writel(0, priv.mmio + PACKETS)
  priv.packets += packets
  return IRQ_HANDLED
}

function nic_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pci_enable_device(pdev)
  if (ret) return ret
  const priv = kzalloc(nic, GFP_KERNEL)
  ret = -ENOMEM
  if (!priv) {
    pci_disable_device(pdev)
    return ret
  }
  const mmio = pci_iomap(pdev, 0, 0)
  if (mmio) {
    priv.mmio = mmio
    priv.irq = pdev.irq
    ret = request_irq(priv.irq, nic_interrupt, IRQF_SHARED, 'nic', priv)
    if (!ret) {
      pci_set_drvdata(pdev, priv)
      writel(1, mmio + START)
      return 0
    }
    pci_iounmap(pdev, mmio)
  }
  kfree(priv)
  pci_disable_device(pdev)
  return ret
}

function nic_remove(pdev: pci_dev) {
  const priv = pci_get_drvdata<nic>(pdev)
  free_irq(priv.irq, priv)
  pci_iounmap(pdev, priv.mmio)
  pci_disable_device(pdev)
  kfree(priv)
}

const nic_ids = [PCI_DEVICE(0x8086, 0x15f3)]

module_pci_driver({ name: 'nic', id_table: nic_ids, probe: nic_probe, remove: nic_remove })
