import { KernelObject } from '../../engine/object'
import type { DmaDevice } from '../dma/mappings'
import type { Devres } from './devres'
import { kref } from './refs'
import type { SysfsDirectory } from './sysfs'

/**
 * A named, counted thing under /sys. Its memory ends when the count does: then the type's release
 * function runs, whoever dropped the last reference.
 */
export class kobject extends KernelObject {
  name: string | null = null
  parent: kobject | null = null
  kref = new kref()
  state_in_sysfs = false
  /** @internal */
  $directory: SysfsDirectory | null = null
  /** @internal Runs when the count reaches 0. */
  $release: ((kobj: kobject) => unknown) | null = null
}

/** Where a device stands between its driver and its end. */
export type DeviceState =
  'no driver' | 'probing' | 'bound' | 'unbinding' | 'zombie' | 'released'

/** A kind of bus: how devices and drivers find each other. */
export class bus_type extends KernelObject {
  name = ''
  match: ((dev: device, drv: device_driver) => number | boolean) | null = null
  probe: ((dev: device) => number) | null = null
  remove: ((dev: device) => void) | null = null
  shutdown: ((dev: device) => void) | null = null
  dma_configure: ((dev: device) => number) | null = null
  dma_cleanup: ((dev: device) => void) | null = null
  /** @internal In the order of their registration. */
  readonly $devices: device[] = []
  /** @internal */
  readonly $drivers: device_driver[] = []
}

export class device_driver extends KernelObject {
  name = ''
  bus: bus_type | null = null
  owner: object | null = null
  suppress_bind_attrs = false
  probe: ((dev: device) => number) | null = null
  remove: ((dev: device) => void) | null = null
  shutdown: ((dev: device) => void) | null = null
  /** @internal Bound devices, first bound first. */
  readonly $bound: device[] = []
}

/** A group of devices for user space: names below /sys/class. */
export class class_ extends KernelObject {
  readonly $type = 'class'
  name = ''
  dev_release: ((dev: device) => void) | null = null
}

/**
 * A device as the driver core sees it. A reference keeps this structure, and nothing else: it does
 * not keep a driver bound, hardware present or a mapping usable.
 */
export class device extends KernelObject implements DmaDevice {
  kobj = new kobject()
  parent: device | null = null
  bus: bus_type | null = null
  class: class_ | null = null
  driver: device_driver | null = null
  driver_data: unknown = null
  platform_data: unknown = null
  init_name: string | null = null
  devt = 0
  release: ((dev: device) => void) | null = null
  dma_mask: number | null = 0xffffffff
  coherent_dma_mask = 0xffffffff
  /** @internal */
  $state: DeviceState = 'no driver'
  /** @internal Added and not deleted. */
  $registered = false
  /** @internal Newest last. */
  readonly $devres: Devres[] = []
  /** @internal */
  readonly $children: device[] = []
  /** @internal Who holds the device lock, and who waits for it. */
  $locked = false

  get $label(): string {
    return this.kobj.name ?? this.init_name ?? ''
  }
}
