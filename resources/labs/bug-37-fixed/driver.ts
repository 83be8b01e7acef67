import { module_pci_driver, pci_enable_device, pci_disable_device, pci_get_drvdata, pci_iomap, pci_iounmap, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { pm_runtime_allow, pm_runtime_forbid, pm_runtime_get_if_active, pm_runtime_get_noresume, pm_runtime_put, pm_runtime_put_noidle } from 'linux/pm_runtime'
import { free_irq, IRQ_HANDLED, IRQ_NONE, IRQF_SHARED, request_irq, synchronize_irq } from 'linux/interrupt'
import { complete, completion, init_completion, reinit_completion, wait_for_completion_timeout } from 'linux/completion'
import { dev_get_drvdata, dev_info, type device } from 'linux/device'
import { readl, writel, type iomem } from 'linux/io'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { msecs_to_jiffies } from 'linux/jiffies'
import { ENOMEM, ETIMEDOUT } from 'linux/errno'
import { WARN_ON_ONCE } from 'linux/bug'

const BUTTRESS_REG_ISR_STATUS = 0x00
const BUTTRESS_REG_ISR_CLEAR = 0x04
const BUTTRESS_REG_AUTHENTICATE = 0x08

const BUTTRESS_ISR_IPC_DONE = 1 << 0
const BUTTRESS_ISR_ISYS_FRAME = 1 << 1
const BUTTRESS_ISR_SAI_VIOLATION = 1 << 2

class ipu6_device {
  pdev!: pci_dev
  base!: iomem
  irq = 0
  ipc_done = new completion()
  frames = 0
}

/** The line is shared, and the camera may be off: then the interrupt is somebody else's. */
function ipu6_buttress_isr(irq: number, isp: ipu6_device) {
  const active = pm_runtime_get_if_active(isp.pdev.dev)
  if (!active) return IRQ_NONE
  let irq_status = readl(isp.base + BUTTRESS_REG_ISR_STATUS)
  if (irq_status === 0 || WARN_ON_ONCE(irq_status === 0xffffffff)) {
    if (active > 0) pm_runtime_put_noidle(isp.pdev.dev)
    return IRQ_NONE
  }
  do {
    writel(irq_status, isp.base + BUTTRESS_REG_ISR_CLEAR)
    if (irq_status & BUTTRESS_ISR_ISYS_FRAME) isp.frames++
    if (irq_status & BUTTRESS_ISR_IPC_DONE) complete(isp.ipc_done)
    if (irq_status & BUTTRESS_ISR_SAI_VIOLATION) isp.frames = 0
    irq_status = readl(isp.base + BUTTRESS_REG_ISR_STATUS)
  } while (irq_status)
  if (active > 0) pm_runtime_put(isp.pdev.dev)
  return IRQ_HANDLED
}

/** Nobody takes pictures: the bus puts the camera into D3 after this. */
function ipu6_runtime_suspend(dev: device) {
  const isp = dev_get_drvdata<ipu6_device>(dev)
  synchronize_irq(isp.irq) // a handler that has found the device on may still read its registers
  dev_info(dev, 'camera off after %d frames\n', isp.frames)
  return 0
}

function ipu6_runtime_resume(dev: device) {
  return 0
}

/** Has the firmware checked, which the camera reports with an interrupt. */
function ipu6_buttress_authenticate(isp: ipu6_device) {
  reinit_completion(isp.ipc_done)
  writel(1, isp.base + BUTTRESS_REG_AUTHENTICATE)
  return wait_for_completion_timeout(isp.ipc_done, msecs_to_jiffies(100)) ? 0 : -ETIMEDOUT
}

function ipu6_pci_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pci_enable_device(pdev)
  if (ret) return ret
  const isp = kzalloc(ipu6_device, GFP_KERNEL)
  ret = -ENOMEM
  if (!isp) {
    pci_disable_device(pdev)
    return ret
  }
  isp.pdev = pdev
  isp.irq = pdev.irq
  init_completion(isp.ipc_done)
  pci_set_drvdata(pdev, isp)
  const base = pci_iomap(pdev, 0, 0)
  if (base) {
    isp.base = base
    ret = request_irq(isp.irq, ipu6_buttress_isr, IRQF_SHARED, 'intel-ipu6', isp)
    if (!ret) {
      ret = ipu6_buttress_authenticate(isp)
      if (!ret) {
        pm_runtime_put_noidle(pdev.dev)
        pm_runtime_allow(pdev.dev)
        return 0
      }
      free_irq(isp.irq, isp)
    }
    pci_iounmap(pdev, base)
  }
  kfree(isp)
  pci_disable_device(pdev)
  return ret
}

function ipu6_pci_remove(pdev: pci_dev) {
  const isp = pci_get_drvdata<ipu6_device>(pdev)
  pm_runtime_forbid(pdev.dev)
  pm_runtime_get_noresume(pdev.dev)
  free_irq(isp.irq, isp)
  pci_iounmap(pdev, isp.base)
  pci_disable_device(pdev)
  kfree(isp)
}

const ipu6_pm_ops = { runtime_suspend: ipu6_runtime_suspend, runtime_resume: ipu6_runtime_resume }
const ipu6_ids = [PCI_DEVICE(0x8086, 0x7d19)]

module_pci_driver({ name: 'intel-ipu6', id_table: ipu6_ids, driver: { pm: ipu6_pm_ops }, probe: ipu6_pci_probe, remove: ipu6_pci_remove })
