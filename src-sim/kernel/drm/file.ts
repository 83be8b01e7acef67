import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { call, point, type Sim } from '../../engine/suspend'
import { tryModuleGet } from '../base/module'
import { EACCES, EFAULT, EINVAL, ENODEV, ENOMEM, ENOTTY } from '../errno'
import { fopsOf, openOf, replaceOps, type file, type inode } from '../fs/file'
import { copyUserFaulting } from '../mm/uaccess'
import { runningContext } from '../locking/ref-ledger'
import { memoryAccess } from '../mm/watch'
import { faultInjection } from '../mm/fault-injection'
import { putDrmDevice, type drm_device, type drm_ioctl_desc } from './device'
import { releaseHandles } from './gem'
import { acquireMinor, type drm_minor } from './minor'
import { isUnplugged } from './unplug'

export const DRM_IOCTL_BASE = 0x64
export const DRM_COMMAND_BASE = 0x40
export const DRM_COMMAND_END = 0xa0
export const DRM_MASTER = 2
export const DRM_ROOT_ONLY = 4
export const DRM_RENDER_ALLOW = 32

/** What an open file of a device is to its driver: `driver_priv` is the driver's. */
export class drm_file extends KernelObject {
  minor: drm_minor | null = null
  filp: file | null = null
  driver_priv: any = null
  is_master = false
}

/** The major's own open: hands over to the driver's operations, pinning their module (DM-85). */
export function* openStub(node: inode, f: file): Sim<number> {
  const opening = runningContext('drm_stub_open')
  const minor = yield* acquireMinor(node.i_rdev, opening)
  if (typeof minor === 'number') return minor
  const fops = minor.dev!.driver!.fops
  const { dev } = minor
  let ret = -ENODEV
  if (fops && tryModuleGet(fops.owner ?? null, fopsOf(f))) {
    replaceOps(f, fops)
    const { open } = fops
    ret = open ? Number((yield* call(() => open(node, f))) ?? 0) : 0
  }
  yield* putDrmDevice(dev, opening)
  return ret
}

/** `drm_open`: the file keeps the device object, not the hardware. */
export function* openDrm(node: inode, f: file): Sim<number> {
  const minor = yield* acquireMinor(node.i_rdev, openOf(f))
  if (typeof minor === 'number') return minor
  const dev = minor.dev!
  f.f_mapping = dev.$mapping
  const ret = yield* openHelper(dev, minor, f)
  if (ret) yield* putDrmDevice(dev, openOf(f))
  return ret
}

function* openHelper(dev: drm_device, minor: drm_minor, f: file): Sim<number> {
  if (faultInjection(machine()).shouldFail('drm_file_alloc')) return -ENOMEM
  const priv = new drm_file()
  priv.minor = minor
  priv.filp = f
  const open = dev.driver?.open
  if (open) {
    const ret = Number((yield* call(() => open(dev, priv))) ?? 0)
    if (ret) return ret
  }
  priv.is_master = minor.$kind === 'primary' && dev.$files.length === 0
  f.private_data = priv
  dev.$files.unshift(priv)
  return 0
}

/** `drm_release`: works on an unplugged device as well; may drop its last reference. */
export function* releaseDrm(_node: inode, f: file): Sim<number> {
  const priv = f.private_data as drm_file
  const dev = priv.minor!.dev!
  yield point(releaseDrm, dev)
  const at = dev.$files.indexOf(priv)
  if (at >= 0) dev.$files.splice(at, 1)
  yield* releaseHandles(priv)
  const postclose = dev.driver?.postclose
  if (postclose) yield* call(() => postclose(dev, priv))
  f.private_data = null
  yield* putDrmDevice(dev, openOf(f))
  return 0
}

/** Whether this file may make the call. 0 or -EACCES. */
function permit({ flags }: drm_ioctl_desc, priv: drm_file): number {
  if (flags & DRM_MASTER && !priv.is_master) return -EACCES
  return priv.minor!.$kind === 'render' && !(flags & DRM_RENDER_ALLOW) ? -EACCES : 0
}

/** The part of a call that has already looked up what is called. */
export function* ioctlKernel(
  priv: drm_file,
  desc: drm_ioctl_desc,
  data: unknown,
): Sim<number> {
  const dev = priv.minor!.dev!
  if (isUnplugged(dev)) return -ENODEV
  const refused = permit(desc, priv)
  if (refused) return refused
  const { func } = desc
  return func ? Number(yield* call(() => func(dev, data, priv))) : -EINVAL
}

/** `drm_ioctl`: the flag is looked at on the way in and not again (DM-85). */
export function* ioctlDrm(f: file, cmd: number, arg: unknown): Sim<number> {
  const priv = f.private_data as drm_file
  memoryAccess(machine()).touch(priv, 'minor', false, 'drm_ioctl')
  const dev = priv.minor!.dev!
  if (isUnplugged(dev)) return -ENODEV
  if (((cmd >> 8) & 0xff) !== DRM_IOCTL_BASE) return -ENOTTY
  const nr = cmd & 0xff
  const table = dev.driver?.ioctls ?? []
  const index = nr - DRM_COMMAND_BASE
  const desc = nr < DRM_COMMAND_END ? table[index] : undefined
  if (!desc || index >= (dev.driver?.num_ioctls ?? table.length)) return -EINVAL
  const data = yield* copyIn(arg)
  if (data === -EFAULT) return -EFAULT
  const ret = yield* ioctlKernel(priv, desc, data)
  if (data !== arg && (yield* copyUserFaulting(arg, data, 0))) return -EFAULT
  return ret
}

/** The kernel's own copy of a structure; numbers are passed on as they are. */
function* copyIn(arg: unknown): Sim<unknown> {
  if (arg === null || typeof arg !== 'object') return arg
  if (arg instanceof Uint8Array) return arg.slice()
  const data: object = {}
  return (yield* copyUserFaulting(data, arg, 0)) === 0 ? data : -EFAULT
}
