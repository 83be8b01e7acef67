import type { Sim } from '../../engine/suspend'
import { EBADF, EBADFD, EBUSY, EINVAL, ENODEV } from '../errno'
import { addCdev, allocRegion, deleteCdev, initCdev } from '../fs/cdev'
import { createNode, removeNode } from '../fs/devnodes'
import type { file, file_operations } from '../fs/file'
import { currentProcess } from '../fs/process'
import { contextOf, getContext, putContext } from '../iommufd/chardev'
import {
  attachDevice, bindDevice, detachDevice, replaceDevice, unbindDevice,
} from '../iommufd/device'
import type { iommufd_ctx } from '../iommufd/objects'
import {
  askDevice, closeDevice, DeviceFile, dfOf, getDevice, mapDevice, openDevice, putDevice, transfer,
  type vfio_device,
} from './device'
import { DEVICE_OPERATIONS } from './group'
import {
  argsOf, MIN_SIZE, VFIO_DEVICE_ATTACH_IOMMUFD_PT, VFIO_DEVICE_BIND_IOMMUFD,
  VFIO_DEVICE_DETACH_IOMMUFD_PT,
} from './uapi'

/** /dev/vfio/devices/vfioN: a device by itself, through /dev/iommu. drivers/vfio/device_cdev.c. */

const pathOf = (vdev: vfio_device): string => `/dev/vfio/devices/vfio${vdev.index}`

export function makeDeviceNode(vdev: vfio_device): void {
  const number = allocRegion(0, 1, 'vfio-dev')
  initCdev(vdev.$cdev, operationsOf(vdev))
  addCdev(vdev.$cdev, number, 1)
  createNode(pathOf(vdev), number)
}

export function* removeDeviceNode(vdev: vfio_device): Sim {
  removeNode(pathOf(vdev))
  yield* deleteCdev(vdev.$cdev)
}

const operationsOf = (vdev: vfio_device): file_operations => ({
  ...DEVICE_OPERATIONS,
  open(_node, f) {
    if (!getDevice(vdev)) return -ENODEV
    f.private_data = new DeviceFile(vdev, null)
    f.f_mapping = vdev.$mapping
    return 0
  },
  read: ((f: file, buf: unknown, n: number, pos: { value: number }) =>
    transfer(f, 'read', buf, n, pos)) as unknown as file_operations['read'],
  mmap: ((f: file, vma: unknown) => mapDevice(f, vma)) as unknown as file_operations['mmap'],
  unlocked_ioctl: ((f: file, cmd: number, arg: unknown) =>
    ioctl(dfOf(f), cmd, arg)) as unknown as file_operations['unlocked_ioctl'],
  release: ((_node: unknown, f: file) => close(dfOf(f))) as unknown as file_operations['release'],
})

function* ioctl(df: DeviceFile, cmd: number, arg: unknown): Sim<number> {
  if (cmd === VFIO_DEVICE_BIND_IOMMUFD) return yield* bind(df, arg)
  if (!df.granted) return -EINVAL
  if (cmd === VFIO_DEVICE_ATTACH_IOMMUFD_PT) return yield* attach(df, arg)
  if (cmd === VFIO_DEVICE_DETACH_IOMMUFD_PT) return yield* detach(df, arg)
  return yield* askDevice(df, cmd, arg)
}

function contextFrom(fd: number): iommufd_ctx | number {
  const f = currentProcess().files?.open.get(fd)
  if (!f) return -EBADF
  return contextOf(f) ?? -EBADFD
}

/** Only after it may the file be used; once. */
function* bind(df: DeviceFile, arg: unknown): Sim<number> {
  const args = argsOf(arg, MIN_SIZE.bind)
  if (typeof args === 'number') return args
  const fd = args['iommufd'] as number
  if (args.flags || !(fd >= 0) || df.granted) return -EINVAL
  const { vdev } = df
  if (vdev.$group && vdev.$group.opened) return -EBUSY
  const ictx = contextFrom(fd)
  if (typeof ictx === 'number') return ictx
  getContext(ictx)
  const id = { value: 0 }
  const idev = vdev.open_count > 0 ? -EINVAL : yield* bindDevice(ictx, vdev.dev, id)
  const opened = typeof idev === 'number' ? idev : yield* openDevice(df)
  if (opened) {
    if (typeof idev !== 'number') yield* unbindDevice(idev)
    yield* putContext(ictx)
    return opened
  }
  if (typeof idev !== 'number') vdev.$idev = idev
  if (vdev.$group) vdev.$group.blocked++
  df.granted = true
  args['out_devid'] = id.value
  return 0
}

function* attach({ vdev }: DeviceFile, arg: unknown): Sim<number> {
  const args = argsOf(arg, MIN_SIZE.attach)
  if (typeof args === 'number') return args
  if (args.flags) return -EINVAL
  const id = { value: args['pt_id'] as number }
  const change = vdev.$attached ? replaceDevice : attachDevice
  const ret = yield* change(vdev.$idev!, id)
  if (ret) return ret
  vdev.$attached = true
  args['pt_id'] = id.value
  return 0
}

function* detach({ vdev }: DeviceFile, arg: unknown): Sim<number> {
  const args = argsOf(arg, MIN_SIZE.detach)
  if (typeof args === 'number') return args
  if (args.flags) return -EINVAL
  yield* drop(vdev)
  return 0
}

function* drop(vdev: vfio_device): Sim {
  if (!vdev.$attached) return
  vdev.$attached = false
  yield* detachDevice(vdev.$idev!)
}

function* close(df: DeviceFile): Sim<number> {
  const { vdev } = df
  if (df.granted) {
    yield* closeDevice(df)
    const idev = vdev.$idev!
    yield* drop(vdev)
    vdev.$idev = null
    const { ictx } = idev
    yield* unbindDevice(idev)
    yield* putContext(ictx)
    if (vdev.$group) vdev.$group.blocked--
  }
  putDevice(vdev)
  return 0
}
