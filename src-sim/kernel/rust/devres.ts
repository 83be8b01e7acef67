import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { point, type Sim } from '../../engine/suspend'
import { frame, kernelCall } from '../api'
import { addDevres, allocDevres, takeDevres, type Devres as DevresNode } from '../base/devres'
import type { device } from '../base/device'
import { EINVAL, ENOMEM } from '../errno'
import {
  complete, completeAll, completion, initCompletion, waitForCompletion,
} from '../sched/completion'
import { typeName } from './boxes'
import type { Bound, Device } from './device'
import { dropNow, Owned, takeOwnership } from './drop'
import { KernelError } from './error'
import {
  revoke, RevocableInner, tryAccessCall, tryAccessWithCall, type RcuGuard, type RevocableGuard,
} from './revocable'

/**
 * How the drop of a `Devres` and the unbinding of its device settle who waits for whom:
 * `now`: whoever comes second waits until the value is gone; `callback-waits` (early 2025): only
 * unbinding does; `both-wait` (June 2025): drop also waits for the callback to be over;
 * `nobody-waits` (February 2026).
 */
export type DevresGeneration = 'now' | 'callback-waits' | 'both-wait' | 'nobody-waits'

export const devresGeneration = service(() => ({ value: 'now' as DevresGeneration }))

/** What the owner and the device's list of resources share. */
export class DevresInner<T> extends RevocableInner<T> {
  /** @internal */
  readonly $dev: device
  /** @internal The value is gone. */
  readonly $gone = new completion()
  /** @internal The release callback is over: the generation in which both wait. */
  readonly $released = new completion()
  /** @internal */
  readonly $node: DevresNode

  constructor(dev: device, data: T) {
    super(data)
    this.$dev = dev
    initCompletion(this.$gone)
    initCompletion(this.$released)
    const release = (): Sim => frame('devres_node_release', releaseInner(this))
    this.$node = { name: 'Devres<T>', key: this, release }
  }

  override get $label(): string {
    return `Devres<${typeName(this.$data)}>`
  }
}

/**
 * `kernel::devres::Devres`: a value that belongs to the binding of a device. The owner can drop it
 * earlier; when the device loses its driver it is taken away wherever the handle is.
 */
export class Devres<T> extends Owned {
  /** @internal */
  readonly $inner: DevresInner<T>

  /** @internal */
  constructor(inner: DevresInner<T>) {
    super()
    this.$inner = inner
  }

  /** Needs a bound device. Throws ENOMEM, and drops the value then. */
  static new<T>(dev: Device<Bound>, data: T): Devres<T> {
    return newDevres(dev, data) as Devres<T>
  }

  override get $rustName(): string {
    return this.$inner.$label
  }

  /**
   * The value, with no checks and no limits on sleeping, for those who can prove that the device is
   * bound. Throws EINVAL when it is another device.
   */
  access(dev: Device<Bound>): T {
    this.$live()
    if (dev.$dev !== this.$inner.$dev) throw new KernelError(EINVAL)
    dev.$proves('Bound', 'Devres::access')
    return this.$inner.$data
  }

  /** As `Revocable.try_access`: null once the device is unbound. */
  try_access(): RevocableGuard<T> | null {
    this.$live()
    return tryAccessCall(this.$inner) as RevocableGuard<T> | null
  }

  try_access_with_guard(guard: RcuGuard): T | null {
    this.$live()
    guard.$live()
    return this.$inner.is_available ? this.$inner.$data : null
  }

  try_access_with<R>(f: (data: T) => R): R | null {
    this.$live()
    return tryAccessWithCall(this.$inner, f as never) as R | null
  }

  /** @internal */
  override $drop(): Sim {
    return dropInner(this.$inner)
  }
}

export function* devresNew<T>(dev: Device<Bound>, value: T): Sim<Devres<T>> {
  yield point(devresNew, value)
  const data = takeOwnership(value)
  dev.$proves('Bound', 'Devres::new')
  const inner = new DevresInner(dev.$dev, data)
  const ret = allocDevres('Devres::new') ? addDevres(dev.$dev, inner.$node) : -ENOMEM
  if (ret) {
    yield* dropNow(data)
    throw new KernelError(ret)
  }
  return new Devres(inner)
}
export const newDevres = kernelCall('Devres::new', devresNew<unknown>)

/** The device loses its driver and the handle is still somewhere. */
function* releaseInner(inner: DevresInner<unknown>): Sim {
  const mode = devresGeneration(machine()).value
  const mine = yield* revoke(inner, true)
  if (mine && mode === 'now') completeAll(inner.$gone)
  else if (!mine && mode !== 'nobody-waits') yield* wait(inner.$gone)
  if (mode === 'both-wait') completeAll(inner.$released)
}

/** The owner drops the handle. */
function* dropInner(inner: DevresInner<unknown>): Sim {
  const mode = devresGeneration(machine()).value
  const mine = yield* revoke(inner, false)
  if (mode === 'both-wait') return yield* dropBothWait(inner, mine)
  if (mine) {
    completeAll(inner.$gone)
    yield point(dropInner, inner)
    takeDevres(inner.$dev, (node) => node === inner.$node)
  } else if (mode === 'now') yield* wait(inner.$gone)
}

function* dropBothWait(inner: DevresInner<unknown>, mine: boolean): Sim {
  if (mine && takeDevres(inner.$dev, (node) => node === inner.$node)) return
  if (mine) complete(inner.$gone)
  yield* wait(inner.$released)
}

function* wait(done: completion): Sim {
  const waiting = waitForCompletion(done)
  if (waiting) yield* waiting
}

/**
 * `devres::register`: gives a value to the device, which drops it in its place among the other
 * resources, after the driver's data. Throws ENOMEM, and drops the value then.
 */
export function* devresRegister(dev: Device<Bound>, value: unknown): Sim {
  yield point(devresRegister, value)
  const data = takeOwnership(value)
  dev.$proves('Bound', 'devres::register')
  const node: DevresNode = {
    name: 'devm_action_release',
    key: devresRegister,
    data,
    release: () => frame('devres_node_release', dropNow(data)),
  }
  const ret = allocDevres('devres::register') ? addDevres(dev.$dev, node) : -ENOMEM
  if (!ret) return
  yield* dropNow(data)
  throw new KernelError(ret)
}
