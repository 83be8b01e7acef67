import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import type { Position } from '../../engine/position'
import { point, type Sim } from '../../engine/suspend'
import { kernelCall } from '../api'
import * as aux from '../base/auxiliary'
import { deleteDevice, deviceLog, putDevice } from '../base/core'
import { modules } from '../base/module'
import { EINVAL, ENOENT, ENOMEM } from '../errno'
import { sizeOf } from '../mm/embed'
import { slab } from '../mm/slab'
import { ARef, boundLease, Device, type Bound, type Core, type Lease, type Normal } from './device'
import { postUnbind, probeRust, unbindRust } from './driver'
import { dropNow, Owned, takeOwnership } from './drop'
import { KernelError, toResult } from './error'
import { textHere } from './glue'

/** The data that a Rust parent has left with a child. */
const registrationData = service(() => new WeakMap<aux.auxiliary_device, object>())

/** `kernel::auxiliary::Device`: a part of another device. */
export class AuxiliaryDevice<Ctx extends Normal = Normal> extends Device<Ctx> {
  /** @internal */
  readonly $adev: aux.auxiliary_device

  /** @internal */
  constructor(adev: aux.auxiliary_device, lease?: Lease) {
    super(adev.dev, lease)
    this.$adev = adev
  }

  override into(): ARef<AuxiliaryDevice<Normal>> {
    return ARef.from(this) as unknown as ARef<AuxiliaryDevice<Normal>>
  }

  id(): number {
    return this.$adev.id
  }

  /**
   * The device it is a part of. It is bound, because it removes its parts when it is unbound: true
   * only as long as nobody has leaked the registration.
   */
  parent(this: AuxiliaryDevice<Bound>): Device<Bound> {
    this.$proves('Bound', 'parent')
    const parent = this.$dev.parent!
    return new Device<Bound>(parent, boundLease(parent))
  }

  /**
   * What the parent registered this part with. Throws ENOENT when there is nothing, EINVAL when it
   * is of another type.
   */
  registration_data<T extends object>(
    this: AuxiliaryDevice<Bound>, type: new (...args: any[]) => T,
  ): T {
    this.$proves('Bound', 'registration_data')
    const data = registrationData(machine()).get(this.$adev)
    if (!data) {
      deviceLog(this.$dev, 4, 'No registration data set; parent is not a Rust driver.')
      throw new KernelError(ENOENT)
    }
    if (!(data instanceof type)) throw new KernelError(EINVAL)
    return data
  }

  /** @internal */
  override $plain(): AuxiliaryDevice<Normal> {
    return new AuxiliaryDevice(this.$adev)
  }
}

/** The memory of a part that Rust has made: freed by the device's release. */
class Part extends KernelObject {
  readonly adev = new aux.auxiliary_device()
}

/** `kernel::auxiliary::Registration`: a part for as long as it lives, and data for its driver. */
export class AuxiliaryRegistration extends Owned {
  /** @internal */
  readonly $adev: aux.auxiliary_device
  /** @internal */
  readonly $data: object | null

  /** @internal */
  constructor(adev: aux.auxiliary_device, data: object | null) {
    super()
    this.$adev = adev
    this.$data = data
  }

  /** Adds the part `modname.name.id` with data of its own. Throws; may sleep. */
  static new(
    parent: Device<Bound>, name: string, id: number, modname: string, data: object | null,
  ): AuxiliaryRegistration {
    return register(parent, name, id, modname, data)
  }

  /** The same for data that borrows from the parent's. Unsafe: the answer must not be leaked. */
  static new_with_lt(
    parent: Device<Bound>, name: string, id: number, modname: string, data: object | null,
  ): AuxiliaryRegistration {
    return AuxiliaryRegistration.new(parent, name, id, modname, data)
  }

  override get $rustName(): string {
    return 'auxiliary::Registration'
  }

  /** @internal The part is unbound, then the data goes, then the last reference. */
  override *$drop(): Sim {
    yield* deleteDevice(this.$adev.dev)
    yield* dropNow(this.$data)
    yield* putDevice(this.$adev.dev)
  }
}

const register = kernelCall('auxiliary::Registration::new', function* (
  parent: Device<Bound>, name: string, id: number, modname: string, value: object | null,
): Sim<AuxiliaryRegistration> {
  yield point(register, parent)
  const data = takeOwnership(value)
  parent.$proves('Bound', 'auxiliary::Registration::new')
  const part = new Part()
  let ret = slab(machine()).alloc(part, sizeOf(part)) === null ? -ENOMEM : 0
  const { adev } = part
  if (!ret) {
    adev.name = name
    adev.id = id
    adev.dev.parent = parent.$dev
    adev.dev.release = () => slab(machine()).free(part)
    if (data) registrationData(machine()).set(adev, data)
    ret = aux.initAuxiliary(adev)
    if (!ret) {
      ret = yield* aux.addAuxiliary(adev, modname)
      if (ret) yield* putDevice(adev.dev)
    }
  }
  if (ret) yield* dropNow(data)
  toResult(ret)
  return new AuxiliaryRegistration(adev, data)
})

/** `kernel::auxiliary::Driver`, implemented by a class with these static members. */
export interface AuxiliaryDriver<Data> {
  /** `module.part` */
  ID_TABLE: readonly string[]
  probe(adev: AuxiliaryDevice<Core>): Data
  unbind?(adev: AuxiliaryDevice<Core>, data: Data): void
}

/** What `driver::Registration` keeps: on the bus until it is dropped. */
export class AuxiliaryDriverRegistration extends Owned {
  /** @internal */
  readonly $init: aux.auxiliary_driver_init

  /** @internal */
  constructor(init: aux.auxiliary_driver_init) {
    super()
    this.$init = init
  }

  /** Registers a driver. Throws; may sleep. */
  static new<Data>(
    name: string, type: AuxiliaryDriver<Data>, module: object | null,
  ): AuxiliaryDriverRegistration {
    return registerAuxiliary(name, type as AuxiliaryDriver<unknown>, module)
  }

  /** @internal */
  override $drop(): Sim {
    return aux.unregisterAuxiliaryDriver(this.$init)
  }
}

export const registerAuxiliary = kernelCall('driver::Registration::new', function* (
  name: string, type: AuxiliaryDriver<unknown>, module: object | null, text: Position = textHere(),
): Sim<AuxiliaryDriverRegistration> {
  const of = (adev: aux.auxiliary_device) => callbacks(text, type, adev)
  const init: aux.auxiliary_driver_init = {
    name,
    id_table: type.ID_TABLE.map((id) => ({ name: id })),
    probe: ((adev: aux.auxiliary_device) => probeRust(adev.dev, of(adev))) as never,
    remove: ((adev: aux.auxiliary_device) => unbindRust(adev.dev, of(adev))) as never,
    $postUnbind: postUnbind,
  }
  const owner = module ?? modules(machine()).current
  const modname = (owner as { name?: string } | null)?.name ?? 'kernel'
  toResult(yield* aux.registerAuxiliaryDriver(init, modname, owner))
  return new AuxiliaryDriverRegistration(init)
})

const callbacks = (text: Position, type: AuxiliaryDriver<unknown>, adev: aux.auxiliary_device) => ({
  text,
  view: (lease: Lease) => new AuxiliaryDevice<Core>(adev, lease),
  probe: (view: AuxiliaryDevice<Core>) => type.probe(view),
  unbind: (view: AuxiliaryDevice<Core>, data: unknown) => type.unbind?.(view, data),
})

