import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { call, point, type Sim } from '../../engine/suspend'
import { EBUSY, EINVAL, ENODEV, ENOMEM } from '../errno'
import { named } from '../api'
import { registerDevice, unregisterDevice } from '../base/core'
import { registerClass } from '../base/class'
import { setKobjectName } from '../base/kobject'
import { class_, device } from '../base/device'
import { tryModuleGet } from '../base/module'
import type { attribute_group } from '../base/attributes'
import { defineMutex, mutexLock, mutexUnlock } from '../locking/mutex'
import { faultInjection } from '../mm/fault-injection'
import { memoryAccess } from '../mm/watch'
import { kernelLog } from '../printk/log'
import { warn } from '../printk/warn'
import { cdev, initCdev, mapCdev, MINORS, registerRegion } from './cdev'
import { fopsOf, replaceOps, type file, type file_operations, type inode } from './file'

export const MISC_MAJOR = 10
export const MISC_DYNAMIC_MINOR = 255

/** A simple character device: a name, operations, and a node in /dev. */
export class miscdevice extends KernelObject {
  minor = MISC_DYNAMIC_MINOR
  name = ''
  fops: file_operations | null = null
  parent: device | null = null
  this_device: device | null = null
  groups: readonly attribute_group[] | null = null
  nodename: string | null = null
  mode = 0o600
  /** @internal Its place on the list; null in a structure that was never registered. */
  $links: { linked: boolean } | null = null

  constructor(init?: MiscInit) {
    super()
    if (init) Object.assign(this, init)
  }
}

export type MiscInit = Partial<
  Pick<miscdevice, 'minor' | 'name' | 'fops' | 'parent' | 'groups' | 'nodename' | 'mode'>
>

/** The misc core: one list, one mutex that open, register and deregister share (DM-77). */
class MiscCore {
  readonly list: miscdevice[] = []
  readonly major = new cdev()
  readonly class = new class_({ name: 'misc' })
  readonly minors = new Set<number>()
  readonly mutex = defineMutex('misc_mtx')

  constructor() {
    const m = machine()
    const ops = { open: named('misc_open', miscOpen) as unknown as file_operations['open'] }
    initCdev(this.major, ops)
    this.major.kobj.name = 'misc'
    registerRegion(MISC_MAJOR * MINORS, 0x10000, 'misc')
    m.runtime.atomic(registerClass(this.class))
    this.class.devnode = (dev) => (dev.driver_data as miscdevice | null)?.nodename ?? null
    mapCdev(this.major, MISC_MAJOR * MINORS, 0x1000)
  }
}

const miscCore = service(() => new MiscCore())

function* lock(core: MiscCore): Sim {
  const wait = mutexLock(core.mutex)
  if (typeof wait !== 'number') yield* wait
}

/** The misc major's open: swaps in the driver's operations, pinning their owner. */
function* miscOpen(node: inode, f: file): Sim<number> {
  const core = miscCore(machine())
  yield* lock(core)
  const ret = yield* openLocked(core, node, f)
  mutexUnlock(core.mutex)
  return ret
}

function* openLocked(core: MiscCore, node: inode, f: file): Sim<number> {
  const misc = find(core, node.i_rdev % MINORS)
  const ops = misc?.fops
  if (ops) memoryAccess(machine()).touch(ops, 'owner', false)
  if (!misc || !ops || !tryModuleGet(ops.owner ?? null, fopsOf(f))) return -ENODEV
  f.private_data = misc
  replaceOps(f, ops)
  const { open } = ops
  return Number((open ? yield* call(() => open(node, f)) : 0) ?? 0)
}

/** Walks the list as the kernel does: each entry's memory is looked at. */
function find(core: MiscCore, minor: number): miscdevice | undefined {
  const memory = memoryAccess(machine())
  return core.list.find((m) => {
    memory.touch(m, 'minor', false)
    return m.minor === minor
  })
}

/** DM-76: a minor, or -errno. */
function takeMinor(core: MiscCore, misc: miscdevice): number {
  if (misc.minor !== MISC_DYNAMIC_MINOR) {
    if (misc.minor > MISC_DYNAMIC_MINOR) {
      kernelLog(machine()).print(
        3,
        `Invalid fixed minor ${misc.minor} for miscdevice '${misc.name}'\n`,
      )
      return -EINVAL
    }
    if (core.minors.has(misc.minor)) return -EBUSY
    core.minors.add(misc.minor)
    return misc.minor
  }
  for (let minor = MISC_DYNAMIC_MINOR + 1; minor < 0x1000; minor++) {
    if (core.minors.has(minor)) continue
    core.minors.add(minor)
    return minor
  }
  return -EBUSY
}

function freeMinor(core: MiscCore, minor: number): void {
  if (core.minors.delete(minor)) return
  const text = `ida_free called for id=${minor} which is not allocated.`
  warn(machine(), 'ida-free', 'lib/idr.c at ida_free', text, { rules: ['DM-76'] })
}

export function* registerMisc(misc: miscdevice): Sim<number> {
  if (faultInjection(machine()).shouldFail('misc_register')) return -ENOMEM
  const core = miscCore(machine())
  yield* lock(core)
  const ret = yield* registerLocked(core, misc)
  mutexUnlock(core.mutex)
  return ret
}

function* registerLocked(core: MiscCore, misc: miscdevice): Sim<number> {
  const dynamic = misc.minor === MISC_DYNAMIC_MINOR
  const minor = takeMinor(core, misc)
  if (minor < 0) return minor
  misc.minor = minor
  const dev = new device()
  setKobjectName(dev.kobj, misc.name)
  dev.parent = misc.parent ?? null
  dev.class = core.class
  dev.release = () => {}
  dev.groups = misc.groups ?? null
  dev.driver_data = misc
  dev.devt = MISC_MAJOR * MINORS + minor
  const error = yield* registerDevice(dev)
  if (error) {
    freeMinor(core, minor)
    if (dynamic) misc.minor = MISC_DYNAMIC_MINOR
    return error
  }
  misc.this_device = dev
  core.list.unshift(misc)
  misc.$links = { linked: true }
  return 0
}

/** New opens fail afterwards; files that are open stay open (DM-77). */
export function* deregisterMisc(misc: miscdevice): Sim {
  const core = miscCore(machine())
  yield* lock(core)
  yield point(deregisterMisc, misc)
  misc.$links!.linked = false
  const at = core.list.indexOf(misc)
  if (at >= 0) core.list.splice(at, 1)
  const dev = misc.this_device
  if (dev) yield* unregisterDevice(dev)
  misc.this_device = null
  freeMinor(core, misc.minor)
  if (misc.minor > MISC_DYNAMIC_MINOR) misc.minor = MISC_DYNAMIC_MINOR
  mutexUnlock(core.mutex)
}
