import { machine } from '../engine/current'
import type { Sim } from '../engine/suspend'
import { kernelCall } from '../kernel/api'
import { findDevice } from '../kernel/base/bus'
import { putDevice } from '../kernel/base/core'
import type { device } from '../kernel/base/device'
import type { device_node } from '../kernel/of/node'
import {
  addPlatformDevice,
  platformBus,
  platformDevice,
  unregisterPlatformDevice,
  type platform_device,
} from '../kernel/platform/platform'
import { platform_device_alloc } from './platform_device'

/** Platform devices from the device tree: `linux/of_platform`. */

/**
 * The platform device of a node, or null. Its device comes with a reference: `put_device` it when
 * it is not used any more.
 */
export const of_find_device_by_node = kernelCall('of_find_device_by_node', function* (
  node: device_node | null,
): Sim<platform_device | null> {
  if (node === null) return null
  const dev = yield* findDevice(platformBus(machine()).bus, node, (d) => d.of_node === node)
  return dev === null ? null : platformDevice(dev)
})

/** Makes and adds the device of a node; drivers match its name. Null when that fails. May sleep. */
export const of_platform_device_create = kernelCall('of_platform_device_create', function* (
  node: device_node,
  bus_id: string | null,
  parent: device | null,
): Sim<platform_device | null> {
  const pdev = platform_device_alloc(bus_id ?? node.name, -1)
  if (!pdev) return null
  pdev.dev.parent = parent
  pdev.dev.of_node = node
  if ((yield* addPlatformDevice(pdev)) === 0) return pdev
  yield* putDevice(pdev.dev, 'creator')
  return null
})

/** Takes such a device away again: for `device_for_each_child`. 0. May sleep. */
export const of_platform_device_destroy = kernelCall('of_platform_device_destroy', function* (
  dev: device,
  _data: unknown,
): Sim<number> {
  if (dev.of_node !== null) yield* unregisterPlatformDevice(platformDevice(dev))
  return 0
})
