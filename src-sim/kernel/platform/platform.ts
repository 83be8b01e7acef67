import { device_dma_parameters } from '../dma/dma-device'
import type { device_attribute } from '../base/device'
import { machine } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { hidden, KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { call, type Sim } from '../../engine/suspend'
import { EBUSY, EINVAL, ENODEV, ENXIO } from '../errno'
import { named, step } from '../api'
import { registerBus, registerDriver, unregisterDriver } from '../base/bus'
import { addDevice, deleteDevice, deviceLog, initializeDevice, putDevice } from '../base/core'
import {
  bus_type,
  device,
  device_driver,
  PROBE_FORCE_SYNCHRONOUS,
  PROBE_PREFER_ASYNCHRONOUS,
} from '../base/device'
import { setKobjectName } from '../base/kobject'
import { matchOverride } from '../base/driver-override'
import type { dev_pm_ops } from '../base/pm-runtime'
import type { attribute_group } from '../base/attributes'
import { matchNode, type of_device_id } from '../of/match'
import { kernelLog } from '../printk/log'
import {
  deviceResources,
  IORESOURCE_IO,
  IORESOURCE_MEM,
  resource,
  resourceSize,
  resourceText,
} from './resource'

export interface platform_device_id {
  name: string
  driver_data?: any
}

export const PLATFORM_DEVID_NONE = -1
export const PLATFORM_DEVID_AUTO = -2

const modaliasFile: device_attribute = {
  attr: { name: 'modalias', mode: 0o444 },
  show: (dev, _attr, buf) => {
    const text = `platform:${platformDevice(dev).name}\n`
    for (let i = 0; i < text.length; i++) buf[i] = text.charCodeAt(i)
    return text.length
  },
}

/** What every platform device shows. */
const FILES: attribute_group = { $lazy: true, attrs: [modaliasFile] }

/** A device that no bus can find: it is described by the machine, or by code. */
export class platform_device extends KernelObject {
  name = ''
  id = PLATFORM_DEVID_NONE
  dev = new device()
  resource: resource[] = []
  id_entry: platform_device_id | null = null
  /** @internal */
  $autoId = false

  constructor(init?: Partial<Pick<platform_device, 'name' | 'id' | 'resource'>>) {
    super()
    if (init) Object.assign(this, init)
    this.dev.dma_mask = 0xffffffff
    this.dev.coherent_dma_mask = 0xffffffff
    this.dev.dma_parms = new device_dma_parameters()
    this.dev.$parent = this
    this.dev.$field = 'dev'
  }

  get num_resources(): number {
    return this.resource.length
  }

  get $label(): string {
    return this.dev.kobj.name ?? this.name
  }
}

export class platform_driver extends KernelObject {
  probe: ((pdev: platform_device) => number) | null = null
  remove: ((pdev: platform_device) => void) | null = null
  shutdown: ((pdev: platform_device) => void) | null = null
  id_table: readonly platform_device_id[] | null = null
  prevent_deferred_probe = false
  driver = new device_driver()

  constructor(init?: platform_driver_init) {
    super()
    if (init) {
      const { driver, ...own } = init
      Object.assign(this, own)
      Object.assign(this.driver, driver)
    }
    this.driver.$parent = this
    this.driver.$field = 'driver'
  }
}

/** What a driver writes down instead of filling in a `struct platform_driver`. */
export interface platform_driver_init {
  probe?: (pdev: platform_device) => number
  remove?: (pdev: platform_device) => void
  shutdown?: (pdev: platform_device) => void
  id_table?: readonly platform_device_id[]
  prevent_deferred_probe?: boolean
  driver: {
    name: string
    owner?: object | null
    pm?: dev_pm_ops
    probe_type?: number
    suppress_bind_attrs?: boolean
    of_match_table?: readonly of_device_id[] | null
    groups?: readonly attribute_group[]
    dev_groups?: readonly attribute_group[]
  }
}

export const platformDevice = (dev: device): platform_device =>
  hidden(dev).$parent as platform_device
const platformDriver = (drv: device_driver): platform_driver =>
  hidden(drv).$parent as platform_driver

/** The platform bus and the device that stands for it. */
class PlatformBus {
  readonly bus = new bus_type({ name: 'platform', driver_override: true })
  readonly root = new device()
  nextAuto = 0

  constructor(m: Machine) {
    const { bus, root } = this
    bus.match = (dev, drv) => (matchPlatform(platformDevice(dev), platformDriver(drv)) ? 1 : 0)
    bus.uevent = (dev, env) => (env.push(`MODALIAS=platform:${platformDevice(dev).name}`), 0)
    bus.dev_groups = [FILES]
    bus.probe = named('platform_probe', platformProbe) as unknown as (dev: device) => number
    bus.remove = named('platform_remove', platformRemove) as unknown as (dev: device) => void
    bus.shutdown = named('platform_shutdown', platformShutdown) as unknown as (dev: device) => void
    m.runtime.atomic(registerBus(bus))
    root.kobj.name = 'platform'
    root.release = () => {}
    initializeDevice(root)
    m.runtime.atomic(addDevice(root))
  }
}

export const platformBus = service((m) => new PlatformBus(m))

/**
 * DM-15: an override alone decides; then the device tree; then the id table, alone if there is one;
 * then the name.
 */
function matchPlatform(pdev: platform_device, drv: platform_driver): boolean {
  const override = matchOverride(pdev.dev, drv.driver)
  if (override >= 0) return override === 1
  const table = drv.driver.of_match_table as readonly of_device_id[] | null
  if (matchNode(table, pdev.dev.of_node)) return true
  if (!drv.id_table) return pdev.name === drv.driver.name
  const id = drv.id_table.find((entry) => entry.name === pdev.name)
  if (id) pdev.id_entry = id
  return id !== undefined
}

/** DM-29: a driver that was only to be tried once answers no later. */
const proberOnly = new WeakSet<platform_driver>()

function* platformProbe(dev: device): Sim<number> {
  const drv = platformDriver(dev.driver!)
  if (proberOnly.has(drv)) return -ENXIO
  const { probe } = drv
  const ret = Number((probe ? yield* call(() => probe(platformDevice(dev))) : 0) ?? 0)
  if (ret !== -517 || !drv.prevent_deferred_probe) return ret
  deviceLog(dev, 4, 'probe deferral not supported')
  return -ENXIO
}

function* platformRemove(dev: device): Sim {
  const { remove } = platformDriver(dev.driver!)
  if (remove) yield* call(() => remove(platformDevice(dev)))
}

function* platformShutdown(dev: device): Sim {
  const shutdown = dev.driver && platformDriver(dev.driver).shutdown
  if (shutdown) yield* call(() => shutdown(platformDevice(dev)))
}

function busName({ name, id, $autoId }: platform_device): string {
  if (id === PLATFORM_DEVID_NONE) return name
  return $autoId ? `${name}.${id}.auto` : `${name}.${id}`
}

/** DM-105: the description's addresses are claimed, then the device is added. */
export function* addPlatformDevice(pdev: platform_device): Sim<number> {
  const { bus, root } = platformBus(machine())
  pdev.dev.parent ??= root
  pdev.dev.bus = bus
  if (pdev.id === PLATFORM_DEVID_AUTO) {
    pdev.id = platformBus(machine()).nextAuto++
    pdev.$autoId = true
  }
  setKobjectName(pdev.dev.kobj, busName(pdev))
  const error = claimResources(pdev)
  if (error) return error
  const ret = yield* step('device_add', addDevice(pdev.dev))
  if (ret) giveResources(pdev, pdev.resource.length)
  return ret
}

const isAddress = (r: resource): boolean => (r.flags & (IORESOURCE_MEM | IORESOURCE_IO)) !== 0

function claimResources(pdev: platform_device): number {
  const tree = deviceResources(machine())
  for (const [i, r] of pdev.resource.entries()) {
    r.name ||= pdev.$label
    if (!isAddress(r)) continue
    if (tree.request(r.start, resourceSize(r), r.name, pdev)) {
      r.$claimed = true
      continue
    }
    deviceLog(pdev.dev, 3, `failed to claim resource ${i}: ${resourceText(r)}`)
    giveResources(pdev, i)
    return -EBUSY
  }
  return 0
}

function giveResources(pdev: platform_device, count: number): void {
  const tree = deviceResources(machine())
  for (const r of pdev.resource.slice(0, count)) {
    if (r.$claimed) tree.release(r.start, resourceSize(r))
    r.$claimed = false
  }
}

/** `platform_device_register`: for static devices. After an error: `platform_device_put`. */
export function* registerPlatformDevice(pdev: platform_device): Sim<number> {
  initializeDevice(pdev.dev)
  return yield* step('platform_device_add', addPlatformDevice(pdev))
}

export function* deletePlatformDevice(pdev: platform_device | null): Sim {
  if (!pdev) return
  yield* step('device_del', deleteDevice(pdev.dev))
  giveResources(pdev, pdev.resource.length)
}

export function* unregisterPlatformDevice(pdev: platform_device | null): Sim {
  if (!pdev) return
  yield* step('platform_device_del', deletePlatformDevice(pdev))
  yield* putDevice(pdev.dev, 'creator')
}

const known = new WeakMap<object, platform_driver>()

/** The driver structure behind what was written down. */
export function driverOf(init: platform_driver | platform_driver_init): platform_driver {
  if (init instanceof platform_driver) return init
  let drv = known.get(init)
  if (drv) return drv
  drv = new platform_driver()
  const { driver, ...own } = init
  Object.assign(drv, own)
  Object.assign(drv.driver, driver)
  known.set(init, drv)
  return drv
}

export function* registerPlatformDriver(
  init: platform_driver | platform_driver_init,
  owner: object | null,
): Sim<number> {
  const drv = driverOf(init)
  const { driver } = drv
  driver.owner ??= owner
  driver.bus = platformBus(machine()).bus
  driver.$probe = drv.probe as typeof driver.$probe
  driver.$remove = drv.remove as typeof driver.$remove
  return yield* step('driver_register', registerDriver(driver))
}

export function* unregisterPlatformDriver(init: platform_driver | platform_driver_init): Sim {
  yield* step('driver_unregister', unregisterDriver(driverOf(init).driver))
}

/** DM-29. */
export function* probeOnce(
  init: platform_driver | platform_driver_init,
  probe: (pdev: platform_device) => number,
  owner: object | null,
): Sim<number> {
  const drv = driverOf(init)
  if (drv.driver.probe_type === PROBE_PREFER_ASYNCHRONOUS) {
    kernelLog(machine()).print(
      3,
      `${drv.driver.name}: drivers registered with __platform_driver_probe can not be probed asynchronously\n`,
    )
    return -EINVAL
  }
  drv.driver.probe_type = PROBE_FORCE_SYNCHRONOUS
  drv.driver.suppress_bind_attrs = true
  drv.prevent_deferred_probe = true
  drv.probe = probe
  proberOnly.delete(drv)
  const error = yield* registerPlatformDriver(drv, owner)
  if (error) return error
  proberOnly.add(drv)
  if (drv.driver.$private && drv.driver.$private.bound.length > 0) return 0
  yield* unregisterPlatformDriver(drv)
  return -ENODEV
}

/** The `n`th resource of a kind, or null. */
export function getResource(pdev: platform_device, type: number, n: number): resource | null {
  return pdev.resource.filter((r) => r.flags & type)[n] ?? null
}
