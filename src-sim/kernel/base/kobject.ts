import { machine } from '../../engine/current'
import { hidden, KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { call, point, type Sim } from '../../engine/suspend'
import { object_rename } from '../../trace/events'
import { step } from '../api'
import { emit } from '../emit'
import { EEXIST, EINVAL, ENOENT } from '../errno'
import { vsprintf } from '../printk/format'
import { kernelLog } from '../printk/log'
import { warn } from '../printk/warn'
import { report } from '../report'
import { initDelayedWork, queueDelayedWorkOn } from '../workqueue/queue'
import { delayed_work, type work_func_t } from '../workqueue/structs'
import { workqueues } from '../workqueue/workqueues'
import type { attribute_group, sysfs_ops } from './attributes'
import { createGroups, removeGroups } from './attributes'
import type { RefGiver, RefOwner } from '../locking/ref-ledger'
import { kref, refGet, refInit, refPut, refRead } from './refs'
import { removeDirectory, sysfs, type SysfsDirectory } from './sysfs'
import { sendUevent, type UeventFilter } from './uevent'

/** What all kobjects of a kind share. Without `release` their memory is nobody's business. */
export interface kobj_type {
  release?: ((kobj: kobject) => void) | null
  sysfs_ops?: sysfs_ops | null
  default_groups?: readonly attribute_group[] | null
}

/**
 * A named, counted thing under /sys. Its memory ends when the count does: then the type's release
 * function runs, whoever dropped the last reference.
 */
export class kobject extends KernelObject {
  name: string | null = null
  parent: kobject | null = null
  kset: kset | null = null
  ktype: kobj_type | null = null
  kref = new kref()
  state_initialized = false
  state_in_sysfs = false
  state_add_uevent_sent = false
  state_remove_uevent_sent = false
  uevent_suppress = false
  /** @internal */
  $directory: SysfsDirectory | null = null

  constructor() {
    super()
    this.kref.$parent = this
    this.kref.$field = 'kref'
  }

  /** @internal What the count is shown at: the device (or set, or cdev) around it. */
  get $counted(): object {
    return this.$parent ?? this
  }
}

/** Why a kobject is held by one below it, and by one in its set. */
const CHILD = 'sysfs directory inside'
const MEMBER = 'member of the set'
const held = (by: kobject, why: string): RefOwner => ({ holder: by.$counted, why })

/** A set of kobjects that live in one directory and announce themselves in one way. */
export class kset extends KernelObject {
  kobj = new kobject()
  uevent_ops: UeventFilter | null = null
  /** @internal */
  readonly $members: kobject[] = []

  constructor() {
    super()
    this.kobj.$parent = this
    this.kobj.$field = 'kobj'
  }
}

/** DEBUG_KOBJECT_RELEASE. */
class KobjectDebug {
  delayRelease = false
}

export const kobjectDebug = service(() => new KobjectDebug())

const say = (level: number, text: string): void => kernelLog(machine()).print(level, `${text}\n`)
const print = (format: string, ...args: unknown[]): string => vsprintf(machine(), format, args)

function misuse(kind: string, text: string, kobj: kobject, rule: string): void {
  report(machine(), { kind: `kobject.${kind}`, title: text, objects: [kobj], rules: [rule] })
}

/** DM-01: one reference, owned by the caller. */
export function initKobject(kobj: kobject, ktype: kobj_type | null): void {
  if (kobj.state_initialized) {
    const text = 'tried to init an initialized object, something is seriously wrong.'
    misuse('double-init', print('kobject: kobject (%p): %s', kobj, text), kobj, 'DM-01')
  }
  refInit(kobj.kref)
  kobj.ktype = ktype
  kobj.state_in_sysfs = false
  kobj.state_add_uevent_sent = false
  kobj.state_remove_uevent_sent = false
  kobj.state_initialized = true
}

export function setKobjectName(kobj: kobject, name: string): void {
  kobj.name = name.replaceAll('/', '!')
  emit(object_rename, hidden(kobj).$parent ?? kobj, kobj.name)
}

/** DM-110. */
export function* addKobject(kobj: kobject, parent: kobject | null, name: string): Sim<number> {
  if (!kobj.state_initialized) {
    const text = 'tried to add an uninitialized object, something is seriously wrong.'
    const title = print("kobject: kobject '%s' (%p): %s", kobj.name, kobj, text)
    misuse('not-initialised', title, kobj, 'DM-110')
    return -EINVAL
  }
  setKobjectName(kobj, name)
  kobj.parent = parent
  return yield* addInternal(kobj)
}

/** Adds under the name and parent that the kobject has already. */
export function* addInternal(kobj: kobject): Sim<number> {
  if (!kobj.name) {
    const text = print('kobject: (%p): attempted to be registered with empty name!', kobj)
    warn(machine(), 'kobject-empty-name', 'lib/kobject.c:219 at kobject_add_internal', text, {
      objects: [kobj],
      rules: ['DM-110'],
    })
    return -EINVAL
  }
  const set = kobj.kset
  if (set) {
    kobj.parent ??= set.kobj
    getKobject(set.kobj, held(kobj, MEMBER))
    set.$members.push(kobj)
  }
  const parent = getKobject(kobj.parent, held(kobj, CHILD))
  const error = createDirectory(kobj)
  if (error === 0) {
    kobj.state_in_sysfs = true
    return 0
  }
  if (set) yield* leaveSet(kobj, set)
  yield* putKobject(parent, held(kobj, CHILD))
  kobj.parent = null
  if (error === -EEXIST)
    say(
      3,
      `kobject: kobject_add_internal failed for ${kobj.name} with -EEXIST, don't try to register things with the same name in the same directory.`,
    )
  else
    say(
      3,
      `kobject: kobject_add_internal failed for ${kobj.name} (error: ${error} parent: ${parent?.name ?? "'none'"})`,
    )
  return error
}

function createDirectory(kobj: kobject): number {
  const tree = sysfs(machine())
  const above = kobj.parent ? kobj.parent.$directory : tree.root
  if (!above) return -ENOENT
  const directory = tree.createDirectory(above, kobj.name!, hidden(kobj).$parent ?? kobj)
  if (!directory) return -EEXIST
  kobj.$directory = directory
  const groups = kobj.ktype?.default_groups
  return groups ? createGroups(kobj, groups) : 0
}

function* leaveSet(kobj: kobject, set: kset): Sim {
  const at = set.$members.indexOf(kobj)
  if (at >= 0) set.$members.splice(at, 1)
  yield* putKobject(set.kobj, held(kobj, MEMBER))
}

/** DM-111: out of sysfs, and the parent's reference is given back here and now. */
export function* deleteKobject(kobj: kobject | null): Sim {
  if (!kobj) return
  const { parent } = kobj
  yield* unlinkKobject(kobj)
  yield* putKobject(parent, held(kobj, CHILD))
}

function* unlinkKobject(kobj: kobject): Sim {
  const groups = kobj.ktype?.default_groups
  if (groups) yield* removeGroups(kobj, groups)
  if (kobj.state_add_uevent_sent && !kobj.state_remove_uevent_sent) sendUevent(kobj, 'remove')
  if (kobj.$directory) yield* removeDirectory(kobj.$directory)
  kobj.$directory = null
  kobj.state_in_sysfs = false
  const set = kobj.kset
  if (set) yield* leaveSet(kobj, set)
  kobj.parent = null
}

/** Complains about a count that was never started; the count itself shows the rest (DM-110). */
function checkInitialised(kobj: kobject, name: string): void {
  if (kobj.state_initialized) return
  const text = print(
    "kobject: '%s' (%p): is not initialized, yet %s() is being called.",
    kobj.name,
    kobj,
    name,
  )
  warn(machine(), 'kobject-not-initialised', `lib/kobject.c at ${name}`, text, {
    rules: ['DM-110'],
  })
}

export function getKobject(kobj: kobject | null, owner?: RefOwner): kobject | null {
  if (!kobj) return null
  checkInitialised(kobj, 'kobject_get')
  refGet(kobj.kref, owner)
  return kobj
}

/** Null when the kobject is already on its way out. */
export function getKobjectUnlessZero(
  kobj: kobject | null,
  owner?: RefOwner,
): kobject | null {
  if (!kobj || refRead(kobj.kref) === 0) return null
  refGet(kobj.kref, owner)
  return kobj
}

export function* putKobject(kobj: kobject | null, giver?: RefGiver): Sim {
  if (!kobj) return
  checkInitialised(kobj, 'kobject_put')
  if (!refPut(kobj.kref, giver)) return
  if (kobjectDebug(machine()).delayRelease) releaseLater(kobj)
  else yield* step('kobject_put', cleanUp(kobj))
}

/** One to four seconds later, in a worker: who frees at unregistering is found out (DM-08). */
function releaseLater(kobj: kobject): void {
  const m = machine()
  const delay = m.hz + m.hz * (m.nextRandom() % 4)
  const format = "kobject: '%s' (%p): kobject_release, parent %p (delayed %d)"
  say(6, print(format, kobj.name, kobj, kobj.parent, delay))
  const later = new delayed_work()
  initDelayedWork(later, (() => cleanUp(kobj)) as unknown as work_func_t)
  queueDelayedWorkOn(null, workqueues(m).system('system_percpu_wq'), later, delay)
}

/** DM-08, DM-09: the directory goes before the release function runs, the parent after it. */
function* cleanUp(kobj: kobject): Sim {
  yield point(putKobject, kobj)
  let parent: kobject | null = null
  if (kobj.state_in_sysfs) {
    parent = kobj.parent
    yield* unlinkKobject(kobj)
  }
  const release = kobj.ktype?.release
  const child = held(kobj, CHILD)
  if (release) yield* call(() => release(kobj))
  yield* putKobject(parent, child)
}
