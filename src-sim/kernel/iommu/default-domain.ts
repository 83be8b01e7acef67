import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { deviceLog } from '../base/core'
import type { device } from '../base/device'
import { EINVAL, ENODEV, EOPNOTSUPP } from '../errno'
import { errPtr, isErr, ptrErr } from '../err'
import { mmDrop, type mm_struct } from '../mm/mm-struct'
import { kernelLog } from '../printk/log'
import { setGroupDomain, setGroupDomainNofail } from './attach'
import { iommuCore } from './core'
import {
  __IOMMU_DOMAIN_PAGING,
  IOMMU_DOMAIN_DMA,
  IOMMU_DOMAIN_DMA_FQ,
  IOMMU_DOMAIN_IDENTITY,
  IOMMU_DOMAIN_UNMANAGED,
  type iommu_domain,
} from './domain'
import { policyName } from './domain-types'
import { dmaOf, initDomain } from './dma-domain'
import type { iommu_group } from './group'
import { opsOf, type iommu_ops } from './ops'
import { mapDirectRegions } from './resv'

/** Which domain the core gives to a group by itself: boot policy, drivers and trust (IOMMU-04). */

export const isStaticDomain = (ops: iommu_ops, domain: iommu_domain): boolean =>
  domain === ops.identity_domain ||
  domain === ops.blocked_domain ||
  domain === ops.release_domain ||
  domain === ops.default_domain

/** What an allocator has made belongs to the driver from now on. */
function adopt(domain: iommu_domain, type: number, ops: iommu_ops): iommu_domain {
  if (isErr(domain) || isStaticDomain(ops, domain)) return domain
  domain.type = type
  domain.owner = ops
  domain.ops ??= ops.default_domain_ops ?? null
  return domain
}

/** A domain that pages. An error pointer when the driver has none to give. */
export function* allocPaging(
  dev: device,
  type = IOMMU_DOMAIN_UNMANAGED,
  flags = 0,
): Sim<iommu_domain> {
  const ops = opsOf(dev)
  if (!ops) return errPtr(-ENODEV)
  const { domain_alloc_paging_flags: withFlags, domain_alloc_paging: plain } = ops
  if (plain && !flags) return adopt(yield* call(() => plain(dev)), type, ops)
  if (withFlags) return adopt(yield* call(() => withFlags(dev, flags, null)), type, ops)
  return errPtr(-EOPNOTSUPP)
}

function* allocType(dev: device, type: number): Sim<iommu_domain> {
  const ops = opsOf(dev)!
  if (type === IOMMU_DOMAIN_IDENTITY) {
    if (ops.identity_domain) return ops.identity_domain
    const make = ops.domain_alloc_identity
    return make ? adopt(yield* call(() => make(dev)), type, ops) : errPtr(-EOPNOTSUPP)
  }
  if (type & __IOMMU_DOMAIN_PAGING) return yield* allocPaging(dev, type)
  return errPtr(-EOPNOTSUPP)
}

/** A wanted type that the driver cannot give: the plain kind, with a warning. */
function* allocDefault(group: iommu_group, type: number): Sim<iommu_domain> {
  const dev = group.$devices[0]!.dev
  const ops = opsOf(dev)!
  if (ops.default_domain) return ops.default_domain
  const domain = yield* allocType(dev, type)
  if (!isErr(domain) || type === IOMMU_DOMAIN_DMA) return domain
  const plain = yield* allocType(dev, IOMMU_DOMAIN_DMA)
  if (isErr(plain)) return plain
  const text = `Failed to allocate default IOMMU domain of type ${type} for group ${group.name ?? '(null)'} - Falling back to IOMMU_DOMAIN_DMA`
  kernelLog(machine()).print(4, `iommu: ${text}\n`)
  return plain
}

/** What the devices of a group need; 0 when they do not care, -EINVAL when it cannot be given. */
function* neededType(group: iommu_group): Sim<number> {
  let type = 0
  let untrusted: device | null = null
  for (const { dev } of group.$devices) {
    if (iommuCore(machine()).isUntrusted(dev)) untrusted = dev
    const ask = opsOf(dev)?.def_domain_type
    const own = ask ? yield* call(() => ask(dev)) : 0
    if (own && type && own !== type) {
      deviceLog(
        dev, 3,
        `IOMMU driver error, requesting conflicting domain types, ${policyName(type)} and ${policyName(own)}, for devices in group ${group.id}.`,
      )
      type = IOMMU_DOMAIN_IDENTITY
    } else if (own) type = own
  }
  if (!untrusted) return type
  if (type && type !== IOMMU_DOMAIN_DMA) {
    deviceLog(
      untrusted, 3,
      `Device is not trusted, but driver is overriding group ${group.id} to ${policyName(type)}, refusing to probe.`,
    )
    return -EINVAL
  }
  return IOMMU_DOMAIN_DMA
}

/** What a group gets; `wanted` 0: as the boot policy says. */
export function* defaultType(group: iommu_group, wanted: number): Sim<number> {
  const needed = yield* neededType(group)
  if (needed < 0) return needed
  if (!wanted) return needed || iommuCore(machine()).defaultType
  return needed && needed !== wanted ? -EINVAL : wanted
}

/** `iommu_setup_default_domain`, mutex held: the group moves to a new default domain. */
export function* setUpDefault(group: iommu_group, wanted: number): Sim<number> {
  const type = yield* defaultType(group, wanted)
  if (type < 0) return type
  const domain = yield* allocDefault(group, type)
  if (isErr(domain)) return group.default_domain ? -EINVAL : -ENODEV
  if (group.default_domain === domain) return 0
  if (domain.type & __IOMMU_DOMAIN_PAGING) initDomain(domain)
  for (const { dev } of group.$devices) yield* mapDirectRegions(domain, dev)
  const old = group.default_domain
  group.default_domain = domain
  if (!group.domain) {
    const ret = yield* setGroupDomain(group, domain)
    if (ret) {
      group.default_domain = null
      yield* freeDomain(domain)
      return ret
    }
  } else yield* setGroupDomainNofail(group, domain)
  if (old) yield* freeDomain(old)
  return 0
}

/** A domain in which nothing is mapped: the driver's own, or an empty one that pages. */
export function* allocBlocking(group: iommu_group): Sim<number> {
  if (group.blocking_domain) return 0
  const dev = group.$devices[0]?.dev
  if (!dev) return -ENODEV
  const own = opsOf(dev)?.blocked_domain
  const domain = own ?? (yield* allocPaging(dev))
  if (isErr(domain)) return ptrErr(domain)
  group.blocking_domain = domain
  return 0
}

/** `iommu_domain_free`: whoever still runs through it runs through freed memory (IOMMU-13). */
export function* freeDomain(domain: iommu_domain): Sim {
  dmaOf(domain)?.destroy()
  if (domain.$cookie === 'sva') mmDrop(domain.mm as mm_struct)
  iommuCore(machine()).on.free.emit(domain)
  const free = domain.ops?.free
  if (free) yield* call(() => free(domain))
}

/** IOMMU-11: the words that may be written to a group's `type` file. */
export const TYPE_WORDS: Readonly<Record<string, number>> = {
  identity: IOMMU_DOMAIN_IDENTITY,
  DMA: IOMMU_DOMAIN_DMA,
  'DMA-FQ': IOMMU_DOMAIN_DMA_FQ,
  auto: 0,
}
