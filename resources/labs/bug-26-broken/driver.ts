import { module_pci_driver, pci_disable_device, pci_enable_device, pci_get_drvdata, pci_iomap, pci_iounmap, pci_set_drvdata, pci_set_master, PCI_DEVICE, type pci_dev } from 'linux/pci'
import { DMA_FROM_DEVICE, dma_map_single, dma_mapping_error, dma_unmap_single } from 'linux/dma-mapping'
import { kthread_create, kthread_bind, kthread_should_stop, kthread_stop_put } from 'linux/kthread'
import { spin_lock, spin_lock_init, spin_unlock, spinlock_t } from 'linux/spinlock'
import { get_task_struct, wake_up_process, type task_struct } from 'linux/sched'
import { kfree, kzalloc, GFP_KERNEL } from 'linux/slab'
import { udelay } from 'linux/delay'
import { free_page, get_zeroed_page } from 'linux/gfp'
import { readl, writel, type iomem } from 'linux/io'
import { cpu_relax } from 'linux/processor'
import { ATOMIC_INIT, atomic_inc, atomic_read } from 'linux/atomic'
import { ENOMEM } from 'linux/errno'
import { IS_ERR, PTR_ERR } from 'linux/err'

const PAGE = 0x00
const PHYSICAL = 0x08
const INVALIDATE = 0x10
const REPORT = 0x18
const REPORTED = 0x20
const RUN = 0x28
const TOGETHER = 3
const ROUNDS = 8

/** Somebody who has pages for the engine. */
class lender {
  iommu!: amd_iommu
  pdev!: pci_dev
  thread!: task_struct
  iova = 0
  late = 0
}

class amd_iommu {
  mmio!: iomem
  lock = new spinlock_t()
  /** Something was queued since the hardware was last asked to report. */
  need_sync = false
  cmd_sem_val = 0
  lenders = [new lender(), new lender()]
  arrived = ATOMIC_INIT(0)
}

function iommu_queue_inv_page(iommu: amd_iommu, iova: number) {
  spin_lock(iommu.lock)
  writel(iova, iommu.mmio + INVALIDATE)
  iommu.need_sync = true
  spin_unlock(iommu.lock)
}

function wait_on_sem(iommu: amd_iommu, data: number) {
  while (readl(iommu.mmio + REPORTED) < data) {
    udelay(1)
    cpu_relax()
  }
}

/** Until the hardware has done everything that was queued before. */
function iommu_completion_wait(iommu: amd_iommu) {
  if (!iommu.need_sync) return
  spin_lock(iommu.lock)
  const data = ++iommu.cmd_sem_val
  writel(data, iommu.mmio + REPORT)
  iommu.need_sync = false
  spin_unlock(iommu.lock)
  wait_on_sem(iommu, data)
}

/** Lends a page to the engine, and takes it back. */
function lend(u: lender) {
  const { iommu, pdev } = u
  const memory = get_zeroed_page(GFP_KERNEL)
  if (!memory) return -ENOMEM
  const physical = dma_map_single(pdev.dev, memory, 4096, DMA_FROM_DEVICE)
  if (dma_mapping_error(pdev.dev, physical)) {
    free_page(memory)
    return -ENOMEM
  }
  spin_lock(iommu.lock)
  writel(u.iova, iommu.mmio + PAGE)
  writel(physical, iommu.mmio + PHYSICAL)
  spin_unlock(iommu.lock)
  udelay(u.late)
  iommu_queue_inv_page(iommu, u.iova)
  udelay(3)
  iommu_completion_wait(iommu)
  dma_unmap_single(pdev.dev, physical, 4096, DMA_FROM_DEVICE)
  free_page(memory)
  return 0
}

/** At first both CPUs begin each round together, then each goes on as it likes. */
function lend_all(u: lender) {
  for (let round = 1; round <= TOGETHER; round++) {
    atomic_inc(u.iommu.arrived)
    while (atomic_read(u.iommu.arrived) < 2 * round && !kthread_should_stop()) cpu_relax()
    lend(u)
  }
  for (let round = 0; round < ROUNDS; round++) lend(u)
  return 0
}

function start(iommu: amd_iommu, pdev: pci_dev, cpu: number) {
  const u = iommu.lenders[cpu]!
  u.iommu = iommu
  u.pdev = pdev
  u.iova = 0x1000 * (cpu + 1)
  u.late = cpu
  const thread = kthread_create(lend_all, u, 'lend/%d', cpu)
  if (IS_ERR(thread)) return PTR_ERR(thread)
  u.thread = get_task_struct(thread)
  kthread_bind(u.thread, cpu)
  wake_up_process(u.thread)
  return 0
}

function amd_probe(pdev: pci_dev) {
  const iommu = kzalloc(amd_iommu, GFP_KERNEL)
  if (!iommu) return -ENOMEM
  spin_lock_init(iommu.lock)
  let ret = pci_enable_device(pdev)
  if (ret) {
    kfree(iommu)
    return ret
  }
  pci_set_master(pdev)
  iommu.mmio = pci_iomap(pdev, 0, 0)
  pci_set_drvdata(pdev, iommu)
  ret = iommu.mmio ? run(iommu, pdev) : -ENOMEM
  if (ret) shut_down(iommu, pdev)
  return ret
}

function run(iommu: amd_iommu, pdev: pci_dev) {
  writel(1, iommu.mmio + RUN)
  return start(iommu, pdev, 0) || start(iommu, pdev, 1)
}

/** Also after half a start. */
function shut_down(iommu: amd_iommu, pdev: pci_dev) {
  for (const u of iommu.lenders) if (u.thread) kthread_stop_put(u.thread)
  if (iommu.mmio) {
    writel(0, iommu.mmio + RUN)
    readl(iommu.mmio + REPORTED)
    pci_iounmap(pdev, iommu.mmio)
  }
  pci_disable_device(pdev)
  kfree(iommu)
}

function amd_remove(pdev: pci_dev) {
  shut_down(pci_get_drvdata<amd_iommu>(pdev), pdev)
}

module_pci_driver({ name: 'amd_iommu', id_table: [PCI_DEVICE(0x1022, 0x0b26)], probe: amd_probe, remove: amd_remove })
