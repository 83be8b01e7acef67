import { module_pci_driver, pci_get_drvdata, pci_set_drvdata, pci_set_master, pcim_enable_device, pcim_iomap, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { cancel_delayed_work_sync, delayed_work, INIT_DELAYED_WORK, schedule_delayed_work, to_delayed_work, type work_struct } from 'linux/workqueue'
import { free_irq, IRQ_HANDLED, IRQ_NONE, IRQF_SHARED, request_irq } from 'linux/interrupt'
import { dma_alloc_coherent, dma_free_coherent } from 'linux/dma-mapping'
import { spin_lock, spin_lock_init, spin_unlock, spinlock_t } from 'linux/spinlock'
import { msecs_to_jiffies } from 'linux/jiffies'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { devm_kzalloc } from 'linux/device'
import { container_of } from 'linux/container_of'
import { msleep } from 'linux/delay'
import { ENOMEM } from 'linux/errno'
import { writel, type iomem } from 'linux/io'
import { ptr, type dma_addr_t } from 'linux/types'

const BDC_RING = 0x08
const BDC_RUN = 0x10
const BDC_IRQ_ENABLE = 0x14
const BDC_ACK = 0x18
const BDC_NOTIFY = 0x1c

const SR_ENTRIES = 16
const SR_SIZE = 8
const SR_REMOTE_WAKE = 2
const TNOTIFY_MS = 8
const NOTIFY_MAX = 3

class bdc_ep {
  reports = 0
}

class bdc {
  pdev!: pci_dev
  regs!: iomem
  lock = new spinlock_t() // protects the ring
  sr_bds: Uint8Array | null = null // the ring of status reports
  sr_dma: dma_addr_t = 0
  dqp_index = 0
  ep: bdc_ep | null = null
  func_wake_notify = new delayed_work()
  notified = 0
}

/** Tells the host that the function has woken up, a few times: it may be asleep. */
function bdc_func_wake_timer(work: work_struct) {
  const udc = container_of(to_delayed_work(work), bdc, 'func_wake_notify')
  writel(1, udc.regs + BDC_NOTIFY)
  if (++udc.notified % NOTIFY_MAX)
    schedule_delayed_work(udc.func_wake_notify, msecs_to_jiffies(TNOTIFY_MS))
}

/** The line is shared: whether there is something to do is seen in the ring. */
function bdc_udc_interrupt(irq: number, udc: bdc) {
  let ret = IRQ_NONE
  spin_lock(udc.lock)
  writel(1, udc.regs + BDC_ACK)
  while (udc.sr_bds![udc.dqp_index * SR_SIZE]) {
    const type = udc.sr_bds![udc.dqp_index * SR_SIZE]
    udc.sr_bds![udc.dqp_index * SR_SIZE] = 0
    udc.dqp_index = (udc.dqp_index + 1) % SR_ENTRIES
    udc.ep!.reports++
    if (type === SR_REMOTE_WAKE)
      schedule_delayed_work(udc.func_wake_notify, msecs_to_jiffies(TNOTIFY_MS))
    ret = IRQ_HANDLED
  }
  spin_unlock(udc.lock)
  return ret
}

function bdc_mem_init(udc: bdc) {
  const dma = ptr<dma_addr_t>()
  udc.sr_bds = dma_alloc_coherent(udc.pdev.dev, SR_ENTRIES * SR_SIZE, dma, GFP_KERNEL)
  if (!udc.sr_bds) return -ENOMEM
  udc.sr_dma = dma.value
  udc.ep = kzalloc(bdc_ep, GFP_KERNEL)
  if (udc.ep) return 0
  bdc_mem_free(udc)
  return -ENOMEM
}

function bdc_mem_free(udc: bdc) {
  kfree(udc.ep)
  udc.ep = null
  dma_free_coherent(udc.pdev.dev, SR_ENTRIES * SR_SIZE, udc.sr_bds, udc.sr_dma)
  udc.sr_bds = null
}

function bdc_run(udc: bdc) {
  writel(udc.sr_dma, udc.regs + BDC_RING)
  writel(1, udc.regs + BDC_IRQ_ENABLE)
  writel(1, udc.regs + BDC_RUN)
}

function bdc_stop(udc: bdc) {
  writel(0, udc.regs + BDC_RUN)
  writel(0, udc.regs + BDC_IRQ_ENABLE)
}

function bdc_phy_exit(udc: bdc) {
  msleep(4) // the line settles
}

function bdc_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pcim_enable_device(pdev)
  if (ret) return ret
  const udc = devm_kzalloc(pdev.dev, bdc, GFP_KERNEL)
  if (!udc) return -ENOMEM
  udc.pdev = pdev
  const regs = pcim_iomap(pdev, 0, 0)
  if (!regs) return -ENOMEM
  udc.regs = regs
  spin_lock_init(udc.lock)
  INIT_DELAYED_WORK(udc.func_wake_notify, bdc_func_wake_timer)
  pci_set_drvdata(pdev, udc)
  pci_set_master(pdev)
  ret = bdc_mem_init(udc)
  if (ret) return ret
  ret = request_irq(pdev.irq, bdc_udc_interrupt, IRQF_SHARED, 'bdc', udc)
  if (ret) {
    bdc_mem_free(udc)
    return ret
  }
  bdc_run(udc)
  return 0
}

function bdc_remove(pdev: pci_dev) {
  const udc = pci_get_drvdata<bdc>(pdev)
  bdc_stop(udc)
  free_irq(pdev.irq, udc) // disable_irq() would not do: the neighbour needs the line
  cancel_delayed_work_sync(udc.func_wake_notify) // after the handler, which starts it
  bdc_mem_free(udc)
  bdc_phy_exit(udc)
}

const bdc_ids = [PCI_DEVICE(0x14e4, 0x16cd)]

module_pci_driver({ name: 'bdc', id_table: bdc_ids, probe: bdc_probe, remove: bdc_remove })
