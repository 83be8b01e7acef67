import { kernelCall } from '../kernel/api'
import { addDevice, deleteDevice } from '../kernel/base/core'
import type { device } from '../kernel/base/device'
import type { kobject } from '../kernel/base/kobject'
import { addCdev, allocCdev, deleteCdev, initCdev, type cdev } from '../kernel/fs/cdev'
import { createNode, removeNode } from '../kernel/fs/devnodes'
import type { file_operations } from '../kernel/fs/file'
import type { Sim } from '../engine/suspend'

/** Brought along, as by the C header. */
export * from './device'
export * from './kobject'
export * from './list'

/** Character devices with numbers of their own: `linux/cdev`. */

/** Embedded in the driver's structure, it must not die before the last file is closed (DM-73). */
export { cdev } from '../kernel/fs/cdev'

/** Sets up a cdev. Its memory is the driver's to keep; set `owner` to pin the module's text. */
export function cdev_init(c: cdev, fops: file_operations): void {
  initCdev(c, fops)
}

/** A cdev whose memory goes with its last reference; null when there is none. Set its `ops`. */
export function cdev_alloc(): cdev | null {
  return allocCdev()
}

/** Makes the cdev keep `kobj` alive: call before `cdev_add`. */
export function cdev_set_parent(c: cdev, kobj: kobject): void {
  c.kobj.parent = kobj
}

/** Opens are possible from here on, before it returns (DM-71). 0 or -errno. Pair: `cdev_del`. */
export function cdev_add(c: cdev, dev: number, count: number): number {
  return addCdev(c, dev, count)
}

/** No new opens; open files keep calling the operations (DM-72). */
export const cdev_del = kernelCall('cdev_del', deleteCdev)

/** `cdev_add` and `device_add` with the device as the cdev's parent. 0 or -errno. May sleep. */
export const cdev_device_add = kernelCall(
  'cdev_device_add',
  function* (c: cdev, dev: device): Sim<number> {
    if (dev.devt) {
      c.kobj.parent = dev.kobj
      const error = addCdev(c, dev.devt, 1)
      if (error) return error
    }
    const error = yield* addDevice(dev)
    if (error && dev.devt) yield* deleteCdev(c)
    return error
  },
)

/** Undoes `cdev_device_add`; the caller still owns a reference to the device. May sleep. */
export const cdev_device_del = kernelCall('cdev_device_del', function* (c: cdev, dev: device): Sim {
  yield* deleteDevice(dev)
  if (dev.devt) yield* deleteCdev(c)
})

/** A node for a cdev that has no device: `mknod /dev/<name>`. */
export function cdev_make_node(name: string, dev: number): void {
  createNode(name, dev)
}
export function cdev_remove_node(name: string): void {
  removeNode(name)
}
