import { machine } from '../../engine/current'
import type { Position } from '../../engine/position'
import { call, point, type Sim } from '../../engine/suspend'
import { frame, kernelCall } from '../api'
import {
  drm_device, DRIVER_GEM, getDrmDevice, initDrmDevice, putDrmDevice,
  type drm_driver, type drm_ioctl_desc,
} from '../drm/device'
import { ioctlDrm, openDrm, releaseDrm, type drm_file } from '../drm/file'
import { registerDrmDevice, unregisterDrmDevice } from '../drm/unplug'
import { EINVAL, ENOMEM } from '../errno'
import type { file_operations } from '../fs/file'
import { sizeOf } from '../mm/embed'
import { slab } from '../mm/slab'
import type { Bound, Device } from './device'
import { devresRegister } from './devres'
import { dropInPlace, dropNow, Owned, takeOwnership } from './drop'
import { asErrno, KernelError, toResult } from './error'
import { enterText, textHere } from './glue'

/** A call of programs: number, flags, and what it runs. */
export type DrmIoctl<Data, File> = readonly [
  cmd: number,
  flags: number,
  run: (dev: DrmDevice<Data>, data: any, file: File) => number,
]

/** `kernel::drm::Driver`, implemented by a class with these static members. */
export interface DrmDriver<Data, File> {
  INFO: { name: string; desc?: string }
  IOCTLS: readonly DrmIoctl<Data, File>[]
  /** Makes what belongs to one open file. */
  open(dev: DrmDevice<Data>): File
}

/**
 * `kernel::drm::Device`: counted. Its data is dropped with the last reference, open files included.
 * That it has been registered once says nothing about now.
 */
export class DrmDevice<Data> extends Owned {
  /** @internal */
  readonly $drm: drm_device

  /** @internal Takes over one count. */
  constructor(drm: drm_device) {
    super()
    this.$drm = drm
  }

  /** Not registered yet. Takes the data over. Throws ENOMEM; may sleep. */
  static new<Data, File>(
    parent: Device<Bound>, type: DrmDriver<Data, File>, data: Data,
  ): DrmDevice<Data> {
    return newDevice(parent, type as DrmDriver<unknown, unknown>, data) as DrmDevice<Data>
  }

  override get $rustName(): string {
    return 'drm::Device'
  }

  clone(): DrmDevice<Data> {
    this.$live()
    getDrmDevice(this.$drm)
    return new DrmDevice(this.$drm)
  }

  get value(): Data {
    this.$live()
    return this.$drm.dev_private as Data
  }

  /** @internal */
  override $drop(): Sim {
    return putDrmDevice(this.$drm)
  }
}

/** A device lent to a call, which must not drop it. */
function lent(drm: drm_device): DrmDevice<unknown> {
  return new DrmDevice(drm)
}

const newDevice = kernelCall('drm::Device::new', function* (
  parent: Device<Bound>,
  type: DrmDriver<unknown, unknown>,
  value: unknown,
  text: Position = textHere(),
): Sim<DrmDevice<unknown>> {
  yield point(newDevice, parent)
  const data = takeOwnership(value)
  parent.$proves('Bound', 'drm::Device::new')
  const drm = new drm_device()
  let ret = slab(machine()).alloc(drm, sizeOf(drm)) === null ? -ENOMEM : 0
  if (!ret) {
    drm.dev_private = data
    ret = yield* initDrmDevice(drm, driverOf(type, text), parent.$dev)
    if (ret) slab(machine()).free(drm)
  }
  if (ret) yield* dropNow(data)
  toResult(ret)
  drm.$container = drm
  return new DrmDevice(drm)
})

/** The tables of a type, with nobody as owner: all of this is code of the module. */
function driverOf(type: DrmDriver<unknown, unknown>, text: Position): drm_driver {
  const fops: file_operations = {
    owner: null,
    open: openDrm as never,
    release: releaseDrm as never,
    unlocked_ioctl: ioctlDrm as never,
  }
  return {
    ...type.INFO,
    driver_features: DRIVER_GEM,
    fops,
    ioctls: type.IOCTLS.map((entry) => describe(entry, text)),
    open: ((drm: drm_device, file: drm_file) =>
      frame('open_callback', asErrno(openFile(type, drm, file, text)))) as never,
    postclose: ((_drm: drm_device, file: drm_file) => {
      enterText(text)
      return dropInPlace(file.driver_priv)
    }) as never,
    release: ((drm: drm_device) => {
      enterText(text)
      return dropInPlace(drm.dev_private)
    }) as never,
  }
}

function* openFile(
  type: DrmDriver<unknown, unknown>, drm: drm_device, file: drm_file, text: Position,
): Sim {
  enterText(text)
  file.driver_priv = takeOwnership(yield* call(() => type.open(lent(drm))))
}

function describe(
  [cmd, flags, run]: DrmIoctl<unknown, unknown>, text: Position,
): drm_ioctl_desc {
  const func = (drm: drm_device, data: unknown, file: drm_file): Sim<number> => {
    enterText(text)
    return frame('ioctl_callback', asErrno(call(() => run(lent(drm), data, file.driver_priv))))
  }
  return { cmd, flags, name: run.name, func: func as never }
}

/** `drm::Registration`: the nodes are there until it is dropped, which devres does. */
export class DrmRegistration extends Owned {
  /** @internal */
  readonly $drm: DrmDevice<unknown>

  /** @internal */
  constructor(drm: DrmDevice<unknown>) {
    super()
    this.$drm = drm
  }

  /**
   * Registers the device and gives the registration to `dev`, which must be its parent: EINVAL.
   * There is no other way to have one.
   */
  static new_foreign_owned(drm: DrmDevice<any>, dev: Device<Bound>, flags = 0): void {
    return registerForeign(drm, dev, flags)
  }

  override get $rustName(): string {
    return 'drm::Registration'
  }

  /** @internal It unregisters, and does not unplug: calls on open files go on. */
  override *$drop(): Sim {
    yield* unregisterDrmDevice(this.$drm.$drm)
    yield* dropNow(this.$drm)
  }
}

const registerForeign = kernelCall('drm::Registration::new_foreign_owned', function* (
  drm: DrmDevice<unknown>, dev: Device<Bound>, flags: number,
): Sim {
  yield point(registerForeign, drm)
  if (drm.$drm.dev !== dev.$dev) throw new KernelError(EINVAL)
  const own = drm.clone()
  const ret = yield* registerDrmDevice(own.$drm, flags)
  if (ret) yield* dropNow(own)
  toResult(ret)
  yield* devresRegister(dev, new DrmRegistration(own))
})
