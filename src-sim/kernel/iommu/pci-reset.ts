import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { deviceLog } from '../base/core'
import type { pci_dev } from '../pci/pci-dev'
import { attachToDomain, warnIn } from './attach'
import { allocBlocking } from './default-domain'
import { memberOf, withGroup, type GroupDevice, type iommu_group } from './group'
import { opsOf } from './ops'
import { vtd, sourceOf } from './intel/vtd'
import { acceptSetup } from './setup'

/** While a function is reset, nothing of it is translated (IOMMU-14). */

/** Only devices that translate for themselves: others are not waited for. */
const isParked = (pdev: pci_dev): boolean =>
  pdev.ats_cap !== 0 && !pdev.untrusted && pdev.dev.iommu_group !== null

/** Mutex held: the device and its PASIDs see a domain in which nothing is mapped. */
function* park(group: iommu_group, member: GroupDevice): Sim<number> {
  const error = yield* allocBlocking(group)
  if (error) return error
  const blocking = group.blocking_domain!
  const ret = yield* attachToDomain(blocking, member.dev, group.domain)
  if (ret) return ret
  const set = opsOf(member.dev)?.blocked_domain?.ops?.set_dev_pasid
  for (const [pasid, { domain }] of group.$pasids)
    if (set && pasid && domain) yield* call(() => set(blocking, member.dev, pasid, domain))
  return 0
}

/** `pci_dev_reset_iommu_prepare`: 0, or why the reset cannot be done. Nests. */
export function* prepareReset(pdev: pci_dev): Sim<number> {
  if (!isParked(pdev)) return 0
  const group = pdev.dev.iommu_group!
  return yield* withGroup(group, function* () {
    const member = memberOf(group, pdev.dev)
    if (!member) return 0
    if (member.resets++ > 0) return 0
    const ret = yield* park(group, member)
    if (ret) member.resets--
    return ret
  })
}

/** `pci_dev_reset_iommu_done`: the outermost one brings back what the group sees by now. */
export function* finishReset(pdev: pci_dev): Sim {
  if (!isParked(pdev)) return
  const group = pdev.dev.iommu_group!
  yield* withGroup(group, function* () {
    const member = memberOf(group, pdev.dev)
    if (!member || member.resets === 0) {
      warnIn('reset-done', 'pci_dev_reset_iommu_done', 'IOMMU-14')
      return
    }
    if (member.resets === 1) yield* restore(group, member)
    member.resets--
  })
}

function* restore(group: iommu_group, member: GroupDevice): Sim {
  const { dev } = member
  const { domain, blocking_domain: blocking } = group
  if (acceptSetup(machine()).makeUnit) vtd(machine()).unit.forget(sourceOf(dev.$parent as pci_dev))
  if (domain && domain !== blocking && (yield* attachToDomain(domain, dev, blocking)))
    warnIn('reset-restore', 'pci_dev_reset_iommu_done', 'IOMMU-14')
  for (const [pasid, { domain: of }] of group.$pasids) {
    const set = of?.ops?.set_dev_pasid
    if (!set || !pasid) continue
    if (yield* call(() => set(of, dev, pasid, blocking)))
      warnIn('reset-restore', 'pci_dev_reset_iommu_done', 'IOMMU-14')
  }
}

/** Parks a function, resets it and brings it back; not reset at all when it cannot be parked. */
export function* parkedReset(pdev: pci_dev, reset: () => Sim<number>): Sim<number> {
  const error = yield* prepareReset(pdev)
  if (error) {
    deviceLog(pdev.dev, 3, `failed to stop IOMMU for a PCI reset: ${error}`)
    return error
  }
  const ret = yield* reset()
  yield* finishReset(pdev)
  return ret
}
