import type { Sim } from '../../engine/suspend'
import { KernelObject } from '../../engine/object'
import type { BusRange, device_dma_parameters, DmaDevice } from '../dma/dma-device'
import type { DmaBackend } from '../dma/backend'
import type { DeclaredMemory } from '../dma/declared'
import type { iommu_group } from '../iommu/group'
import type { dev_iommu } from '../iommu/ops'
import { WaitList } from '../sched/schedule'
import type { attribute, attribute_group } from './attributes'
import type { device_link } from './links'
import type { Devres } from './devres'
import { KList } from './klist'
import { kobject, kset } from './kobject'
import { NotifierChain } from './notifier'
import { dev_pm_info, type dev_pm_ops } from './pm-runtime'
import type { device_node } from '../of/node'
import type { PropertySet } from './property'

export { kobject, kset } from './kobject'

/** Where a device stands between its driver and its end. */
export type DeviceState =
  'no driver' | 'probing' | 'bound' | 'unbinding' | 'zombie' | 'released'

export interface device_attribute {
  attr: attribute
  show?: ((dev: device, attr: device_attribute, buf: Uint8Array) => number) | null
  store?: ((dev: device, attr: device_attribute, buf: string, count: number) => number) | null
}

export interface driver_attribute {
  attr: attribute
  show?: ((drv: device_driver, buf: Uint8Array) => number) | null
  store?: ((drv: device_driver, buf: string, count: number) => number) | null
}

/** A kind of bus: how devices and drivers find each other. */
export class bus_type extends KernelObject {
  name = ''
  dev_name: string | null = null
  match: ((dev: device, drv: device_driver) => number | boolean) | null = null
  uevent: ((dev: device, env: string[]) => number) | null = null
  probe: ((dev: device) => number) | null = null
  sync_state: ((dev: device) => void) | null = null
  remove: ((dev: device) => void) | null = null
  shutdown: ((dev: device) => void) | null = null
  /** Take a device out of use, and into use again, while it stays: 0 or -errno. */
  online: ((dev: device) => number) | null = null
  offline: ((dev: device) => number) | null = null
  dma_configure: ((dev: device) => number) | null = null
  dma_cleanup: ((dev: device) => void) | null = null
  bus_groups: readonly attribute_group[] | null = null
  dev_groups: readonly attribute_group[] | null = null
  drv_groups: readonly attribute_group[] | null = null
  pm: dev_pm_ops | null = null
  need_parent_lock = false
  /** The bus has a `driver_override` file per device. */
  driver_override = false
  /** @internal What exists while the bus is registered. */
  $private: BusPrivate | null = null

  constructor(init?: Partial<bus_type>) {
    super()
    if (init) Object.assign(this, init)
  }
}

/** Somebody who is told about every device of a bus. */
export class subsys_interface extends KernelObject {
  name = ''
  subsys: bus_type | null = null
  add_dev: ((dev: device, sif: subsys_interface) => number) | null = null
  remove_dev: ((dev: device, sif: subsys_interface) => void) | null = null

  constructor(init?: Partial<subsys_interface>) {
    super()
    if (init) Object.assign(this, init)
  }
}

/** The lists and files of a registered bus. */
export interface BusPrivate {
  /** In the order of their registration. */
  readonly devices: KList<device>
  readonly drivers: KList<device_driver>
  readonly notifiers: NotifierChain
  readonly set: kset
  readonly driversSet: kset
  readonly devicesSet: kset
  autoprobe: boolean
  /** Who is told about each device. */
  readonly interfaces: subsys_interface[]
  /** What devices without a parent are below; only some buses have that. */
  root: device | null
}

export const PROBE_DEFAULT_STRATEGY = 0
export const PROBE_PREFER_ASYNCHRONOUS = 1
export const PROBE_FORCE_SYNCHRONOUS = 2

/** What a driver is to the core; usually embedded in the bus's own driver structure. */
export class device_driver extends KernelObject {
  name = ''
  bus: bus_type | null = null
  owner: object | null = null
  mod_name: string | null = null
  suppress_bind_attrs = false
  probe_type = PROBE_DEFAULT_STRATEGY
  of_match_table: readonly object[] | null = null
  probe: ((dev: device) => number) | null = null
  sync_state: ((dev: device) => void) | null = null
  remove: ((dev: device) => number | void) | null = null
  shutdown: ((dev: device) => void) | null = null
  groups: readonly attribute_group[] | null = null
  dev_groups: readonly attribute_group[] | null = null
  pm: dev_pm_ops | null = null
  /** @internal What exists while the driver is registered. */
  $private: DriverPrivate | null = null
  /** @internal What the trace shows as probe and remove: the functions of the lab. */
  $probe: ((...args: never[]) => unknown) | null = null
  /** @internal */
  $remove: ((...args: never[]) => unknown) | null = null
  /** @internal Drops the data of a Rust driver, after `dma_cleanup` and before devres. */
  $postUnbind: ((dev: device) => Sim) | null = null

  constructor(init?: Partial<device_driver>) {
    super()
    if (init) Object.assign(this, init)
  }
}

export interface DriverPrivate {
  kobj: kobject
  /** First bound first. */
  readonly bound: device[]
}

/** A group of devices for user space: names below /sys/class. */
export class class_ extends KernelObject {
  readonly $type = 'class'
  name = ''
  class_groups: readonly attribute_group[] | null = null
  dev_groups: readonly attribute_group[] | null = null
  dev_uevent: ((dev: device, env: string[]) => number) | null = null
  devnode: ((dev: device) => string | null) | null = null
  dev_release: ((dev: device) => void) | null = null
  shutdown_pre: ((dev: device) => number) | null = null
  pm: dev_pm_ops | null = null
  /** @internal */
  $private: ClassPrivate | null = null

  constructor(init?: Partial<class_>) {
    super()
    if (init) Object.assign(this, init)
  }
}

export interface ClassPrivate {
  readonly set: kset
  readonly devices: KList<device>
  readonly interfaces: ClassInterface[]
}

export interface ClassInterface {
  class: class_ | null
  add_dev?: ((dev: device) => number) | null
  remove_dev?: ((dev: device) => void) | null
}

export interface device_type {
  name?: string | null
  groups?: readonly attribute_group[] | null
  release?: ((dev: device) => void) | null
  uevent?: ((dev: device, env: string[]) => number) | null
  pm?: dev_pm_ops | null
}

export const DL_DEV_NO_DRIVER = 0
export const DL_DEV_PROBING = 1
export const DL_DEV_DRIVER_BOUND = 2
export const DL_DEV_UNBINDING = 3

/** What the core knows about a device between `device_add` and its release. */
export class DevicePrivate {
  readonly children: KList<device>
  dead = false
  asyncDriver: device_driver | null = null
  deferredReason = ''

  constructor(children: KList<device>) {
    this.children = children
  }
}

/**
 * A device as the driver core sees it. A reference keeps this structure, and nothing else: it does
 * not keep a driver bound, hardware present or a mapping usable.
 */
export class device extends KernelObject implements DmaDevice {
  kobj = new kobject()
  parent: device | null = null
  type: device_type | null = null
  bus: bus_type | null = null
  class: class_ | null = null
  driver: device_driver | null = null
  driver_data: unknown = null
  platform_data: unknown = null
  init_name: string | null = null
  devt = 0
  id = 0
  groups: readonly attribute_group[] | null = null
  release: ((dev: device) => void) | null = null
  /** Set by the bus; a device that has none cannot stream. */
  dma_mask: number | null = null
  coherent_dma_mask = 0
  /** The last address that the bus above can carry; 0: it sets no limit. */
  bus_dma_limit = 0
  /** Where the device finds physical memory, while a driver is bound; null: at its address. */
  dma_range_map: readonly BusRange[] | null = null
  /** @internal What the board does with its addresses, whether a driver is bound or not. */
  $busRanges: readonly BusRange[] | null = null
  dma_parms: device_dma_parameters | null = null
  /** Goes through an IOMMU. */
  dma_iommu = false
  /** What its IOMMU keeps for it; null without one. */
  iommu: dev_iommu | null = null
  /** Null without an IOMMU, and again after it has left its bus (DMA-60). */
  iommu_group: iommu_group | null = null
  dma_ops: DmaBackend | null = null
  /** What the device writes is what CPUs read; null: as the machine is. */
  dma_coherent: boolean | null = null
  dma_skip_sync = false
  dma_mem: DeclaredMemory | null = null
  power = new dev_pm_info()
  can_match = false
  offline = false
  offline_disabled = false
  removable = 0
  /** @internal */
  $state: DeviceState = 'no driver'
  /** @internal From `device_add` until the memory is released; null before. */
  $private: DevicePrivate | null = null
  /** @internal Newest last; null before `device_initialize`. */
  $devres: Devres[] | null = null
  /** @internal Numbers the managed resources for the trace. */
  $devresCount = 0
  /** @internal May be probed: `device_add` has come far enough (DM-17). */
  $ready = false
  /** @internal On its driver's list: the probe has succeeded (DM-19). */
  $bound = false
  /** @internal */
  $locked = false
  /** @internal Tasks that wait for the device lock. */
  readonly $lockWaiters = new WaitList()
  /** @internal Links in which this device is the supplier. */
  readonly $consumers: device_link[] = []
  /** @internal Links in which this device is the consumer. */
  readonly $suppliers: device_link[] = []
  /** @internal One of DL_DEV_*. */
  $linkStatus = DL_DEV_NO_DRIVER
  /** @internal Name of the only driver that may bind. */
  $override: string | null = null
  /** The node that describes it. */
  of_node: device_node | null = null
  /** @internal Firmware properties. */
  $properties: PropertySet | null = null

  constructor() {
    super()
    for (const field of ['kobj', 'power'] as const) {
      this[field].$parent = this
      this[field].$field = field
    }
  }

  get $label(): string {
    return this.kobj.name ?? this.init_name ?? ''
  }
}
