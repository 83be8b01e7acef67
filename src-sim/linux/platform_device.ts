import { machine } from '../engine/current'
import type { Sim } from '../engine/suspend'
import { kernelCall, quiet, step } from '../kernel/api'
import { deviceLog, initializeDevice, putDevice, useDevice } from '../kernel/base/core'
import type { bus_type, device } from '../kernel/base/device'
import { PropertySet, type PropertyValue } from '../kernel/base/property'
import { modules } from '../kernel/base/module'
import { live } from '../kernel/live'
import { allocate, slab } from '../kernel/mm/slab'
import { mightSleep } from '../kernel/sched/schedule'
import { devmIoremapResource } from '../kernel/platform/ioremap'
import * as p from '../kernel/platform/platform'
import type { platform_driver, platform_driver_init } from '../kernel/platform/platform'
import { IORESOURCE_IRQ, IORESOURCE_MEM, resource } from '../kernel/platform/resource'
import { ENXIO } from './errno'
import { ERR_PTR } from './err'
import { module_exit, module_init } from './module'
import type { iomem } from './io'

/** Brought along, as by the C header. */
export * from './device'
export * from './ioport'
export * from './platform_device/more'

/** Devices that are described instead of found: `linux/platform_device`. */
export {
  platform_device,
  platform_driver,
  PLATFORM_DEVID_AUTO,
  PLATFORM_DEVID_NONE,
  type platform_device_id,
  type platform_driver_init,
} from '../kernel/platform/platform'
export {
  resource,
  IORESOURCE_IO,
  IORESOURCE_IRQ,
  IORESOURCE_MEM,
} from '../kernel/platform/resource'
type platform_device = p.platform_device

/** The bus of all platform devices, for `bus_find_device` and the like. */
export const platform_bus_type: bus_type = live(() => p.platformBus(machine()).bus)
/** The device above those that have no other parent. */
export const platform_bus: device = live(() => p.platformBus(machine()).root)
type Driver = platform_driver | platform_driver_init

/**
 * Adds a static device: its memory must outlive all references. 0 or -errno. May sleep (DM-105).
 */
export const platform_device_register = kernelCall(
  'platform_device_register',
  p.registerPlatformDevice,
)
/** Unbinds, deletes and drops the first reference. May sleep. */
export const platform_device_unregister = kernelCall(
  'platform_device_unregister',
  p.unregisterPlatformDevice,
)

/**
 * A device with memory of its own, not added yet; null when there is none. Pair:
 * `platform_device_put`.
 */
export function platform_device_alloc(name: string, id: number): platform_device | null {
  const pdev = allocate(p.platform_device, true)
  if (!pdev) return null
  pdev.name = name
  pdev.id = id
  initializeDevice(pdev.dev)
  pdev.dev.release = () => slab(machine()).free(pdev)
  return pdev
}
/** Copies resources into an allocated device. 0. */
export function platform_device_add_resources(
  pdev: platform_device,
  res: readonly resource[],
  num: number,
): number {
  pdev.resource = res.slice(0, num).map((r) => new resource(r))
  return 0
}
export function platform_device_add_data(
  pdev: platform_device,
  data: unknown,
  _size: number,
): number {
  pdev.dev.platform_data = data
  return 0
}
/** Adds an allocated device. 0 or -errno. May sleep. Pair: `platform_device_del`. */
export const platform_device_add = kernelCall('platform_device_add', p.addPlatformDevice)
export const platform_device_del = kernelCall('platform_device_del', p.deletePlatformDevice)
/** Drops a reference of the caller. */
export const platform_device_put = kernelCall(
  'platform_device_put',
  function* (pdev: platform_device | null): Sim {
    if (pdev) yield* putDevice(pdev.dev, 'creator')
  },
)

/** What `platform_device_register_full` is given. */
export interface platform_device_info {
  parent?: device | null
  name: string
  id: number
  res?: readonly resource[]
  num_res?: number
  data?: unknown
  properties?: Readonly<Record<string, PropertyValue>>
  dma_mask?: number
}

/** Allocates, fills and adds a device; an error pointer when that fails. May sleep. */
export const platform_device_register_full = kernelCall(
  'platform_device_register_full',
  function* (info: platform_device_info): Sim<platform_device> {
    const pdev = platform_device_alloc(info.name, info.id)
    if (!pdev) return ERR_PTR<platform_device>(-12)
    pdev.dev.parent = info.parent ?? null
    pdev.dev.platform_data = info.data ?? null
    if (info.properties) pdev.dev.$properties = new PropertySet(info.properties)
    if (info.dma_mask) pdev.dev.dma_mask = pdev.dev.coherent_dma_mask = info.dma_mask
    platform_device_add_resources(pdev, info.res ?? [], info.num_res ?? info.res?.length ?? 0)
    const error = yield* step('platform_device_add', p.addPlatformDevice(pdev))
    if (error === 0) return pdev
    yield* putDevice(pdev.dev, 'creator')
    return ERR_PTR<platform_device>(error)
  },
)

/** A device with a name, an id and resources; an error pointer when that fails. May sleep. */
export function platform_device_register_simple(
  name: string,
  id: number,
  res: readonly resource[] | null,
  num: number,
): platform_device {
  return platform_device_register_full({ name, id, res: res ?? [], num_res: num })
}
export function platform_device_register_data(
  parent: device | null,
  name: string,
  id: number,
  data: unknown,
  _size: number,
): platform_device {
  return platform_device_register_full({ parent, name, id, data })
}

/** Offers a driver to the platform bus. 0 or -errno. May sleep. */
export const platform_driver_register = kernelCall('platform_driver_register', (drv: Driver) =>
  p.registerPlatformDriver(drv, modules(machine()).current),
)
export const platform_driver_unregister = kernelCall(
  'platform_driver_unregister',
  p.unregisterPlatformDriver,
)
/** For devices that are there already and never come again: -ENODEV when none was (DM-29). */
export const platform_driver_probe = kernelCall(
  'platform_driver_probe',
  (drv: Driver, probe: (pdev: platform_device) => number) =>
    p.probeOnce(drv, probe, modules(machine()).current),
)

/** A module whose init and exit only register and unregister this driver. */
export function module_platform_driver(init: Driver): void {
  const owner = modules(machine()).loading
  module_init(() => p.registerPlatformDriver(init, owner) as unknown as number)
  module_exit(() => p.unregisterPlatformDriver(init) as unknown as void)
}

/** The `n`th resource of a kind, or null. */
export function platform_get_resource(
  pdev: platform_device,
  type: number,
  n: number,
): resource | null {
  return p.getResource(pdev, type, n)
}
export function platform_get_resource_byname(
  pdev: platform_device,
  type: number,
  name: string,
): resource | null {
  return pdev.resource.find((r) => r.flags & type && r.name === name) ?? null
}
/** The `n`th interrupt number, or -ENXIO with a message. */
export function platform_get_irq(pdev: platform_device, n: number): number {
  const ret = platform_get_irq_optional(pdev, n)
  if (ret < 0) deviceLog(pdev.dev, 3, `error -ENXIO: IRQ index ${n} not found`)
  return ret
}
/** The same for interrupts that need not be there: no message. */
export function platform_get_irq_optional(pdev: platform_device, n: number): number {
  return p.getResource(pdev, IORESOURCE_IRQ, n)?.start ?? -ENXIO
}
export function platform_irq_count(pdev: platform_device): number {
  return pdev.resource.filter((r) => r.flags & IORESOURCE_IRQ).length
}

export function platform_set_drvdata(pdev: platform_device, data: unknown): void {
  pdev.dev.driver_data = data
}
export function platform_get_drvdata<T = unknown>(pdev: platform_device): T {
  return pdev.dev.driver_data as T
}
export const to_platform_device = quiet(function to_platform_device(dev: device): platform_device {
  return p.platformDevice(dev)
})

/**
 * Claims and maps the `n`th register window, managed; an address or an error pointer. May sleep.
 */
export function devm_platform_ioremap_resource(pdev: platform_device, n: number): iomem {
  mightSleep('devm_platform_ioremap_resource')
  useDevice(pdev.dev, 'devm_platform_ioremap_resource')
  const ret = devmIoremapResource(pdev.dev, p.getResource(pdev, IORESOURCE_MEM, n))
  return ret < 0 ? ERR_PTR<iomem>(ret) : ret
}

/** Adds several devices; those added are removed again when one fails. 0 or -errno. May sleep. */
export const platform_add_devices = kernelCall(
  'platform_add_devices',
  function* (devs: readonly platform_device[], num: number): Sim<number> {
    for (let i = 0; i < num; i++) {
      const error = yield* p.registerPlatformDevice(devs[i]!)
      if (!error) continue
      while (--i >= 0) yield* p.unregisterPlatformDevice(devs[i]!)
      return error
    }
    return 0
  },
)
