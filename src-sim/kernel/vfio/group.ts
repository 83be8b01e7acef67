import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { EBADF, EBUSY, EINVAL, ENODEV, ENOTTY } from '../errno'
import { anonFile, installFile, reserveFd } from '../fs/anon'
import { addCdev, allocRegion, cdev, deleteCdev, initCdev } from '../fs/cdev'
import { createNode, removeNode } from '../fs/devnodes'
import { getFile, putFile, type file, type file_operations } from '../fs/file'
import { currentProcess } from '../fs/process'
import { claimGroup, releaseGroup } from '../iommu/owner'
import { getGroup, putGroup } from '../iommu/groups'
import type { iommu_group } from '../iommu/group'
import { containerOf, type Container } from './container'
import {
  askDevice, closeDevice, DeviceFile, dfOf, getDevice, mapDevice, openDevice, putDevice, transfer,
  type vfio_device,
} from './device'
import {
  argsOf, MIN_SIZE, VFIO_GROUP_FLAGS_CONTAINER_SET, VFIO_GROUP_FLAGS_VIABLE,
  VFIO_GROUP_GET_DEVICE_FD, VFIO_GROUP_GET_STATUS, VFIO_GROUP_SET_CONTAINER,
  VFIO_GROUP_UNSET_CONTAINER,
} from './uapi'

/** Groups of devices that only one program can own: drivers/vfio/group.c. */

export class VfioGroup extends KernelObject {
  readonly group: iommu_group
  readonly devices: vfio_device[] = []
  readonly cdev = new cdev()
  opened: file | null = null
  container: Container | null = null
  /** Devices of it that are open. */
  openDevices = 0
  /** A device is open by itself: then not through the group. */
  blocked = 0

  constructor(group: iommu_group) {
    super()
    this.group = group
  }

  get $label(): string {
    return `vfio ${this.group.$label}`
  }

  get path(): string {
    return `/dev/vfio/${this.group.id}`
  }
}

class VfioGroups {
  readonly #known = new Map<iommu_group, VfioGroup>();

  *join(group: iommu_group, vdev: vfio_device): Sim<VfioGroup> {
    let own = this.#known.get(group)
    if (!own) {
      own = new VfioGroup(getGroup(group))
      this.#known.set(group, own)
      makeNode(own)
    }
    own.devices.push(vdev)
    return own
  }

  /** It cannot be opened through its group any more. */
  hide(own: VfioGroup, vdev: vfio_device): void {
    own.devices.splice(own.devices.indexOf(vdev), 1)
  }

  /** The last device takes the group along. */
  *leave(own: VfioGroup): Sim {
    if (own.devices.length > 0) return
    this.#known.delete(own.group)
    removeNode(own.path)
    yield* deleteCdev(own.cdev)
    yield* putGroup(own.group)
  }
}

export const vfioGroups = service(() => new VfioGroups())

function makeNode(own: VfioGroup): void {
  const number = allocRegion(0, 1, 'vfio')
  initCdev(own.cdev, operationsOf(own))
  addCdev(own.cdev, number, 1)
  createNode(own.path, number)
}

const operationsOf = (own: VfioGroup): file_operations => ({
  open(_node, f) {
    if (own.opened) return -EBUSY
    own.opened = f
    f.private_data = own
    return 0
  },
  unlocked_ioctl: ((_f: file, cmd: number, arg: unknown) =>
    groupIoctl(own, cmd, arg)) as unknown as file_operations['unlocked_ioctl'],
  release: (() => closeGroup(own)) as unknown as file_operations['release'],
})

function* closeGroup(own: VfioGroup): Sim<number> {
  if (own.container) yield* leaveContainer(own)
  own.opened = null
  return 0
}

function* groupIoctl(own: VfioGroup, cmd: number, arg: unknown): Sim<number> {
  switch (cmd) {
    case VFIO_GROUP_GET_STATUS:
      return status(own, arg)
    case VFIO_GROUP_SET_CONTAINER:
      return yield* setContainer(own, arg)
    case VFIO_GROUP_UNSET_CONTAINER:
      if (!own.container) return -EINVAL
      if (own.openDevices > 0) return -EBUSY
      yield* leaveContainer(own)
      return 0
    case VFIO_GROUP_GET_DEVICE_FD:
      return yield* deviceFd(own, arg)
    default:
      return -ENOTTY
  }
}

function status(own: VfioGroup, arg: unknown): number {
  const args = argsOf(arg, MIN_SIZE.group_status)
  if (typeof args === 'number') return args
  const { group } = own
  const foreign = group.owner !== null && group.owner !== own
  const viable = own.container !== null || (group.owner_cnt === 0 && !foreign)
  args.flags =
    (viable ? VFIO_GROUP_FLAGS_VIABLE : 0) |
    (own.container ? VFIO_GROUP_FLAGS_CONTAINER_SET : 0)
  return 0
}

/** The program takes the DMA of all devices of the group (IOMMU-09). */
function* setContainer(own: VfioGroup, arg: unknown): Sim<number> {
  const fd = numberBehind(arg)
  if (fd === null) return -14
  if (fd < 0) return -EINVAL
  if (own.container) return -EINVAL
  const f = currentProcess().files?.open.get(fd)
  if (!f) return -EBADF
  const container = containerOf(f)
  if (!container) return -EINVAL
  const claimed = yield* claimGroup(own.group, own)
  if (claimed) return claimed
  const joined = yield* container.join(own.group)
  if (joined) {
    yield* releaseGroup(own.group)
    return joined
  }
  getFile(f)
  own.container = container
  return 0
}

function* leaveContainer(own: VfioGroup): Sim {
  const container = own.container!
  own.container = null
  yield* container.leave(own.group)
  yield* releaseGroup(own.group)
  yield* putFile(container.file)
}

/** A number, or a place that one is in. */
function numberBehind(arg: unknown): number | null {
  if (typeof arg === 'number') return arg
  const { value } = (arg ?? {}) as { value?: unknown }
  return typeof value === 'number' ? value : null
}

export const DEVICE_OPERATIONS: file_operations = {
  read: ((f: file, buf: unknown, count: number, ppos: { value: number }) =>
    transfer(f, 'read', buf, count, ppos)) as unknown as file_operations['read'],
  write: ((f: file, buf: unknown, count: number, ppos: { value: number }) =>
    transfer(f, 'write', buf, count, ppos)) as unknown as file_operations['write'],
  llseek(f, offset) {
    f.f_pos = offset
    return offset
  },
  unlocked_ioctl: ((f: file, cmd: number, arg: unknown) =>
    askDevice(dfOf(f), cmd, arg)) as unknown as file_operations['unlocked_ioctl'],
  mmap: ((f: file, vma: unknown) => mapDevice(f, vma)) as unknown as file_operations['mmap'],
  release: ((_node: unknown, f: file) => closeFile(f)) as unknown as file_operations['release'],
}

function* closeFile(f: file): Sim<number> {
  const df = dfOf(f)
  yield* closeDevice(df)
  if (df.group) df.group.openDevices--
  putDevice(df.vdev)
  return 0
}

function* deviceFd(own: VfioGroup, name: unknown): Sim<number> {
  const vdev = own.devices.find((d) => d.dev.kobj.name === name)
  if (!vdev || !getDevice(vdev)) return -ENODEV
  const df = new DeviceFile(vdev, own)
  const ret = own.container?.ready ? (own.blocked ? -EBUSY : yield* openDevice(df)) : -EINVAL
  const fd = ret || reserveFd()
  const f = fd < 0 ? fd : anonFile('[vfio-device]', DEVICE_OPERATIONS, df, 2)
  if (typeof f === 'number') {
    if (!ret) yield* closeDevice(df)
    putDevice(vdev)
    return f
  }
  df.granted = true
  own.openDevices++
  f.f_mapping = vdev.$mapping
  installFile(fd, f)
  return fd
}

