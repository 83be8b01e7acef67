import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { point, type Sim } from '../../engine/suspend'
import { EBUSY, ENOENT, ENOMEM } from '../errno'
import type { file } from '../fs/file'
import { faultInjection } from '../mm/fault-injection'
import { kernelLog } from '../printk/log'
import { WaitList } from '../sched/schedule'
import { complain } from './complain'

/** What a descriptor of /dev/iommu holds, and who uses what: drivers/iommu/iommufd/main.c. */

export type ObjectType =
  | 'ioas' | 'hwpt-paging' | 'hwpt-nested' | 'device' | 'access' | 'fault' | 'viommu' | 'vdevice'
  | 'veventq' | 'hw-queue'

/** One object: found by its number, kept by those who use it (IOMMUFD-01). */
export abstract class IommufdObject extends KernelObject {
  abstract readonly type: ObjectType
  id = 0
  /** The table's own, one for each object that needs this one, and one for each running call. */
  users = 1
  /** The table's own, and one for each running call. */
  shortUsers = 1
  readonly ictx: iommufd_ctx

  constructor(ictx: iommufd_ctx) {
    super()
    this.ictx = ictx
  }

  get $label(): string {
    return `${this.type} ${this.id}`
  }

  /** Nobody uses it any more, or ever did: gives back what it holds. */
  abstract destroy(): Sim

  /** The driver side begins to take it apart, before anybody is waited for. */
  *preDestroy(): Sim {}
}

/** A number without an object: still being built, or of something that is gone for good. */
const HELD = Symbol('held')
type Entry = IommufdObject | typeof HELD

export type AccountMode = 'user' | 'mm'

/** One open /dev/iommu. */
export class iommufd_ctx extends KernelObject {
  readonly file: file | null
  readonly $entries = new Map<number, Entry>()
  /** What this context knows of groups, by the group. */
  readonly $groups = new Map<object, unknown>()
  /** Whose limit pinned pages count against. */
  accountMode: AccountMode = 'user'
  readonly freed = new WaitList()
  /** The address space that VFIO's old interface uses. */
  vfioIoas: IommufdObject | null = null

  constructor(f: file | null) {
    super()
    this.file = f
  }

  get $label(): string {
    return 'iommufd'
  }

  /** Objects in the order of their numbers. */
  get objects(): IommufdObject[] {
    return [...this.$entries]
      .sort(([a], [b]) => a - b)
      .map(([, entry]) => entry)
      .filter((entry): entry is IommufdObject => entry !== HELD)
  }
}

/** Gives an object the lowest free number; nobody finds it there until `finalize`. */
export function allocObject<T extends IommufdObject>(object: T): T | number {
  if (faultInjection(machine()).shouldFail('iommufd_object_alloc')) return -ENOMEM
  let id = 1
  while (object.ictx.$entries.has(id)) id++
  object.id = id
  object.ictx.$entries.set(id, HELD)
  return object
}

/** It can be found from now on. */
export function finalizeObject(object: IommufdObject): void {
  object.ictx.$entries.set(object.id, object)
}

/** Takes back what nobody could find yet. */
export function* abortObject(object: IommufdObject): Sim {
  yield* object.destroy()
  object.ictx.$entries.delete(object.id)
}

/** The object with a number, kept until `putObject`; -ENOENT for anything else (IOMMUFD-01). */
export function getObject(
  ictx: iommufd_ctx, id: number, ...types: ObjectType[]
): IommufdObject | number {
  const entry = ictx.$entries.get(id)
  if (entry === undefined || entry === HELD) return -ENOENT
  if (types.length > 0 && !types.includes(entry.type)) return -ENOENT
  if (entry.users === 0 || entry.shortUsers === 0) return -ENOENT
  entry.users++
  entry.shortUsers++
  return entry
}

export function putObject(object: IommufdObject): void {
  object.users--
  if (--object.shortUsers === 0) object.ictx.freed.wakeAll()
}

const WAIT_NS = 60_000_000_000

/** Calls that are still at it get a minute. */
function* waitForCalls(object: IommufdObject): Sim<number> {
  if (--object.shortUsers === 0) return 0
  yield* object.preDestroy()
  const done = (): boolean => object.shortUsers === 0
  const m = machine()
  const until = m.nowNs + WAIT_NS
  let over = false
  m.at(until, 'iommufd', object, () => {
    over = true
    object.ictx.freed.wakeAll()
  })
  yield* object.ictx.freed.waitUntil(() => done() || over, object, 'calls on an iommufd object')
  if (done()) return 0
  kernelLog(m).print(2, 'iommufd: Time out waiting for iommufd object to become free\n')
  object.shortUsers++
  return -EBUSY
}

/** A user asks: only what nobody else uses goes. 0, -ENOENT or -EBUSY. */
export function* removeById(ictx: iommufd_ctx, id: number): Sim<number> {
  const object = ictx.$entries.get(id)
  if (object === undefined || object === HELD) return -ENOENT
  if (object.users !== 1) return -EBUSY
  object.users = 0
  ictx.$entries.delete(id)
  if (ictx.vfioIoas === object) ictx.vfioIoas = null
  yield point(removeById, object)
  const error = yield* waitForCalls(object)
  if (error) return error
  yield* object.destroy()
  return 0
}

/**
 * The kernel side lets go of its own object, which must end now: calls are waited for. `tombstone`
 * keeps the number from being given to another.
 */
export function* destroyByOwner(object: IommufdObject, tombstone = false): Sim {
  const { ictx } = object
  const error = yield* waitForCalls(object)
  object.users--
  if (error) {
    complain('destroy-user', 'iommufd_object_destroy_user', object)
    return
  }
  if (object.users !== 1) {
    object.shortUsers = 1
    complain('destroy-user', 'iommufd_object_destroy_user', object)
    return
  }
  object.users = 0
  if (tombstone) ictx.$entries.set(object.id, HELD)
  else ictx.$entries.delete(object.id)
  yield* object.destroy()
}

/** The last use of the descriptor is gone: leaves go first, until nothing is left. */
export function* destroyAll(ictx: iommufd_ctx): Sim {
  for (;;) {
    const objects = ictx.objects
    if (objects.length === 0) break
    let destroyed = 0
    for (const object of objects) {
      if (object.users !== 1) continue
      object.users = 0
      destroyed++
      ictx.$entries.delete(object.id)
      yield* object.preDestroy()
      yield* object.destroy()
    }
    if (destroyed === 0) {
      complain('stuck', 'iommufd_fops_release', ictx)
      break
    }
  }
}
