import { complete, completion, init_completion, reinit_completion, wait_for_completion_interruptible_timeout } from 'linux/completion'
import { container_of } from 'linux/container_of'
import { dma_alloc_coherent, dma_free_coherent } from 'linux/dma-mapping'
import { usleep_range } from 'linux/delay'
import { EIO, ENODEV, ENOTTY, ERESTARTSYS, ETIMEDOUT } from 'linux/errno'
import { GFP_KERNEL } from 'linux/slab'
import { HZ, jiffies, msecs_to_jiffies } from 'linux/jiffies'
import { IRQ_HANDLED, IRQ_NONE } from 'linux/interrupt'
import { readl, writel, type iomem } from 'linux/io'
import { mod_timer, timer_list, timer_setup } from 'linux/timer'
import { mutex, mutex_init, mutex_lock_interruptible, mutex_unlock } from 'linux/mutex'
import { pci_clear_master, PCI_DEVICE, PCI_POSSIBLE_ERROR, type pci_dev } from 'linux/pci'
import { ptr, type dma_addr_t } from 'linux/types'
import { INIT_WORK, schedule_work, work_struct } from 'linux/workqueue'
import { EDU_COPY, EDU_FACTORIAL, EDU_IDENT, EDU_RAISE, EDU_START_COPY } from './commands'
import { DEVICE_BUFFER, DMA_COMMAND, DMA_COUNT, DMA_DESTINATION, DMA_SOURCE, FACTORIAL, ID, IRQ_ACK, IRQ_RAISE, IRQ_STATUS, STATUS, TO_MEMORY_WITH_IRQ } from './registers'

/**
 * What the device does and how a program is served. The same file in all models: it knows nothing
 * of unbinding. Each driver.ts answers, in its own way, who may still be in here then.
 */

export const EDU_BUFFER = 256
const HEARTBEAT_MS = 25

export const edu_ids = [PCI_DEVICE(0x1234, 0x11e8)]

/** One device: registers, a buffer that it writes, and three threads of the driver's own. */
export class edu {
  mmio: iomem = 0
  buf: Uint8Array | null = null
  buf_dma: dma_addr_t = 0
  lock = new mutex()
  done = new completion()
  work = new work_struct()
  heartbeat = new timer_list()
  beats = 0
  result = 0
}

/** Makes the software part ready; nothing runs yet. */
export function edu_init(e: edu) {
  mutex_init(e.lock)
  init_completion(e.done)
  INIT_WORK(e.work, edu_done_work)
  timer_setup(e.heartbeat, edu_heartbeat, 0)
}

export function edu_start_heartbeat(e: edu) {
  mod_timer(e.heartbeat, jiffies + msecs_to_jiffies(HEARTBEAT_MS))
}

export function edu_alloc_buffer(pdev: pci_dev, e: edu) {
  const dma = ptr<dma_addr_t>()
  e.buf = dma_alloc_coherent(pdev.dev, EDU_BUFFER, dma, GFP_KERNEL)
  e.buf_dma = dma.value
  return e.buf !== null
}

export function edu_free_buffer(pdev: pci_dev, e: edu) {
  dma_free_coherent(pdev.dev, EDU_BUFFER, e.buf!, e.buf_dma)
}

/**
 * Stops the device: no interrupt from a factorial any more, and no access to memory. Must come
 * before the buffer is freed, whatever the model: the device asks nobody for permission.
 */
export function edu_quiesce(pdev: pci_dev, e: edu) {
  writel(0, e.mmio + STATUS)
  pci_clear_master(pdev)
}

/** Hard interrupt context: takes note, and leaves the rest to the work. */
export function edu_irq(irq: number, e: edu) {
  const status = readl(e.mmio + IRQ_STATUS)
  if (!status || PCI_POSSIBLE_ERROR(status)) return IRQ_NONE
  writel(status, e.mmio + IRQ_ACK)
  schedule_work(e.work)
  return IRQ_HANDLED
}

/** The result is not there at once: the work sleeps before it fetches it. */
function edu_done_work(work: work_struct) {
  const e = container_of(work, edu, 'work')
  usleep_range(10000, 12000)
  e.result = readl(e.mmio + FACTORIAL)
  complete(e.done)
}

/** Looks after the device again and again; arms itself. */
function edu_heartbeat(timer: timer_list) {
  const e = container_of(timer, edu, 'heartbeat')
  if (!PCI_POSSIBLE_ERROR(readl(e.mmio + ID))) e.beats++
  mod_timer(timer, jiffies + msecs_to_jiffies(HEARTBEAT_MS))
}

/** Serves a call of a program. May sleep, for a second at most. */
export function edu_call(e: edu, command: number, value: number) {
  if (command === EDU_IDENT) return edu_ident(e)
  if (command === EDU_RAISE) {
    writel(1, e.mmio + IRQ_RAISE)
    return 0
  }
  if (command !== EDU_FACTORIAL && command !== EDU_COPY && command !== EDU_START_COPY) return -ENOTTY
  if (mutex_lock_interruptible(e.lock)) return -ERESTARTSYS
  const ret = edu_transfer(e, command, value)
  mutex_unlock(e.lock)
  return ret
}

/** The fast path: one register, nothing else. */
function edu_ident(e: edu) {
  const id = readl(e.mmio + ID)
  return PCI_POSSIBLE_ERROR(id) ? -ENODEV : id & 0xff
}

function edu_transfer(e: edu, command: number, value: number) {
  reinit_completion(e.done)
  if (command === EDU_FACTORIAL) {
    writel(0x80, e.mmio + STATUS)
    writel(value, e.mmio + FACTORIAL)
  } else {
    writel(DEVICE_BUFFER, e.mmio + DMA_SOURCE)
    writel(e.buf_dma, e.mmio + DMA_DESTINATION)
    writel(EDU_BUFFER, e.mmio + DMA_COUNT)
    writel(TO_MEMORY_WITH_IRQ, e.mmio + DMA_COMMAND)
    if (command === EDU_START_COPY) return 0
  }
  // With a limit: a device that has been torn out never answers.
  const left = wait_for_completion_interruptible_timeout(e.done, HZ)
  if (left < 0) return left
  if (left === 0) return -ETIMEDOUT
  return command === EDU_COPY ? e.buf![0] : PCI_POSSIBLE_ERROR(e.result) ? -EIO : e.result
}
