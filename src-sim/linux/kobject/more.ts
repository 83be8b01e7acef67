import { machine } from '../../engine/current'
import { hidden } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { kernelCall, quiet } from '../../kernel/api'
import * as k from '../../kernel/base/kobject'
import type { kobj_type, kobject, kset } from '../../kernel/base/kobject'
import { moveKobject } from '../../kernel/base/move'
import { rename } from '../../kernel/base/rename'
import { firmwareDirectory, kernelDirectory, powerDirectory } from '../../kernel/base/well-known'
import { live } from '../../kernel/live'
import { sendUevent, synthesizeUevent } from '../../kernel/base/uevent'
import { EINVAL, ENOMEM } from '../errno'

/** Sets, paths and names of kobjects. Part of `linux/kobject`. */

/** /sys/kernel, /sys/firmware and /sys/power: `kobject_create_and_add('demo', kernel_kobj)`. */
export const kernel_kobj: kobject = live(() => kernelDirectory(machine()))
export const firmware_kobj: kobject = live(() => firmwareDirectory(machine()))
export const power_kobj: kobject = live(() => powerDirectory(machine()))

/** Starts a set's count at 1. From here on only `kset_put` ends it. */
export function kset_init(set: kset): void {
  k.initKobject(set.kobj, null)
}
/** `kset_init`, then adds the set under the name of its kobject. 0 or -errno. May sleep. */
export const kset_register = kernelCall('kset_register', function* (set: kset): Sim<number> {
  if (!set) return -EINVAL
  k.initKobject(set.kobj, set.kobj.ktype)
  const error = yield* k.addInternal(set.kobj)
  if (error) return error
  sendUevent(set.kobj, 'add')
  return 0
})
export function kset_get(set: kset | null): kset | null {
  if (set) k.getKobject(set.kobj)
  return set
}
export const kset_put = kernelCall('kset_put', function* (set: kset): Sim {
  yield* k.putKobject(set.kobj)
})
export const to_kset = quiet((kobj: kobject | null): kset | null =>
  kobj ? (hidden(kobj).$parent as kset) : null,
)
/** The member of this name, with a reference, or null. */
export function kset_find_obj(set: kset, name: string): kobject | null {
  return k.getKobjectUnlessZero(set.$members.find((kobj) => kobj.name === name) ?? null)
}
export const get_ktype = quiet((kobj: kobject): kobj_type | null => kobj.ktype)

/** The path below /sys, or null. */
export function kobject_get_path(kobj: kobject, _gfp: number): string | null {
  return kobj.$directory?.path ?? null
}
/** Gives an added kobject another name. 0 or -errno. May sleep. */
export const kobject_rename = kernelCall('kobject_rename', (kobj: kobject, name: string): number =>
  rename(kobj, name),
)
/** Puts an added kobject under another parent. 0 or -errno. May sleep. */
export const kobject_move = kernelCall(
  'kobject_move',
  (kobj: kobject, new_parent: kobject | null): Sim<number> => moveKobject(kobj, new_parent),
)
/** Adds `KEY=value` to what user space is told. 0 or -ENOMEM. */
export function add_uevent_var(env: string[], text: string): number {
  if (env.length >= 64) return -ENOMEM
  env.push(text)
  return 0
}
/** Says by hand what user space is to be told: the text names the action. 0 or -EINVAL. */
export function kobject_synth_uevent(kobj: kobject, buf: string, _count: number): number {
  return synthesizeUevent(kobj, buf)
}
