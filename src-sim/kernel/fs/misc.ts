import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { call, point, type Sim } from '../../engine/suspend'
import { EBUSY, EINVAL, ENODEV } from '../errno'
import { addDevice, initializeDevice, initKobject, unregisterDevice } from '../base/core'
import { class_, device, kobject } from '../base/device'
import { modulePut, tryModuleGet } from '../base/module'
import { WaitList } from '../sched/schedule'
import { cdev, charDevices, makeNode, removeNode, type file, type file_operations, type inode } from './file'

export const MISC_MAJOR = 10
export const MISC_DYNAMIC_MINOR = 255

/** A simple character device: a name, operations, and a node in /dev. */
export class miscdevice extends KernelObject {
  minor = MISC_DYNAMIC_MINOR
  name = ''
  fops: file_operations | null = null
  parent: device | null = null
  this_device: device | null = null
  mode = 0o600
}

/** The misc core: one list, one mutex that open, register and deregister share. */
class MiscCore {
  readonly list: miscdevice[] = []
  readonly major: cdev
  readonly class = new class_()
  locked = false
  readonly waiters = new WaitList()
  nextMinor = 128

  constructor() {
    const kobj = new kobject()
    initKobject(kobj)
    this.major = new cdev(kobj)
    this.major.ops = { open: miscOpen as unknown as (i: inode, f: file) => number }
    this.class.name = 'misc'
  }
}

const miscCore = service(() => new MiscCore())

function* lock(core: MiscCore): Sim {
  while (core.locked) yield* core.waiters.waitUntil(() => !core.locked, core.major, 'misc_mtx')
  core.locked = true
}

function unlock(core: MiscCore): void {
  core.locked = false
  core.waiters.wakeAll()
}

/** The misc major's open: swaps in the driver's operations, pinning their owner (DM-75). */
function* miscOpen(node: inode, f: file): Sim<number> {
  const core = miscCore(machine())
  yield* lock(core)
  const minor = node.i_rdev & 0xfffff
  const misc = core.list.find((m) => m.minor === minor)
  const ops = misc?.fops
  if (!misc || !ops || !tryModuleGet(ops.owner ?? null)) {
    unlock(core)
    return -ENODEV
  }
  f.private_data = misc
  modulePut(f.f_op?.owner ?? null)
  f.f_op = ops
  const open = ops.open
  const ret = open ? yield* call(() => open(node, f)) : 0
  unlock(core)
  return ret
}

export function* registerMisc(misc: miscdevice): Sim<number> {
  const core = miscCore(machine())
  if (misc.name === '') return -EINVAL
  yield* lock(core)
  if (misc.minor === MISC_DYNAMIC_MINOR) misc.minor = core.nextMinor++
  else if (core.list.some((m) => m.minor === misc.minor)) {
    unlock(core)
    return -EBUSY
  }
  const dev = new device()
  dev.kobj.name = misc.name
  dev.parent = misc.parent
  dev.class = core.class
  dev.release = () => {}
  initializeDevice(dev)
  const rdev = MISC_MAJOR * 0x100000 + misc.minor
  dev.devt = rdev
  charDevices(machine()).map.set(rdev, core.major)
  makeNode(`/dev/${misc.name}`, rdev)
  const ret = yield* addDevice(dev)
  if (ret) {
    removeNode(`/dev/${misc.name}`)
    unlock(core)
    return ret
  }
  misc.this_device = dev
  core.list.push(misc)
  unlock(core)
  return 0
}

/** New opens fail afterwards; files that are open stay open (DM-77). */
export function* deregisterMisc(misc: miscdevice): Sim {
  const core = miscCore(machine())
  yield* lock(core)
  yield point(deregisterMisc, misc)
  const at = core.list.indexOf(misc)
  if (at >= 0) core.list.splice(at, 1)
  removeNode(`/dev/${misc.name}`)
  const dev = misc.this_device
  misc.this_device = null
  if (dev) yield* unregisterDevice(dev)
  unlock(core)
}
