import { call, type Sim } from '../../engine/suspend'
import type { device } from '../base/device'
import { ENOSYS } from '../errno'
import { warnIn } from './attach'
import type { iommu_domain, iommu_fault_handler_t } from './domain'

/** IOMMU-29: only a domain that nobody else keeps something with can have a handler. */
export function setFaultHandler(
  domain: iommu_domain, handler: iommu_fault_handler_t, token: unknown,
): void {
  if (domain.$cookie !== 'none' && domain.$cookie !== 'fault handler') {
    warnIn('fault-handler', 'iommu_set_fault_handler', 'IOMMU-29')
    return
  }
  domain.$cookie = 'fault handler'
  domain.handler = handler
  domain.handler_token = token
}

export function* reportFault(
  domain: iommu_domain, dev: device, iova: number, flags: number,
): Sim<number> {
  const { handler } = domain
  if (domain.$cookie !== 'fault handler' || !handler) return -ENOSYS
  return yield* call(() => handler(domain, dev, iova, flags, domain.handler_token))
}
