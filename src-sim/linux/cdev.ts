import { machine } from '../engine/current'
import type { Sim } from '../engine/suspend'
import { kernelCall } from '../kernel/api'
import * as core from '../kernel/base/core'
import { kobject, type device } from '../kernel/base/device'
import { refGet } from '../kernel/base/refs'
import { hidden } from '../engine/object'
import { cdev as Cdev, charDevices, makeNode, putCdev, removeNode, type file_operations } from '../kernel/fs/file'

/** Character devices with numbers of their own: `linux/cdev`. */

/** Embedded in the driver's structure, it must not die before the last file is closed (DM-73). */
export class cdev extends Cdev {
  constructor() {
    super(new kobject())
  }
}

/** Sets up a cdev. Its memory is the driver's to keep. */
export function cdev_init(c: cdev, fops: file_operations): void {
  core.initKobject(c.kobj)
  c.kobj.$release = function* (): Sim {
    const { parent } = c.kobj
    c.kobj.parent = null
    yield* core.putKobject(parent)
  }
  c.ops = fops
}

/** Makes the cdev's kobject keep `kobj` alive: call before `cdev_add`. */
export function cdev_set_parent(c: cdev, kobj: kobject): void {
  c.kobj.parent = kobj
}

/** Opens are possible from here on, before it returns (DM-71). 0 or -errno. */
export function cdev_add(c: cdev, dev: number, count: number): number {
  c.dev = dev
  c.count = count
  if (c.kobj.parent) refGet(c.kobj.parent.kref)
  for (let i = 0; i < count; i++) charDevices(machine()).map.set(dev + i, c)
  return 0
}

function* deleteCdev(c: cdev): Sim {
  const { map } = charDevices(machine())
  for (let i = 0; i < c.count; i++) map.delete(c.dev + i)
  yield* putCdev(c)
}

/** No new opens; open files keep calling the operations (DM-72). */
export const cdev_del = kernelCall('cdev_del', deleteCdev)

function* addCdevDevice(c: cdev, dev: device): Sim<number> {
  cdev_set_parent(c, dev.kobj)
  if (dev.devt) cdev_add(c, dev.devt, 1)
  const ret = yield* core.addDevice(dev)
  if (ret === 0 && dev.devt) makeNode(`/dev/${dev.$label}`, dev.devt)
  else if (dev.devt) yield* deleteCdev(c)
  return ret
}

/** `cdev_add` and `device_add` with the device as the cdev's parent. 0 or -errno. May sleep. */
export const cdev_device_add = kernelCall('cdev_device_add', addCdevDevice)

function* deleteCdevDevice(c: cdev, dev: device): Sim {
  removeNode(`/dev/${dev.$label}`)
  yield* core.deleteDevice(dev)
  if (dev.devt) yield* deleteCdev(c)
}

/** Undoes `cdev_device_add`; the caller still owns a reference to the device. May sleep. */
export const cdev_device_del = kernelCall('cdev_device_del', deleteCdevDevice)

/** Makes a node for a cdev that has no device: `mknod /dev/<name>`. */
export function cdev_make_node(name: string, dev: number): void {
  makeNode(`/dev/${name}`, dev)
}
export function cdev_remove_node(name: string): void {
  removeNode(`/dev/${name}`)
}
void hidden
