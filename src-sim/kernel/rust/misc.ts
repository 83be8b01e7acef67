import type { Position } from '../../engine/position'
import { call, point, type Sim } from '../../engine/suspend'
import { frame, kernelCall } from '../api'
import { ENOTTY } from '../errno'
import type { file, file_operations, inode } from '../fs/file'
import type { vm_area_struct } from '../mm/vma'
import { deregisterMisc, miscdevice, registerMisc } from '../fs/misc'
import { keepFor } from './boxes'
import { Device, type Normal } from './device'
import { dropNow, Owned, takeOwnership } from './drop'
import { asErrno, toResult } from './error'
import { enterText, textHere } from './glue'
import { borrowOf, type BorrowedOf } from './pointers'

/**
 * `kernel::miscdevice::MiscDevice`, implemented by a class with these static members. `open`
 * answers the owner of the data of one open file: an `Arc` or a `KBox`, which the others borrow and
 * `release` gets.
 */
export interface MiscDevice<P> {
  open(file: file, misc: MiscDeviceRegistration): P
  release?(device: P, file: file): void
  ioctl?(device: BorrowedOf<P>, file: file, cmd: number, arg: any): number
  read?(device: BorrowedOf<P>, file: file, buf: any, count: number): number
  write?(device: BorrowedOf<P>, file: file, buf: any, count: number): number
  mmap?(device: BorrowedOf<P>, file: file, vma: vm_area_struct): void
}

/**
 * `kernel::miscdevice::MiscDeviceRegistration`: a node in /dev for as long as it lives. Its drop
 * waits for opens that are under way and for nothing else: calls on open files go on. The
 * operations name no owner, so open files do not keep the module.
 */
export class MiscDeviceRegistration extends Owned {
  /** @internal */
  readonly $misc: miscdevice

  /** @internal */
  constructor(misc: miscdevice) {
    super()
    this.$misc = misc
  }

  /** Makes the node; opens are possible at once. Throws; may sleep. */
  static register<P>(options: { name: string }, type: MiscDevice<P>): MiscDeviceRegistration {
    return register(options.name, type as MiscDevice<unknown>)
  }

  override get $rustName(): string {
    return 'MiscDeviceRegistration'
  }

  /** The device of the node. */
  device(): Device<Normal> {
    this.$live()
    return new Device(this.$misc.this_device!)
  }

  /** @internal */
  override $drop(): Sim {
    return deregisterMisc(this.$misc)
  }
}

const register = kernelCall('MiscDeviceRegistration::register', function* (
  name: string, type: MiscDevice<unknown>, text: Position = textHere(),
): Sim<MiscDeviceRegistration> {
  yield point(register, type)
  const misc = new miscdevice({ name })
  const registration = new MiscDeviceRegistration(misc)
  misc.fops = operations(type, registration, text)
  toResult(yield* registerMisc(misc))
  return registration
})

/** The table that the generic code of a type makes: the text is the module's, nobody owns it. */
function operations(
  type: MiscDevice<unknown>, registration: MiscDeviceRegistration, text: Position,
): file_operations {
  const borrowed = (f: file): never => {
    enterText(text)
    return borrowOf(f.private_data) as never
  }
  const result = (body: () => unknown): number =>
    frame('miscdevice_callback', asErrno(call(body))) as unknown as number
  const { ioctl, mmap, read, write } = type
  return {
    owner: null,
    open: ((_node: inode, f: file) =>
      frame('open', open(type, registration, f, text))) as never,
    release: ((_node: inode, f: file) => frame('release', release(type, f, text))) as never,
    unlocked_ioctl: ioctl
      ? (f, cmd, arg) => result(() => ioctl.call(type, borrowed(f), f, cmd, arg))
      : () => -ENOTTY,
    read: read
      ? (f, buf, count) => result(() => read.call(type, borrowed(f), f, buf, count)) : null,
    write: write
      ? (f, buf, count) => result(() => write.call(type, borrowed(f), f, buf, count)) : null,
    mmap: mmap ? (f, vma) => result(() => mmap.call(type, borrowed(f), f, vma)) : null,
  }
}

function* open(
  type: MiscDevice<unknown>, registration: MiscDeviceRegistration, f: file, text: Position,
): Sim<number> {
  enterText(text)
  return yield* asErrno(setPointer(type, registration, f))
}

function* setPointer(
  type: MiscDevice<unknown>, registration: MiscDeviceRegistration, f: file,
): Sim {
  f.private_data = takeOwnership(yield* call(() => type.open(f, registration)))
  keepFor(f.private_data, f, 'open file')
}

function* release(type: MiscDevice<unknown>, f: file, text: Position): Sim<number> {
  enterText(text)
  const pointer: unknown = f.private_data
  if (type.release) yield* call(() => type.release!(pointer, f))
  yield* dropNow(pointer)
  return 0
}
