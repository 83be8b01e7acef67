import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { EEXIST, EINVAL } from '../errno'
import { getDevice, putDevice } from './core'
import type { device } from './device'
import { getKobject, putKobject, type kobject } from './kobject'
import { sysfs } from './sysfs'
import { sendUevent } from './uevent'

/** Puts a kobject and all below it under another parent: 0 or -errno. User space hears of it. */
export function* moveKobject(kobj: kobject, parent: kobject | null): Sim<number> {
  const directory = kobj.$directory
  if (!directory || !kobj.parent) return -EINVAL
  const above = parent ? parent.$directory : sysfs(machine()).ensureDirectory('/devices')
  if (!above) return -EINVAL
  if (above.entries.has(directory.name)) return -EEXIST
  const old = directory.path
  directory.parent?.entries.delete(directory.name)
  directory.parent = above
  above.entries.set(directory.name, directory)
  const before = kobj.parent
  kobj.parent = getKobject(parent, { holder: kobj, why: 'child' })
  sendUevent(kobj, 'move', [`DEVPATH_OLD=${old}`])
  yield* putKobject(before, { holder: kobj, why: 'child' })
  return 0
}

/** Puts a registered device under another one, or under none. 0 or -errno. */
export function* moveDevice(dev: device, parent: device | null): Sim<number> {
  const child = { holder: dev, why: 'child' }
  const taken = getDevice(parent, child)
  const error = yield* moveKobject(dev.kobj, parent?.kobj ?? null)
  if (error) {
    yield* putDevice(taken, child)
    return error
  }
  const { parent: old } = dev
  if (old?.$private) yield* old.$private.children.delete(dev)
  dev.parent = parent
  if (parent?.$private) {
    getDevice(dev, { holder: parent, why: 'list of children' })
    parent.$private.children.add(dev)
  }
  yield* putDevice(old, child)
  return 0
}
