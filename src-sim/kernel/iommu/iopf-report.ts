import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { call, type Sim } from '../../engine/suspend'
import type { device } from '../base/device'
import { EINVAL, ENOMEM } from '../errno'
import { isErr } from '../err'
import { faultInjection } from '../mm/fault-injection'
import { slab } from '../mm/slab'
import { memoryAccess } from '../mm/watch'
import { driverString } from '../base/core'
import { kernelLog } from '../printk/log'
import { initRatelimit, mayPass, ratelimit_state } from '../printk/ratelimit'
import { warnPageRequests } from './iopf-queue'
import { IOMMU_DOMAIN_NESTED } from './domain'
import type { iommu_attach_handle } from './group'
import {
  IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE, IOMMU_FAULT_PAGE_REQUEST_PASID_VALID, IOMMU_PAGE_RESP_FAILURE,
  IOMMU_PAGE_RESP_INVALID, iopf_fault, iopf_group, type iommu_fault_param,
} from './iopf'
import { opsOf } from './ops'
import { attachHandle, IOMMU_NO_PASID } from './pasid'

/** Page requests on their way to whoever can answer them: drivers/iommu/io-pgfault.c. */

const GROUP_BYTES = 192
const FAULT_BYTES = 64

const limiter = service((m) => initRatelimit(new ratelimit_state(), 5 * m.hz, 10))

/** Who attached a domain that can answer this one (SVA-13). */
function findHandler(dev: device, evt: iopf_fault): iommu_attach_handle | null {
  const group = dev.iommu_group
  if (!group) return null
  const { flags, pasid } = evt.fault.prm
  let handle: iommu_attach_handle
  if (flags & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID) {
    handle = attachHandle(group, pasid, 0)
    if (isErr(handle) && opsOf(dev)?.user_pasid_table)
      handle = attachHandle(group, IOMMU_NO_PASID, IOMMU_DOMAIN_NESTED)
  } else handle = attachHandle(group, IOMMU_NO_PASID, 0)
  return isErr(handle) || !handle.domain?.iopf_handler ? null : handle
}

function copyOf(evt: iopf_fault): iopf_fault | null {
  const copy = new iopf_fault()
  Object.assign(copy.fault.prm, {
    flags: evt.fault.prm.flags,
    pasid: evt.fault.prm.pasid,
    grpid: evt.fault.prm.grpid,
    perm: evt.fault.prm.perm,
    addr: evt.fault.prm.addr,
  })
  if (faultInjection(machine()).shouldFail('iommu_report_device_fault')) return null
  return slab(machine()).alloc(copy, FAULT_BYTES, 'iopf_fault')
}

/** Completes a group with what was parked for it; null without memory. */
function newGroup(param: iommu_fault_param, evt: iopf_fault): iopf_group | null {
  if (faultInjection(machine()).shouldFail('iopf_group_alloc')) return null
  const group = slab(machine()).alloc(new iopf_group(), GROUP_BYTES, 'iopf_group')
  if (!group) return null
  group.fault_param = param
  group.last_fault.fault.prm = evt.fault.prm
  const same = (one: iopf_fault): boolean => one.fault.prm.grpid === evt.fault.prm.grpid
  for (const one of param.partial.filter(same)) {
    param.partial.splice(param.partial.indexOf(one), 1)
    group.faults.push(one)
  }
  group.faults.push(group.last_fault)
  group.fault_count = group.faults.length
  group.$pending = true
  param.faults.push(group)
  return group
}

/** `iommu_report_device_fault`: 0, or an error after which the device has got its answer. */
export function* reportDeviceFault(dev: device, evt: iopf_fault): Sim<number> {
  const handle = findHandler(dev, evt)
  const param = dev.iommu?.fault_param ?? null
  if (handle && !param) warnPageRequests('no-queue', 'iommu_report_device_fault', 'SVA-13')
  if (!handle || !param) {
    yield* respond(dev, evt, IOMMU_PAGE_RESP_INVALID)
    return -EINVAL
  }
  if (!(evt.fault.prm.flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE)) {
    const part = copyOf(evt)
    if (!part) return -ENOMEM
    param.partial.push(part)
    return 0
  }
  const group = newGroup(param, evt)
  if (group) {
    group.attach_handle = handle
    if ((yield* call(() => handle.domain!.iopf_handler!(group))) === 0) return 0
  }
  if (mayPass(limiter(machine()), 'iommu_report_device_fault'))
    kernelLog(machine()).print(
      4, `${driverString(dev)} ${dev.$label}: iopf with pasid ${evt.fault.prm.pasid} aborted\n`,
    )
  if (group) {
    yield* respondGroup(group, IOMMU_PAGE_RESP_FAILURE)
    freeGroup(group)
  } else yield* respond(dev, evt, IOMMU_PAGE_RESP_FAILURE)
  return 0
}

/** The answer of the driver of the IOMMU, for one request. */
export function* respond(dev: device, evt: iopf_fault, code: number): Sim {
  const answer = opsOf(dev)?.page_response
  const { pasid, grpid } = evt.fault.prm
  if (answer) yield* call(() => answer(dev, evt, { pasid, grpid, code }))
}

/** `iopf_group_response` (SVA-11). */
export function* respondGroup(group: iopf_group, code: number): Sim {
  memoryAccess(machine()).touch(group, 'fault_param', false, 'iopf_group_response')
  const param = group.fault_param!
  yield* respond(param.dev, group.last_fault, code)
  group.$pending = false
  const at = param.faults.indexOf(group)
  if (at >= 0) param.faults.splice(at, 1)
}

/** `iopf_free_group`. */
export function freeGroup(group: iopf_group): void {
  for (const one of group.faults) if (one !== group.last_fault) slab(machine()).free(one)
  group.faults.length = 0
  slab(machine()).free(group)
}
