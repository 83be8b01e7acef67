import { module_pci_driver, pci_disable_device, pci_enable_device, pci_get_drvdata, pci_iomap, pci_iounmap, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { dev_get_drvdata, type device } from 'linux/device'
import { free_irq, IRQ_HANDLED, IRQ_NONE, IRQF_SHARED, request_irq } from 'linux/interrupt'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { ENOMEM } from 'linux/errno'
import { usleep_range } from 'linux/delay'
import { readl, writel, type iomem } from 'linux/io'

const EDU_FACTORIAL = 0x08
const EDU_STATUS = 0x20
const EDU_STATUS_IRQ = 0x80
const EDU_IRQ_STATUS = 0x24
const EDU_IRQ_ACK = 0x64
const FACT_IRQ = 1
const ALARMS = 30

class msc313_rtc {
  rtc_base!: iomem
  alarms = 0
}

/** The line is shared: the neighbour's interrupts call this too. */
function msc313_rtc_interrupt(irq: number, dev: device) {
  const priv = dev_get_drvdata<msc313_rtc>(dev)
  const status = readl(priv.rtc_base + EDU_IRQ_STATUS)
  if (!status) return IRQ_NONE
  writel(status, priv.rtc_base + EDU_IRQ_ACK)
  if (++priv.alarms < ALARMS) writel(3, priv.rtc_base + EDU_FACTORIAL) // the next one
  return IRQ_HANDLED
}

function start_alarms(priv: msc313_rtc) {
  writel(EDU_STATUS_IRQ, priv.rtc_base + EDU_STATUS)
  writel(3, priv.rtc_base + EDU_FACTORIAL)
}

function msc313_rtc_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pci_enable_device(pdev)
  if (ret) return ret
  const priv = kzalloc(msc313_rtc, GFP_KERNEL)
  if (!priv) {
    pci_disable_device(pdev)
    return -ENOMEM
  }
  priv.rtc_base = pci_iomap(pdev, 0, 0)
  if (!priv.rtc_base) {
    kfree(priv)
    pci_disable_device(pdev)
    return -ENOMEM
  }
  ret = request_irq(pdev.irq, msc313_rtc_interrupt, IRQF_SHARED, 'msc313-rtc', pdev.dev)
  if (ret) {
    pci_iounmap(pdev, priv.rtc_base)
    kfree(priv)
    pci_disable_device(pdev)
    return ret
  }
  usleep_range(1000, 2000) // the clock settles
  pci_set_drvdata(pdev, priv) // too late: the neighbour on the line has had its interrupts
  start_alarms(priv)
  return 0
}

function msc313_rtc_remove(pdev: pci_dev) {
  const priv = pci_get_drvdata<msc313_rtc>(pdev)
  writel(0, priv.rtc_base + EDU_STATUS)
  writel(FACT_IRQ, priv.rtc_base + EDU_IRQ_ACK) // the neighbour needs the line
  free_irq(pdev.irq, pdev.dev)
  pci_iounmap(pdev, priv.rtc_base)
  kfree(priv)
  pci_disable_device(pdev)
}

const msc313_ids = [PCI_DEVICE(0x1234, 0x11e8)]

module_pci_driver({ name: 'msc313_rtc', id_table: msc313_ids, probe: msc313_rtc_probe, remove: msc313_rtc_remove })
