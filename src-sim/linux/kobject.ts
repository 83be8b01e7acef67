import { machine } from '../engine/current'
import { kernelCall } from '../kernel/api'
import * as k from '../kernel/base/kobject'
import type { kobj_type, kobject, kset } from '../kernel/base/kobject'
import { sendUevent, type UeventAction } from '../kernel/base/uevent'
import { vsprintf } from '../kernel/printk/format'
import { allocate, slab } from '../kernel/mm/slab'
import type { attribute } from '../kernel/base/attributes'
import type { Sim } from '../engine/suspend'

/** Brought along, as by the C header. */
export * from './atomic'
export * from './compiler'
export * from './container_of'
export * from './kref'
export * from './list'
export * from './spinlock'
export * from './sysfs'
export * from './types'
export * from './wait'
export * from './workqueue'

/** Named, counted objects with a directory under /sys: `linux/kobject`. */
export { kobject, kset, type kobj_type } from '../kernel/base/kobject'
export * from './kobject/more'
export type { sysfs_ops } from '../kernel/base/attributes'

/** Starts the count at 1. From here on only `kobject_put` ends the object. Any context. */
export function kobject_init(kobj: kobject, ktype: kobj_type): void {
  k.initKobject(kobj, ktype)
}

function* add(kobj: kobject, parent: kobject | null, fmt: string, ...args: unknown[]): Sim<number> {
  return yield* k.addKobject(kobj, parent, vsprintf(machine(), fmt, args))
}

/** Makes the directory below `parent` (below /sys without one). 0 or -errno. May sleep (DM-110). */
export const kobject_add = kernelCall('kobject_add', add)

/** `kobject_init` and `kobject_add`. After an error: `kobject_put`, never `kfree`. May sleep. */
export const kobject_init_and_add = kernelCall(
  'kobject_init_and_add',
  function* (
    kobj: kobject,
    ktype: kobj_type,
    parent: kobject | null,
    fmt: string,
    ...args: unknown[]
  ): Sim<number> {
    k.initKobject(kobj, ktype)
    return yield* add(kobj, parent, fmt, ...args)
  },
)

/** Takes the object out of sysfs and gives the parent's reference back. May sleep (DM-111). */
export const kobject_del = kernelCall('kobject_del', k.deleteKobject)

/** Takes a reference; null stays null. Pair: `kobject_put`. */
export function kobject_get<T extends kobject | null>(kobj: T): T {
  k.getKobject(kobj)
  return kobj
}

/** Takes a reference unless the count is 0; then null. */
export function kobject_get_unless_zero(kobj: kobject | null): kobject | null {
  return k.getKobjectUnlessZero(kobj)
}

/** Drops a reference; the last one runs the type's release function here and now. May sleep. */
export const kobject_put = kernelCall('kobject_put', k.putKobject)

/** Names an object that has not been added yet; a C format. 0. */
export function kobject_set_name(kobj: kobject, fmt: string, ...args: unknown[]): number {
  k.setKobjectName(kobj, vsprintf(machine(), fmt, args))
  return 0
}
export function kobject_name(kobj: kobject): string {
  return kobj.name ?? ''
}

const DYNAMIC: kobj_type = {
  release: (kobj) => slab(machine()).free(kobj),
  sysfs_ops: {
    show: (kobj, attr, buf) => attr.show(kobj, attr, buf),
    store: (kobj, attr, buf, count) => attr.store(kobj, attr, buf, count),
  },
}

/** An allocated kobject with a directory of its own; null on failure. Pair: `kobject_put`. */
export const kobject_create_and_add = kernelCall(
  'kobject_create_and_add',
  function* (name: string, parent: kobject | null): Sim<kobject | null> {
    const kobj = allocate(k.kobject, true)
    if (!kobj) return null
    k.initKobject(kobj, DYNAMIC)
    if ((yield* k.addKobject(kobj, parent, name)) === 0) return kobj
    yield* k.putKobject(kobj)
    return null
  },
)

/** Tells user space about a change. 0 or -errno. May sleep. */
export function kobject_uevent(kobj: kobject, action: UeventAction): number {
  return sendUevent(kobj, action)
}
/** As `kobject_uevent`, with `KEY=value` lines of your own. */
export function kobject_uevent_env(kobj: kobject, action: UeventAction, envp: string[]): number {
  return sendUevent(kobj, action, envp)
}
export const KOBJ_ADD = 'add'
export const KOBJ_REMOVE = 'remove'
export const KOBJ_CHANGE = 'change'
export const KOBJ_MOVE = 'move'
export const KOBJ_ONLINE = 'online'
export const KOBJ_OFFLINE = 'offline'
export const KOBJ_BIND = 'bind'
export const KOBJ_UNBIND = 'unbind'

/** A set with a directory of its own; null on failure. May sleep. Pair: `kset_unregister`. */
export const kset_create_and_add = kernelCall(
  'kset_create_and_add',
  function* (
    name: string,
    uevent_ops: kset['uevent_ops'],
    parent: kobject | null,
  ): Sim<kset | null> {
    const set = allocate(k.kset, true)
    if (!set) return null
    set.uevent_ops = uevent_ops
    k.initKobject(set.kobj, { release: () => slab(machine()).free(set) })
    if ((yield* k.addKobject(set.kobj, parent, name)) === 0) return set
    yield* k.putKobject(set.kobj)
    return null
  },
)
export const kset_unregister = kernelCall('kset_unregister', function* (set: kset | null): Sim {
  if (!set) return
  yield* k.deleteKobject(set.kobj)
  yield* k.putKobject(set.kobj)
})

/** A file of a kobject whose functions take the kobject. */
export interface kobj_attribute {
  attr: attribute
  show?: ((kobj: kobject, attr: kobj_attribute, buf: Uint8Array) => number) | null
  store?: ((kobj: kobject, attr: kobj_attribute, buf: string, count: number) => number) | null
}
