import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { call, type Sim } from '../../engine/suspend'
import { getDevice, putDevice } from '../base/core'
import type { device } from '../base/device'
import type { dma_buf_attachment } from '../dma-buf/buffer'
import type { sg_table } from '../dma/sg'
import { EINVAL } from '../errno'
import { address_space } from '../mm/address-space'
import type { file_operations } from '../fs/file'
import { kref, refGet, refInit, refPut } from '../locking/refcount'
import type { RefGiver, RefOwner } from '../locking/ref-ledger'
import { memoryAccess } from '../mm/watch'
import { slab } from '../mm/slab'
import { warn } from '../printk/warn'
import type { drm_file } from './file'
import type { drm_gem_object } from './gem'
import { addAction, releaseManaged, type ManagedResource } from './managed'
import { allocMinor, type drm_minor } from './minor'

/** What a kind of call does and who may make it. */
export interface drm_ioctl_desc {
  cmd: number
  flags: number
  func: ((dev: drm_device, data: any, file: drm_file) => number) | null
  name: string
}

/** What a driver offers to the DRM core, for all its devices. */
export interface drm_driver {
  name: string
  desc?: string
  major?: number
  minor?: number
  patchlevel?: number
  driver_features?: number
  fops?: file_operations
  ioctls?: readonly (drm_ioctl_desc | undefined)[]
  num_ioctls?: number
  /** Makes an object of a buffer of somebody else's, which has been mapped for the device. */
  gem_prime_import_sg_table?:
    | ((dev: drm_device, attach: dma_buf_attachment, table: sg_table) => drm_gem_object)
    | null
  load?: ((dev: drm_device, flags: number) => number) | null
  open?: ((dev: drm_device, file: drm_file) => number) | null
  postclose?: ((dev: drm_device, file: drm_file) => void) | null
  unload?: ((dev: drm_device) => void) | null
  /** The last reference is gone; what `drmm_*` manages is still there. */
  release?: ((dev: drm_device) => void) | null
}

export const DRIVER_GEM = 1
export const DRIVER_MODESET = 2
export const DRIVER_RENDER = 8
export const DRIVER_COMPUTE_ACCEL = 128

/**
 * The user-visible half of a graphics device. It lives as long as anybody has a reference, open
 * files included, and says nothing about the hardware: that is `drm_dev_enter`'s business.
 */
export class drm_device extends KernelObject {
  ref = new kref()
  dev: device | null = null
  driver: drm_driver | null = null
  dev_private: any = null
  driver_features = 0xffffffff
  registered = false
  unplugged = false
  primary: drm_minor | null = null
  render: drm_minor | null = null
  accel: drm_minor | null = null
  unique = ''
  /** @internal Files that are open. */
  readonly $files: drm_file[] = []
  /** @internal All mappings of all files: what an unplugging takes away. */
  readonly $mapping = new address_space()
  /** @internal Newest first, freed at the last put. */
  readonly $managed: ManagedResource[] = []
  /** @internal */
  $container: object | null = null

  get $label(): string {
    return this.unique
  }
}

export const hasFeature = (dev: drm_device, feature: number): boolean =>
  ((dev.driver?.driver_features ?? 0) & dev.driver_features & feature) !== 0

const parentOf = (dev: drm_device): RefOwner => ({ holder: dev, why: 'parent of the card' })

/** `drm_dev_init`: 0 or -errno, with everything undone again. */
export function* initDrmDevice(
  dev: drm_device,
  driver: drm_driver,
  parent: device | null,
): Sim<number> {
  if (!parent) {
    warn(machine(), 'drm-no-parent', 'drivers/gpu/drm/drm_drv.c at drm_dev_init', null)
    return -EINVAL
  }
  refInit(dev.ref)
  dev.dev = getDevice(parent, parentOf(dev))
  dev.driver = driver
  const ret = addAction(dev, releaseInit, null, 'drm_dev_init_release')
  if (ret) {
    yield* releaseInit(dev)
    return ret
  }
  const failed = yield* allocMinors(dev)
  if (failed) yield* releaseManaged(dev)
  else dev.unique = parent.$label
  return failed
}

function* allocMinors(dev: drm_device): Sim<number> {
  if (hasFeature(dev, DRIVER_COMPUTE_ACCEL)) return yield* allocMinor(dev, 'accel')
  const ret = hasFeature(dev, DRIVER_RENDER) ? yield* allocMinor(dev, 'render') : 0
  return ret || (yield* allocMinor(dev, 'primary'))
}

function* releaseInit(dev: drm_device): Sim {
  yield* putDevice(dev.dev, parentOf(dev))
  dev.dev = null
}

/** Keeps the object and its memory: nothing else. */
export function getDrmDevice(dev: drm_device | null, owner?: RefOwner): void {
  if (dev) refGet(dev.ref, owner)
}

/** The last reference: the driver's `release`, what is managed (newest first), the memory. */
export function* putDrmDevice(dev: drm_device | null, giver?: RefGiver): Sim {
  if (!dev) return
  memoryAccess(machine()).touch(dev, 'ref', true, 'drm_dev_put')
  if (!refPut(dev.ref, giver)) return
  const { driver } = dev
  const release = driver?.release
  if (release) yield* call(() => release(dev))
  yield* releaseManaged(dev)
  if (dev.$container) slab(machine()).free(dev.$container)
}
