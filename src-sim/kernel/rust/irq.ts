import { call, point, type Sim } from '../../engine/suspend'
import { kernelCall, named } from '../api'
import { EINVAL, ENODEV } from '../errno'
import { IRQ_HANDLED, IRQ_NONE, IRQ_WAKE_THREAD, type irq_handler_t } from '../irq/desc'
import { freeIrq, requestThreadedIrq, synchronizeIrq } from '../irq/manage'
import { IRQF } from '../irq/request-checks'
import { boundLease, Device, type Bound } from './device'
import { Devres, devresNew, type DevresInner } from './devres'
import { dropNow, Owned, takeOwnership } from './drop'
import { KernelError, toResult } from './error'
import { tryAccess } from './revocable'

/** `kernel::irq::IrqReturn`. */
export const IrqReturn = { None: IRQ_NONE, Handled: IRQ_HANDLED } as const
/** `kernel::irq::ThreadedIrqReturn`. */
export const ThreadedIrqReturn = { ...IrqReturn, WakeThread: IRQ_WAKE_THREAD } as const

/** `kernel::irq::Handler`: the device is bound while it runs: unbinding frees the line first. */
export interface Handler {
  handle(device: Device<Bound>): number
}

/** `kernel::irq::ThreadedHandler`. */
export interface ThreadedHandler {
  handle?(device: Device<Bound>): number
  handle_threaded(device: Device<Bound>): number
}

/** `kernel::irq::IrqRequest`: a line of a bound device. */
export class IrqRequest {
  /** @internal */
  readonly $dev: Device<Bound>
  /** @internal */
  readonly $irq: number

  /** @internal */
  constructor(dev: Device<Bound>, irq: number) {
    this.$dev = dev
    this.$irq = irq
  }

  irq(): number {
    return this.$irq
  }
}

/** What devres holds: the registered line. */
class RegistrationInner extends Owned {
  readonly $irq: number
  readonly $cookie: object

  constructor(irq: number, cookie: object) {
    super()
    this.$irq = irq
    this.$cookie = cookie
  }

  override get $rustName(): string {
    return 'irq::RegistrationInner'
  }

  override *$drop(): Sim {
    yield* freeIrq(this.$irq, this.$cookie)
  }
}

/**
 * `kernel::irq::Registration`: a handler on a line. It sits in a `Devres`, so the line is freed at
 * unbind even when this value was leaked; the handler's data lives as long as this value.
 */
export class Registration<T extends object> extends Owned {
  /** @internal */
  readonly $inner: Devres<Owned>
  /** @internal */
  readonly $handler: T
  /** @internal */
  readonly $irq: number

  /** @internal */
  constructor(inner: Devres<Owned>, handler: T, irq: number) {
    super()
    this.$inner = inner
    this.$handler = handler
    this.$irq = irq
  }

  /** Throws what `request_irq` answers. May sleep. The handler may run before this returns. */
  static new<T extends Handler>(
    request: IrqRequest, flags: number, name: string, handler: T,
  ): Registration<T> {
    return registerCall(request, flags, name, handler, false) as Registration<T>
  }

  override get $rustName(): string {
    return 'irq::Registration'
  }

  handler(): T {
    this.$live()
    return this.$handler
  }

  /** Waits until no handler runs. May sleep. Throws EINVAL for another device. */
  synchronize(dev: Device<Bound>): void {
    this.$live()
    if (dev.$dev !== this.$inner.$inner.$dev) throw new KernelError(EINVAL)
    dev.$proves('Bound', 'Registration::synchronize')
    return synchronize(this.$irq)
  }

  /**
   * The same without the proof: throws ENODEV once the device is unbound. It waits inside an RCU
   * section, which is a mistake of this interface.
   */
  try_synchronize(): void {
    this.$live()
    return trySynchronize(this.$inner.$inner, this.$irq)
  }

  /** @internal */
  override *$drop(): Sim {
    yield* dropNow(this.$inner)
    yield* dropNow(this.$handler)
  }
}

/** `kernel::irq::ThreadedRegistration`: as `Registration`, with a part that runs in a thread. */
export class ThreadedRegistration {
  static new<T extends ThreadedHandler>(
    request: IrqRequest, flags: number, name: string, handler: T,
  ): Registration<T> {
    return registerCall(request, flags, name, handler, true) as Registration<T>
  }
}

const synchronize = kernelCall('Registration::synchronize', function* (irq: number): Sim {
  yield* synchronizeIrq(irq)
})

const trySynchronize = kernelCall('Registration::try_synchronize', function* (
  inner: DevresInner<unknown>, irq: number,
): Sim {
  const guard = yield* tryAccess(inner)
  if (guard === null) throw new KernelError(ENODEV)
  yield* synchronizeIrq(irq)
  yield* dropNow(guard)
})

export function* register<T extends object>(
  request: IrqRequest, flags: number, name: string, value: T, threaded: boolean,
): Sim<Registration<T>> {
  yield point(register, request)
  const handler = takeOwnership(value)
  const { $dev: dev, $irq: irq } = request
  dev.$proves('Bound', 'Registration::new')
  const top = 'handle' in handler ? entry(dev, handler, 'handle') : null
  const thread = threaded ? entry(dev, handler, 'handle_threaded') : null
  const all = threaded ? flags : flags | IRQF.COND_ONESHOT
  const first = top ?? wakeThread
  try {
    toResult(yield* requestThreadedIrq(irq, first, thread, all, name, handler))
    const line = yield* devresNew(dev, new RegistrationInner(irq, handler))
    return new Registration<T>(line, handler, irq)
  } catch (error) {
    if (error instanceof KernelError) yield* dropNow(handler)
    throw error
  }
}

export const registerCall = kernelCall('Registration::new', register<object>)

const wakeThread = (): number => IRQ_WAKE_THREAD

/** The C function that is registered: it finds the handler and proves that the device is bound. */
function entry(dev: Device<Bound>, handler: object, method: string): irq_handler_t {
  const run = named('handle_irq_callback', function* (): Sim<number> {
    const view = new Device<Bound>(dev.$dev, boundLease(dev.$dev))
    const f = (handler as Record<string, (device: Device<Bound>) => number>)[method]!
    return Number((yield* call(() => f.call(handler, view))) ?? IRQ_NONE)
  })
  Object.defineProperty(run, 'name', { value: `${handler.constructor.name}::${method}` })
  return run as unknown as irq_handler_t
}
