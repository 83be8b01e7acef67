import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { kernelCall, quiet, step } from '../../kernel/api'
import { findDevice } from '../../kernel/base/bus'
import { deviceLog, putDevice, useDevice } from '../../kernel/base/core'
import type { device, device_driver } from '../../kernel/base/device'
import { modules } from '../../kernel/base/module'
import { hidden } from '../../engine/object'
import { devmIoremapResource } from '../../kernel/platform/ioremap'
import * as p from '../../kernel/platform/platform'
import type {
  platform_device, platform_device_id, platform_driver, platform_driver_init,
} from '../../kernel/platform/platform'
import { IORESOURCE_IO, IORESOURCE_IRQ, IORESOURCE_MEM, type resource } from '../../kernel/platform/resource'
import { ENXIO } from '../errno'
import { ERR_PTR } from '../err'
import type { iomem } from '../io'
import { module_exit, module_init } from '../module'
import type { ptr } from '../types'

/** Less common functions of the platform bus. Part of `linux/platform_device`. */
type Driver = platform_driver | platform_driver_init

/** The entry of the id table that matched, or null. */
export const platform_get_device_id = quiet(
  (pdev: platform_device): platform_device_id | null => pdev.id_entry,
)
export const dev_is_platform = quiet(
  (dev: device): boolean => dev.bus === p.platformBus(machine()).bus,
)
export const to_platform_driver = quiet(
  (drv: device_driver): platform_driver => hidden(drv).$parent as platform_driver,
)
/** The first register window, in memory or in port space. */
export function platform_get_mem_or_io(pdev: platform_device, num: number): resource | null {
  return pdev.resource.filter((r) => r.flags & (IORESOURCE_MEM | IORESOURCE_IO))[num] ?? null
}
/** The interrupt of this name; -ENXIO (and silence) when there is none. */
export function platform_get_irq_byname_optional(pdev: platform_device, name: string): number {
  const found = pdev.resource.find((r) => r.flags & IORESOURCE_IRQ && r.name === name)
  return found?.start ?? -ENXIO
}
/** The same, with a message when there is none. */
export function platform_get_irq_byname(pdev: platform_device, name: string): number {
  const ret = platform_get_irq_byname_optional(pdev, name)
  if (ret < 0) deviceLog(pdev.dev, 3, `error -ENXIO: IRQ ${name} not found`)
  return ret
}

function ioremapWindow(pdev: platform_device, window: resource | null, what: string): iomem {
  useDevice(pdev.dev, what)
  const ret = devmIoremapResource(pdev.dev, window)
  return ret < 0 ? ERR_PTR<iomem>(ret) : ret
}
/** Claims and maps the window of this name, managed; an address or an error pointer. */
export function devm_platform_ioremap_resource_byname(pdev: platform_device, name: string): iomem {
  const window = pdev.resource.find((r) => r.flags & IORESOURCE_MEM && r.name === name)
  return ioremapWindow(pdev, window ?? null, 'devm_platform_ioremap_resource_byname')
}
/** As `devm_platform_ioremap_resource`; the resource itself goes to `*res`. */
export function devm_platform_get_and_ioremap_resource(
  pdev: platform_device, index: number, res: ptr<resource | null> | null,
): iomem {
  const window = p.getResource(pdev, IORESOURCE_MEM, index)
  if (res) res.value = window
  return ioremapWindow(pdev, window, 'devm_platform_get_and_ioremap_resource')
}

/** The next device of a driver after `start`, with a reference, or null. May sleep. */
export const platform_find_device_by_driver = kernelCall(
  'platform_find_device_by_driver',
  function* (start: device | null, drv: device_driver): Sim<device | null> {
    let passed = start === null
    return yield* findDevice(p.platformBus(machine()).bus, null, (dev) => {
      const fits = passed && dev.driver === drv
      if (dev === start) passed = true
      return fits
    })
  },
)

/** Registers drivers in order; all or none. 0 or -errno. May sleep. */
export const platform_register_drivers = kernelCall(
  'platform_register_drivers',
  function* (drivers: readonly Driver[], count: number): Sim<number> {
    const owner = modules(machine()).current
    for (let i = 0; i < count; i++) {
      const error = yield* p.registerPlatformDriver(drivers[i]!, owner)
      if (!error) continue
      while (--i >= 0) yield* p.unregisterPlatformDriver(drivers[i]!)
      return error
    }
    return 0
  },
)
/** Last one first. May sleep. */
export const platform_unregister_drivers = kernelCall(
  'platform_unregister_drivers',
  function* (drivers: readonly Driver[], count: number): Sim {
    while (--count >= 0) yield* p.unregisterPlatformDriver(drivers[count]!)
  },
)

/** A module for a driver whose devices are there when it is loaded, and never come again. */
export function module_platform_driver_probe(
  drv: Driver, probe: (pdev: platform_device) => number,
): void {
  const owner = modules(machine()).loading
  module_init((() => p.probeOnce(drv, probe, owner)) as unknown as () => number)
  module_exit((() => p.unregisterPlatformDriver(drv)) as unknown as () => void)
}
/** A driver that cannot be unloaded. */
export function builtin_platform_driver(drv: Driver): void {
  const owner = modules(machine()).loading
  module_init((() => p.registerPlatformDriver(drv, owner)) as unknown as () => number)
}

/** A device and the driver for it, made in one go; a device or an error pointer. May sleep. */
export const platform_create_bundle = kernelCall(
  'platform_create_bundle',
  function* (
    drv: Driver, probe: (pdev: platform_device) => number, res: readonly resource[] | null,
    _n_res: number, data: unknown, _size: number,
  ): Sim<platform_device> {
    const pdev = new p.platform_device({ name: p.driverOf(drv).driver.name })
    pdev.dev.release = () => {}
    pdev.dev.platform_data = data
    for (const r of res ?? []) pdev.resource.push(r)
    const added = yield* step('platform_device_add', p.registerPlatformDevice(pdev))
    const error = added || (yield* p.probeOnce(drv, probe, modules(machine()).current))
    if (!error) return pdev
    if (!added) yield* p.deletePlatformDevice(pdev)
    yield* putDevice(pdev.dev, 'creator')
    return ERR_PTR<platform_device>(error)
  },
)
