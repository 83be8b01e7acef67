import { KernelObject } from '../../engine/object'
import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { call, type Sim } from '../../engine/suspend'
import type { device } from '../base/device'
import { EINVAL } from '../errno'
import { cdev } from '../fs/cdev'
import type { file } from '../fs/file'
import type { iommu_group } from '../iommu/group'
import type { iommufd_device } from '../iommufd/device'
import { defineMutex, mutexUnlock } from '../locking/mutex'
import { takeMutex } from '../iommufd/lock'
import { address_space } from '../mm/address-space'
import { complete, completion, waitForCompletion } from '../sched/completion'
import { makeDeviceNode, removeDeviceNode } from './cdev'
import { vfioGroups, type VfioGroup } from './group'

/** Devices that programs drive: drivers/vfio/vfio_main.c. */

/** What a driver does for a device that a program has open. */
export interface vfio_device_ops {
  name?: string
  open_device?: ((vdev: any) => number) | null
  close_device?: ((vdev: any) => void) | null
  read?: ((vdev: any, buf: unknown, count: number, ppos: { value: number }) => number) | null
  write?: ((vdev: any, buf: unknown, count: number, ppos: { value: number }) => number) | null
  ioctl?: ((vdev: any, cmd: number, arg: unknown) => number) | null
  mmap?: ((vdev: any, vma: any) => number) | null
  /** The driver wants to go: programs should close; called again and again. */
  request?: ((vdev: any, count: number) => void) | null
}

/** A device that a program may open, through its group or by itself. */
export class vfio_device extends KernelObject {
  dev: device
  ops: vfio_device_ops
  index = 0
  open_count = 0
  /** @internal */
  $group: VfioGroup | null = null
  /** @internal Bound through /dev/iommu. */
  $idev: iommufd_device | null = null
  /** @internal The number of the table that it is attached to; 0: none. */
  $attached = false
  readonly $lock = defineMutex('&device_set->lock')
  readonly $cdev = new cdev()
  /** @internal What all mappings of its files are found by. */
  readonly $mapping = new address_space()
  /** @internal The registration's own, and one for each open file. */
  $refs = 0
  readonly $released = new completion()

  constructor(dev: device, ops: vfio_device_ops) {
    super()
    this.dev = dev
    this.ops = ops
  }

  get $label(): string {
    return `vfio ${this.dev.kobj.name}`
  }
}

/** All devices in the order of their registering. */
export const vfioDevices = service(() => ({ list: [] as vfio_device[], next: 0 }))

/** From now on programs can open it. 0 or -errno. */
export function* registerVfio(vdev: vfio_device): Sim<number> {
  const group: iommu_group | null = vdev.dev.iommu_group
  if (!group) return -EINVAL
  const all = vfioDevices(machine())
  vdev.index = all.next++
  vdev.$refs = 1
  vdev.$group = yield* vfioGroups(machine()).join(group, vdev)
  all.list.push(vdev)
  makeDeviceNode(vdev)
  return 0
}

/** Nobody can open it any more; waits until all who have it open have closed it. */
export function* unregisterVfio(vdev: vfio_device): Sim {
  const all = vfioDevices(machine())
  if (all.list.includes(vdev)) all.list.splice(all.list.indexOf(vdev), 1)
  if (vdev.$group) vfioGroups(machine()).hide(vdev.$group, vdev)
  yield* removeDeviceNode(vdev)
  let round = 0
  putDevice(vdev)
  while (vdev.$refs > 0) {
    const { request } = vdev.ops
    if (request) yield* call(() => request(vdev, round++))
    const waiting = waitForCompletion(vdev.$released)
    if (waiting) yield* waiting
  }
  if (vdev.$group) yield* vfioGroups(machine()).leave(vdev.$group)
}

export function getDevice(vdev: vfio_device): boolean {
  if (vdev.$refs === 0) return false
  vdev.$refs++
  return true
}

export function putDevice(vdev: vfio_device): void {
  if (--vdev.$refs === 0) complete(vdev.$released)
}

/** What one open file may do: nothing before it was bound. */
export class DeviceFile extends KernelObject {
  readonly vdev: vfio_device
  readonly group: VfioGroup | null
  granted = false

  constructor(vdev: vfio_device, group: VfioGroup | null) {
    super()
    this.vdev = vdev
    this.group = group
  }
}

/** The first open enables the device. 0 or -errno. */
export function* openDevice(df: DeviceFile): Sim<number> {
  const { vdev } = df
  yield* takeMutex(vdev.$lock)
  let ret = 0
  if (vdev.open_count > 0 && !df.group) ret = -EINVAL
  else if (vdev.open_count++ === 0) {
    const open = vdev.ops.open_device
    ret = open ? Number((yield* call(() => open(vdev))) ?? 0) : 0
    if (ret) vdev.open_count--
  }
  mutexUnlock(vdev.$lock)
  return ret
}

export function* closeDevice(df: DeviceFile): Sim {
  const { vdev } = df
  yield* takeMutex(vdev.$lock)
  const close = vdev.ops.close_device
  if (vdev.open_count === 1 && close) yield* call(() => close(vdev))
  if (vdev.open_count > 0) vdev.open_count--
  mutexUnlock(vdev.$lock)
}

/** Device files: everything but the binding goes to the driver. */
export const dfOf = (f: file): DeviceFile => f.private_data as DeviceFile

type Operation = 'read' | 'write'

export function* transfer(
  f: file, what: Operation, buf: unknown, count: number, ppos: { value: number },
): Sim<number> {
  const df = dfOf(f)
  const op = df.vdev.ops[what]
  if (!df.granted || !op) return -EINVAL
  return Number(yield* call(() => op(df.vdev, buf, count, ppos)))
}

export function* mapDevice(f: file, vma: unknown): Sim<number> {
  const df = dfOf(f)
  const { mmap } = df.vdev.ops
  if (!df.granted || !mmap) return -EINVAL
  return Number(yield* call(() => mmap(df.vdev, vma)))
}

export function* askDevice(df: DeviceFile, cmd: number, arg: unknown): Sim<number> {
  const { ioctl } = df.vdev.ops
  if (!ioctl) return -EINVAL
  return Number(yield* call(() => ioctl(df.vdev, cmd, arg)))
}

