import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { kernelFrame, quiet } from '../../kernel/api'
import { buses } from '../../kernel/base/bus'
import type { bus_type, device } from '../../kernel/base/device'
import { iommuCore } from '../../kernel/iommu/core'
import { IOMMU_DOMAIN_IDENTITY } from '../../kernel/iommu/domain'
import { dev_iommu, iommu_resv_region, opsOf, type iommu_device, type iommu_fwspec, type iommu_ops } from '../../kernel/iommu/ops'
import { probeDevice } from '../../kernel/iommu/probe'
import { registerUnit, unregisterUnit } from '../../kernel/iommu/register'
import { reservedRegions } from '../../kernel/iommu/resv'
import { EINVAL } from '../errno'
import type { gfp_t } from '../types'
import { iommuCall, whenReady } from './ready'

/** Drivers of IOMMUs, and what devices say about theirs. */

const served = (): bus_type[] =>
  buses(machine()).all.filter((bus) => bus.name === 'pci' || bus.name === 'platform')

/**
 * Announces an IOMMU: devices on the PCI and platform buses are looked at, now and when they come.
 * 0 or -errno. May sleep. Pair: `iommu_device_unregister`.
 */
export const iommu_device_register = kernelFrame(
  'iommu_device_register',
  (iommu: iommu_device, ops: iommu_ops, hwdev: device | null): Sim<number> =>
    registerUnit(iommu, ops, hwdev, served()),
)
/** The same for a bus of one's own. */
export const iommu_device_register_bus = kernelFrame(
  'iommu_device_register_bus',
  (iommu: iommu_device, ops: iommu_ops, bus: bus_type): Sim<number> =>
    registerUnit(iommu, ops, null, [bus]),
)
export const iommu_device_unregister = kernelFrame(
  'iommu_device_unregister',
  (iommu: iommu_device): Sim => unregisterUnit(iommu, buses(machine()).all),
)
/** Gives an IOMMU a name, by which sysfs shows it. 0. */
export function iommu_device_sysfs_add(
  iommu: iommu_device, parent: device | null, _groups: unknown, name: string,
): number {
  iommu.name = name
  iommu.dev = parent
  return 0
}
export function iommu_device_sysfs_remove(iommu: iommu_device): void {
  iommu.dev = null
}
/** Looks for the IOMMU of one device. 0 or -ENODEV (IOMMU-02). */
export const iommu_probe_device = iommuCall('iommu_probe_device', probeDevice)

/** Firmware's words about a device: which IOMMU, and its numbers there. 0 or -errno. */
export function iommu_fwspec_init(dev: device, iommu_fwnode: object | null): number {
  dev.iommu ??= new dev_iommu()
  const known = dev.iommu.fwspec
  if (known) return known.iommu_fwnode === iommu_fwnode ? 0 : -EINVAL
  dev.iommu.fwspec = { iommu_fwnode, flags: 0, ids: [] }
  return 0
}
export function iommu_fwspec_add_ids(dev: device, ids: readonly number[], num_ids: number): number {
  const spec = dev.iommu?.fwspec
  if (!spec) return -EINVAL
  spec.ids.push(...ids.slice(0, num_ids))
  return 0
}
export function iommu_fwspec_free(dev: device): void {
  if (dev.iommu) dev.iommu.fwspec = null
}
export const dev_iommu_fwspec_get = quiet((dev: device): iommu_fwspec | null => dev.iommu?.fwspec ?? null)
export const dev_iommu_priv_get = quiet((dev: device): any => dev.iommu?.priv ?? null)
export const dev_iommu_priv_set = quiet((dev: device, priv: unknown): void => {
  dev.iommu!.priv = priv
})
export const dev_to_iommu = quiet((dev: device): iommu_device | null => dev.iommu?.iommu_dev ?? null)

/** Whether the IOMMU of a device can do this (IOMMU_CAP_*). */
export const device_iommu_capable = iommuCall(
  'device_iommu_capable',
  function* (dev: device, cap: number): Sim<boolean> {
    const ask = opsOf(dev)?.capable
    return ask ? yield* call(() => ask(dev, cap)) : false
  },
)
export { device_iommu_mapped } from './mapped'
/** Whether groups see memory untranslated unless somebody wishes otherwise. */
export const iommu_default_passthrough = whenReady(
  (): boolean => iommuCore(machine()).defaultType === IOMMU_DOMAIN_IDENTITY,
)

/** Addresses that are not free for mapping, appended to `list`. May sleep. */
export const iommu_get_resv_regions = iommuCall(
  'iommu_get_resv_regions',
  function* (dev: device, list: iommu_resv_region[]): Sim {
    list.push(...(yield* reservedRegions(dev)))
  },
)
export const iommu_put_resv_regions = quiet((_dev: device, list: iommu_resv_region[]): void => {
  list.length = 0
})
export function iommu_alloc_resv_region(
  start: number, length: number, prot: number, type: number, _gfp: gfp_t,
): iommu_resv_region {
  return new iommu_resv_region({ start, length, prot, type })
}
