import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { point, type Sim } from '../../engine/suspend'
import { registerClass } from '../base/class'
import { addDevice, deleteDevice, initializeDevice, isRegistered, putDevice } from '../base/core'
import { class_, device } from '../base/device'
import { ENODEV, ENOMEM } from '../errno'
import { addCdev, cdev, initCdev, MINORS, registerRegion } from '../fs/cdev'
import type { file, inode } from '../fs/file'
import type { RefOwner } from '../locking/ref-ledger'
import { faultInjection } from '../mm/fault-injection'
import { getDrmDevice, putDrmDevice, type drm_device } from './device'
import { openStub } from './file'
import { addAction } from './managed'
import { isUnplugged } from './unplug'

export const DRM_MAJOR = 226
const ACCEL_MAJOR = 261
const PER_KIND = 64

/** One way into a device: its name in /dev and where its numbers begin. */
const KINDS = {
  primary: { name: 'dri/card', major: DRM_MAJOR, first: 0 },
  render: { name: 'dri/renderD', major: DRM_MAJOR, first: 128 },
  accel: { name: 'accel/accel', major: ACCEL_MAJOR, first: 0 },
} as const
export type MinorKind = keyof typeof KINDS

/** A node in /dev. It lives as long as its device; it can be opened only while registered. */
export class drm_minor extends KernelObject {
  index = 0
  kdev: device | null = null
  dev: drm_device | null = null
  /** @internal */
  $kind: MinorKind = 'primary'
}

/** Which node each number stands for: null while it is reserved but not registered. */
class DrmCore {
  readonly class = new class_({ name: 'drm' })
  readonly cdevs: cdev[] = []
  readonly minors = new Map<string, drm_minor | null>()

  constructor() {
    this.class.devnode = (dev) => devicePath(dev.driver_data as drm_minor)
    machine().runtime.atomic(registerClass(this.class))
    for (const major of [DRM_MAJOR, ACCEL_MAJOR]) {
      const c = new cdev()
      initCdev(c, { open: openStub as unknown as (node: inode, f: file) => number })
      c.kobj.name = 'drm'
      registerRegion(major * MINORS, PER_KIND * 3, 'drm')
      addCdev(c, major * MINORS, PER_KIND * 3)
      this.cdevs.push(c)
    }
  }
}

export const drmCore = service(() => new DrmCore())

const key = (major: number, index: number): string => `${major}:${index}`
const keyOf = (minor: drm_minor): string => key(KINDS[minor.$kind].major, minor.index)
const devicePath = (minor: drm_minor): string => `${KINDS[minor.$kind].name}${minor.index}`

/** Reserves a number and makes the node's device, not visible yet. 0 or -errno. */
export function* allocMinor(dev: drm_device, kind: MinorKind): Sim<number> {
  const core = drmCore(machine())
  if (faultInjection(machine()).shouldFail('drm_minor_alloc')) return -ENOMEM
  const minor = new drm_minor()
  minor.dev = dev
  minor.$kind = kind
  const { first, major } = KINDS[kind]
  minor.index = first
  while (core.minors.has(keyOf(minor))) minor.index++
  core.minors.set(keyOf(minor), null)
  const kdev = new device()
  initializeDevice(kdev)
  kdev.kobj.name = devicePath(minor).replace(/^.*\//, '')
  kdev.parent = dev.dev
  kdev.class = core.class
  kdev.driver_data = minor
  kdev.release = () => {}
  kdev.devt = major * MINORS + minor.index
  minor.kdev = kdev
  const ret = addAction(dev, releaseMinor, minor, 'drm_minor_alloc_release')
  if (ret) {
    yield* releaseMinor(dev, minor)
    return ret
  }
  dev[kind] = minor
  return 0
}

function* releaseMinor(_dev: drm_device, minor: drm_minor): Sim {
  yield* putDevice(minor.kdev)
  drmCore(machine()).minors.delete(keyOf(minor))
}

/** From here on it can be opened. 0 or -errno. */
export function* registerMinor(minor: drm_minor | null): Sim<number> {
  if (!minor) return 0
  const ret = yield* addDevice(minor.kdev!)
  if (ret) return ret
  yield point(registerMinor, minor)
  drmCore(machine()).minors.set(keyOf(minor), minor)
  return 0
}

/** No new opens; those that are open stay open. */
export function* unregisterMinor(minor: drm_minor | null): Sim {
  if (!minor?.kdev || !isRegistered(minor.kdev)) return
  drmCore(machine()).minors.set(keyOf(minor), null)
  yield* deleteDevice(minor.kdev)
  minor.kdev.driver_data = null
}

/** The node behind a number, with a reference to its device; -ENODEV once it is going. */
export function* acquireMinor(rdev: number, owner: RefOwner): Sim<drm_minor | number> {
  const major = Math.floor(rdev / MINORS)
  const minor = drmCore(machine()).minors.get(key(major, rdev % MINORS))
  if (!minor) return -ENODEV
  getDrmDevice(minor.dev, owner)
  if (!isUnplugged(minor.dev!)) return minor
  yield* putDrmDevice(minor.dev, owner)
  return -ENODEV
}
