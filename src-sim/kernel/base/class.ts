import { machine } from '../../engine/current'
import { hidden } from '../../engine/object'
import { service } from '../../engine/service'
import { call, type Sim } from '../../engine/suspend'
import type { RefOwner } from '../locking/ref-ledger'
import { createGroups, removeGroups } from './attributes'
import { makeSet } from './bus'
import { getDevice, putDevice } from './core'
import type { class_, ClassInterface, device } from './device'
import { KList } from './klist'
import { addInternal, deleteKobject, initKobject, kobject, kset, putKobject } from './kobject'
import { sysfs } from './sysfs'

/** Classes: how devices are grouped for user space. */
class Classes {
  readonly set: kset = makeSet('class', '/class')
  /** Directories between a parent and its devices of one class, by path. */
  readonly glue = new Map<string, kobject>()
}

const listed = (cls: class_): RefOwner => ({ holder: cls, why: 'list of the class' })

const classes = service(() => new Classes())

export function* registerClass(cls: class_): Sim<number> {
  const set = new kset()
  initKobject(set.kobj, null)
  set.kobj.name = cls.name
  set.kobj.kset = classes(machine()).set
  const error = yield* addInternal(set.kobj)
  if (error) return error
  cls.$private = {
    set,
    devices: new KList<device>((dev) => putDevice(dev, listed(cls))),
    interfaces: [],
  }
  hidden(set.kobj).$parent = cls
  return cls.class_groups ? createGroups(set.kobj, cls.class_groups) : 0
}

export function* unregisterClass(cls: class_): Sim {
  const own = cls.$private
  if (!own) return
  if (cls.class_groups) yield* removeGroups(own.set.kobj, cls.class_groups)
  yield* deleteKobject(own.set.kobj)
  cls.$private = null
  yield* putKobject(own.set.kobj)
}

/** The directory that devices of a class get below a parent that is of no class. */
export function classParentDirectory(cls: class_, parent: device | null): kobject {
  const { glue } = classes(machine())
  const above = parent?.kobj.$directory
  const path = above ? `${above.path}/${cls.name}` : `/devices/virtual/${cls.name}`
  const known = glue.get(path)
  if (known && known.$directory && !known.$directory.removed) return known
  const kobj = new kobject()
  initKobject(kobj, null)
  kobj.name = cls.name
  kobj.state_in_sysfs = true
  kobj.$directory = sysfs(machine()).ensureDirectory(path)
  glue.set(path, kobj)
  return kobj
}

/** Links make a device findable under its class; the list is what class code walks. */
export function addToClass(dev: device, what: 'links'): void
export function addToClass(dev: device, what: 'list'): Sim
export function addToClass(dev: device, what: 'links' | 'list'): void | Sim {
  const own = dev.class?.$private
  if (what === 'list') return join(dev)
  if (!own) return
  const tree = sysfs(machine())
  tree.createLink(own.set.kobj.$directory!, dev.$label, dev.kobj.$directory!)
  tree.createLink(dev.kobj.$directory!, 'subsystem', own.set.kobj.$directory!)
  return undefined
}

function* join(dev: device): Sim {
  const own = dev.class?.$private
  if (!own) return
  own.devices.add(getDevice(dev, listed(dev.class!))!)
  for (const { add_dev } of own.interfaces) if (add_dev) yield* call(() => add_dev(dev))
}

export function leaveClass(dev: device, what: 'links'): void
export function leaveClass(dev: device, what: 'list'): Sim
export function leaveClass(dev: device, what: 'links' | 'list'): void | Sim {
  const own = dev.class?.$private
  if (what === 'list') return leave(dev)
  if (!own) return
  sysfs(machine()).removeLink(own.set.kobj.$directory!, dev.$label)
  if (dev.kobj.$directory) sysfs(machine()).removeLink(dev.kobj.$directory, 'subsystem')
  return undefined
}

function* leave(dev: device): Sim {
  const own = dev.class?.$private
  if (!own) return
  for (const { remove_dev } of own.interfaces) if (remove_dev) yield* call(() => remove_dev(dev))
  yield* own.devices.delete(dev)
}

export function* registerInterface(i: ClassInterface): Sim<number> {
  const own = i.class?.$private
  if (!own) return -19
  own.interfaces.push(i)
  const add = i.add_dev
  if (add)
    yield* own.devices.each(function* (dev) {
      yield* call(() => add(dev))
      return 0
    })
  return 0
}

export function* unregisterInterface(i: ClassInterface): Sim {
  const own = i.class?.$private
  if (!own) return
  own.interfaces.splice(own.interfaces.indexOf(i), 1)
  const remove = i.remove_dev
  if (remove)
    yield* own.devices.each(function* (dev) {
      yield* call(() => remove(dev))
      return 0
    })
}

export function* forEachClassDevice(cls: class_, visit: (dev: device) => Sim<number>): Sim<number> {
  return cls.$private ? yield* cls.$private.devices.each(visit) : -22
}
