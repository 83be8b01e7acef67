import { machine } from '../../engine/current'
import { hidden } from '../../engine/object'
import { call, type Sim } from '../../engine/suspend'
import { driverString } from '../base/core'
import type { bus_type, device } from '../base/device'
import { EINVAL, ENODEV } from '../errno'
import { isErr, ptrErr } from '../err'
import { kernelLog } from '../printk/log'
import { warn } from '../printk/warn'
import { attachToDomain, joinDomain, warnIn } from './attach'
import { iommuCore } from './core'
import { freeDomain, setUpDefault } from './default-domain'
import { setUpDma } from './dma-domain'
import { withGroup, type iommu_group } from './group'
import { addMember, dropMember, putGroup } from './groups'
import { devicePasids } from './pasid'
import { dev_iommu, opsOf, type iommu_ops } from './ops'
import { mapDirectRegions } from './resv'

/** Finding the IOMMU of a device, and letting it go again. */

/** The driver that serves a device: the one its firmware names, else the first that names nobody. */
function findOps(dev: device): iommu_ops | null {
  const node = dev.iommu?.fwspec?.iommu_fwnode ?? null
  for (const unit of iommuCore(machine()).units) if (unit.fwnode === node) return unit.ops
  return null
}

/** `iommu_probe_device` (IOMMU-02): 0, also when it is known already; -ENODEV: no IOMMU for it. */
export function* probeDevice(dev: device): Sim<number> {
  const ops = findOps(dev)
  if (!ops) return -ENODEV
  if (dev.iommu_group) return 0
  if (dev.driver && !managesDma(dev) && !iommuCore(machine()).booting) warnLate(dev)
  const error = yield* initDevice(dev, ops)
  if (error) {
    if (error !== -ENODEV) kernelLog(machine()).print(3, `iommu: Failed to probe device ${dev.$label}\n`)
    return error
  }
  const group = dev.iommu_group as unknown as iommu_group
  const ret = yield* withGroup(group, () => join(group, dev))
  if (ret) {
    yield* releaseFromGroup(dev)
    return ret
  }
  const finalize = ops.probe_finalize
  if (finalize) yield* call(() => finalize(dev))
  return 0
}

/** Asks the driver for its IOMMU and for a group. */
function* initDevice(dev: device, ops: iommu_ops): Sim<number> {
  dev.iommu ??= new dev_iommu()
  const { probe_device: probe, device_group: groupOf } = ops
  const unit = probe ? yield* call(() => probe(dev)) : null
  if (!unit || isErr(unit)) {
    if (!dev.iommu.fwspec) dev.iommu = null
    return unit ? ptrErr(unit) : -ENODEV
  }
  dev.iommu.iommu_dev = unit
  const group = groupOf ? yield* call(() => groupOf(dev)) : null
  if (!group) warnIn('no-group', 'iommu_init_device', 'IOMMU-02')
  if (!group || isErr(group)) {
    const release = ops.release_device
    if (release) yield* call(() => release(dev))
    dev.iommu = null
    return group ? ptrErr(group) : -EINVAL
  }
  dev.iommu_group = group
  dev.iommu.max_pasids = Math.min(devicePasids(dev), unit.max_pasids)
  const deferred = ops.is_attach_deferred
  if (deferred) dev.iommu.attach_deferred = yield* call(() => deferred(dev))
  return 0
}

/** Mutex held: a member from now on, in the domain that the others see. */
function* join(group: iommu_group, dev: device): Sim<number> {
  addMember(group, dev)
  if (group.default_domain) yield* mapDirectRegions(group.default_domain, dev)
  const ret = group.domain
    ? yield* joinDomain(group, dev, group.domain)
    : yield* setUpDefault(group, 0)
  if (ret) return ret
  if (group.default_domain) setUpDma(dev, group.default_domain)
  return 0
}

/** A device leaves its bus (IOMMU-12). */
export function* releaseFromGroup(dev: device): Sim {
  const group = dev.iommu_group
  if (!group) {
    dev.iommu = null
    return
  }
  yield* withGroup(group, function* () {
    dropMember(group, dev)
    yield* deinitDevice(group, dev)
  })
  yield* putGroup(group)
}

/** Mutex held: out of every domain; the flag of the DMA API goes last. */
function* deinitDevice(group: iommu_group, dev: device): Sim {
  const ops = opsOf(dev)
  if (ops) {
    const { blocked_domain: blocked, identity_domain: identity, release_device: release } = ops
    let last = ops.release_domain ?? null
    if (dev.iommu!.require_direct && blocked && last === blocked) last = identity ?? null
    if (last && !dev.iommu!.attach_deferred) yield* attachToDomain(last, dev, group.domain)
    if (release) yield* call(() => release(dev))
    if (group.$devices.length === 0) yield* freeGroupDomains(group)
  }
  dev.iommu_group = null
  dev.iommu = null
  dev.dma_iommu = false
}

function* freeGroupDomains(group: iommu_group): Sim {
  const { default_domain, blocking_domain } = group
  group.default_domain = null
  group.blocking_domain = null
  group.domain = null
  if (default_domain) yield* freeDomain(default_domain)
  if (blocking_domain) yield* freeDomain(blocking_domain)
}

/** Looks at all devices that a bus has already. */
export function* probeBus(bus: bus_type): Sim {
  const devices = bus.$private?.devices
  if (devices)
    yield* devices.each(function* (dev) {
      yield* probeDevice(dev)
      return 0
    })
}

/** Somebody has bound a driver before the IOMMU was known: it may have mapped something (IOMMU-01). */
function warnLate(dev: device): void {
  const text = `${driverString(dev)} ${dev.$label}: late IOMMU probe at driver bind, something fishy here!`
  warn(machine(), 'iommu-late-probe', 'drivers/iommu/iommu.c at __iommu_probe_device', text, {
    rules: ['IOMMU-01'],
  })
}

/** The driver does not use the DMA API, or looks after that itself. */
export const managesDma = (dev: device): boolean =>
  dev.driver !== null &&
  (hidden(dev.driver).$parent as { driver_managed_dma?: boolean } | null)?.driver_managed_dma === true
