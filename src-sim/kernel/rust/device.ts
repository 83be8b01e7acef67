import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { deviceLog, getDevice, putDevice } from '../base/core'
import type { device } from '../base/device'
import { ruleBroken } from './broken-rule'
import { Owned } from './drop'

/** Any reference to a device; it says nothing about drivers. The names are read in type errors. */
export interface Normal {
  readonly 'a device': true
}
/** The device has a driver for as long as this reference is there. */
export interface Bound extends Normal {
  readonly 'proof that its driver is bound': true
}
/** Bus callbacks only: they hold the device lock. */
export interface Core extends Bound {
  readonly 'lent to probe and unbind only': true
}

/** One binding of a device to a driver: `Bound` references are good for one of these. */
export class Binding {}

const bindings = service(() => new Map<device, Binding>())

/** A probe begins. */
export function beginBinding(dev: device): Binding {
  const binding = new Binding()
  bindings(machine()).set(dev, binding)
  return binding
}

export const bindingOf = (dev: device): Binding | null =>
  dev.driver === null ? null : (bindings(machine()).get(dev) ?? null)

/** For how long a reference is good: a callback, a binding. */
export interface Lease {
  core: boolean
  binding: Binding | null
}

const NO_LEASE: Lease = { core: false, binding: null }

/**
 * `kernel::device::Device`: a reference, with what is known about the device as a type. A
 * `Device<Core>` is a `Device<Bound>`, which is a `Device`. Where types cannot tell, for example
 * when a reference was kept in a field, use outside its scope is a finding.
 */
export class Device<Ctx extends Normal = Normal> extends KernelObject {
  protected declare readonly context: Ctx
  /** @internal */
  readonly $dev: device
  /** @internal */
  readonly $lease: Lease

  /** @internal */
  constructor(dev: device, lease: Lease = NO_LEASE) {
    super()
    this.$dev = dev
    this.$lease = lease
  }

  get $label(): string {
    return this.$dev.$label
  }

  /** The device itself, whatever its bus. */
  as_ref(): Device<Ctx> {
    return this
  }

  /** Takes a reference that can be kept: `get_device`. Pair: the drop of what is answered. */
  into(): ARef<Device<Normal>> {
    return ARef.from(this)
  }

  name(): string {
    return this.$label
  }

  /** The structure that C knows. Unsafe: it proves nothing and protects nothing. */
  as_raw(): device {
    return this.$dev
  }

  /** @internal The reference without any proof. */
  $plain(): Device<Normal> {
    return new Device(this.$dev)
  }

  /** @internal Whether this reference proves what `what` needs; a finding if not. */
  $proves(needs: 'Bound' | 'Core', what: string): boolean {
    const { core, binding } = this.$lease
    const bound = binding !== null && bindingOf(this.$dev) === binding
    if (needs === 'Core' ? core && bound : bound) return true
    const had = needs === 'Core' ? core || binding !== null : binding !== null
    const title = had
      ? `rust: \`${what}\`: a &Device<${needs}> was used after the scope it was lent to`
      : `rust: \`${what}\` needs a &Device<${needs}>, but the reference proves no such thing`
    ruleBroken(had ? 'borrow' : 'typestate', title, ['R-01'], [this.$dev])
    return false
  }
}

/** A reference that is good for the present binding, for callbacks that end with it. */
export const boundLease = (dev: device): Lease => ({ core: false, binding: bindingOf(dev) })

/** What can be counted by an `ARef`. */
export interface AlwaysRefCounted {
  readonly $dev: device
  $plain(): unknown
}

/**
 * `kernel::sync::aref::ARef`: a counted reference to a device. It keeps the structure and does
 * not keep the driver bound or the hardware present.
 */
export class ARef<T> extends Owned {
  /** @internal */
  readonly $target: T

  /** @internal Takes over one count. */
  constructor(target: T) {
    super()
    this.$target = (target as AlwaysRefCounted).$plain() as T
  }

  /** As `device.into()`. */
  static from(target: Device<Normal>): ARef<Device<Normal>> {
    getDevice(target.$dev)
    return new ARef(target)
  }

  override get $rustName(): string {
    return 'ARef<Device>'
  }

  clone(): ARef<T> {
    this.$live()
    getDevice((this.$target as AlwaysRefCounted).$dev)
    return new ARef(this.$target)
  }

  /** The device, without any proof that it is bound. */
  get value(): T {
    this.$live()
    return this.$target
  }

  /** @internal */
  override $drop(): Sim {
    return putDevice((this.$target as AlwaysRefCounted).$dev)
  }
}

/** Prints for a device, as `dev_info!` and its kin. */
export const deviceSays =
  (level: number) =>
  (dev: Device<Normal>, text: string): void =>
    deviceLog(dev.$dev, level, text.replace(/\n$/, ''))
