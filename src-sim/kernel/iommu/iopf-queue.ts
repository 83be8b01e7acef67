import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import type { device } from '../base/device'
import { EBUSY, EINVAL, ENODEV } from '../errno'
import { slab } from '../mm/slab'
import { warn } from '../printk/warn'
import { allocWorkqueue, destroyWorkqueue } from '../workqueue/alloc'
import { flushWorkqueue } from '../workqueue/flush'
import { WQ_UNBOUND } from '../workqueue/structs'
import { IOMMU_PAGE_RESP_INVALID, iommu_fault_param, iopf_queue } from './iopf'
import { freeGroup, respond } from './iopf-report'
import { opsOf } from './ops'

/** The queues in which page requests wait, and who is in them (SVA-14). */

export const warnPageRequests = (what: string, func: string, rule: string): void =>
  warn(machine(), `iopf-${what}`, `drivers/iommu/io-pgfault.c at ${func}`, null, { rules: [rule] })

/** Null without memory. */
export function allocQueue(name: string): iopf_queue | null {
  const wq = allocWorkqueue('iopf_queue/%s', WQ_UNBOUND, 0, [name])
  return wq && new iopf_queue(wq)
}

export function* freeQueue(queue: iopf_queue | null): Sim {
  if (!queue) return
  for (const { dev } of [...queue.devices]) yield* removeFromQueue(queue, dev)
  yield* destroyWorkqueue(queue.wq)
}

export function addToQueue(queue: iopf_queue, dev: device): number {
  if (!opsOf(dev)?.page_response || !dev.iommu) return -ENODEV
  if (dev.iommu.fault_param) return -EBUSY
  const param = new iommu_fault_param(dev, queue)
  dev.iommu.fault_param = param
  queue.devices.push(param)
  return 0
}

/**
 * Answers everything that waits and frees it: a group whose handler has not run yet is freed
 * under it, unless the queue was flushed before.
 */
export function* removeFromQueue(queue: iopf_queue, dev: device): Sim {
  const param = dev.iommu?.fault_param
  if (!param || param.queue !== queue) {
    warnPageRequests('wrong-queue', 'iopf_queue_remove_device', 'SVA-14')
    return
  }
  for (const one of param.partial.splice(0)) slab(machine()).free(one)
  for (const group of param.faults.splice(0)) {
    yield* respond(dev, group.last_fault, IOMMU_PAGE_RESP_INVALID)
    freeGroup(group)
  }
  queue.devices.splice(queue.devices.indexOf(param), 1)
  dev.iommu!.fault_param = null
}

/** Waits for the handlers that are queued. 0 or -ENODEV. */
export function* flushDevice(dev: device): Sim<number> {
  const param = dev.iommu?.fault_param
  if (!param) {
    warnPageRequests('flush-removed', 'iopf_queue_flush_dev', 'SVA-14')
    return -ENODEV
  }
  yield* flushWorkqueue(param.queue.wq)
  return 0
}

/** Drops what will never be complete: the hardware has lost requests. */
export function discardPartial(queue: iopf_queue | null): number {
  if (!queue) return -EINVAL
  for (const { partial } of queue.devices)
    for (const one of partial.splice(0)) slab(machine()).free(one)
  return 0
}
