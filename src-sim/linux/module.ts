import { machine } from '../engine/current'
import { quiet } from '../kernel/api'
import { live } from '../kernel/live'
import {
  MODULE_STATES,
  module,
  moduleGet,
  modulePut,
  modules,
  tryModuleGet,
  useSymbol,
} from '../kernel/base/module'
import {
  callbackParameter,
  plainParameter,
  type kernel_param_ops,
} from '../kernel/base/module-params'
import { exitCurrentKthread } from '../kernel/sched/kthread'
import type { notifier_block } from '../kernel/base/notifier'
import { kernelCall } from '../kernel/api'
import { ptr } from './types'

/** Brought along, as by the C header. */
export * from './cleanup'
export * from './compiler'
export * from './err'
export * from './errno'
export * from './init'
export * from './kernel'
export * from './kobject'
export * from './list'
export * from './percpu'
export * from './slab'
export * from './srcu'
export * from './string'

/**
 * Modules: `linux/module`. Text and static data die when the module is unloaded, whoever still
 * holds a pointer: a count taken with `try_module_get` refuses the unloading, a bound driver, a
 * queued work or an armed timer does not.
 */
export { module }
export * from './module/more'
export type { kernel_param_ops } from '../kernel/base/module-params'

/** Runs when the module is loaded; a negative answer unloads it again. */
export const module_init = quiet(function module_init(init: () => number | void): void {
  const loading = modules(machine()).loading
  if (loading) loading.$init = init
})

/** Runs when the module is unloaded. A module without one cannot be unloaded. */
export const module_exit = quiet(function module_exit(exit: () => void): void {
  const loading = modules(machine()).loading
  if (loading) loading.$exit = exit
})

/** The module whose code this is: `owner: THIS_MODULE`. */
export const THIS_MODULE: module = live(() => modules(machine()).current as module)

/** Pins a module's text; false when it is being unloaded. Any context. Pair: `module_put`. */
export function try_module_get(mod: module | null): boolean {
  return tryModuleGet(mod)
}
/** Pins without a look at the state: only for those who have a reference already. */
export function __module_get(mod: module | null): void {
  moduleGet(mod)
}
export function module_put(mod: module | null): void {
  modulePut(mod)
}

/** How many pin the module now: 1 inside init, -1 inside exit (DM-55). */
export const module_refcount = quiet(function module_refcount(mod: module): number {
  return mod.$refcount - 1
})
export const module_name = quiet(function module_name(mod: module | null): string {
  return mod ? mod.name : 'kernel'
})
export const module_is_live = quiet(function module_is_live(mod: module): boolean {
  return mod.state !== 'GOING'
})

/**
 * A knob that is set when the module is loaded (`insmod('driver', 'debug=1')`) and, with a mode,
 * through /sys/module: `const debug = module_param('debug', 0, 0o644)`, then `debug.value`.
 */
export const module_param = quiet(function module_param<T extends number | boolean | string>(
  name: string,
  value: T,
  mode: number,
): ptr<T> {
  const box = ptr<T>(value)
  modules(machine()).loading?.$parameters.push(plainParameter(name, box as ptr<number>, mode))
  return box
})

/** As `module_param`, with functions of your own that set and read it. */
export const module_param_cb = quiet(function module_param_cb(
  name: string,
  ops: kernel_param_ops,
  arg: unknown,
  mode: number,
): void {
  modules(machine()).loading?.$parameters.push(callbackParameter(name, ops, arg, mode))
})

/** Offers a function of this module to others under its name. */
export const EXPORT_SYMBOL = quiet(function EXPORT_SYMBOL(
  symbol: (...args: never[]) => unknown,
): void {
  modules(machine()).loading?.$exports.set(symbol.name, symbol)
})
export const EXPORT_SYMBOL_GPL = EXPORT_SYMBOL

/**
 * What another module exports under a name; it is pinned. Null when nobody does. Pair:
 * `symbol_put`.
 */
export const symbol_get = kernelCall('symbol_get', function <T>(name: string): T | null {
  return useSymbol(null, name) as T | null
}) as <T>(name: string) => T | null
export function symbol_put(name: string): void {
  for (const mod of modules(machine()).loaded.values()) if (mod.$exports.has(name)) modulePut(mod)
}

export const MODULE_STATE_LIVE = MODULE_STATES.LIVE
export const MODULE_STATE_COMING = MODULE_STATES.COMING
export const MODULE_STATE_GOING = MODULE_STATES.GOING
/** Tells `nb` when modules come and go. 0 or -errno. */
export function register_module_notifier(nb: notifier_block): number {
  return modules(machine()).notifiers.register(nb)
}
export const unregister_module_notifier = kernelCall(
  'unregister_module_notifier',
  (nb: notifier_block) => modules(machine()).notifiers.unregister(nb),
)

const says = (name: string): ((...args: unknown[]) => void) => {
  const f = (): void => {}
  Object.defineProperty(f, 'name', { value: name })
  return quiet(f)
}
export const MODULE_LICENSE = says('MODULE_LICENSE')
export const MODULE_AUTHOR = says('MODULE_AUTHOR')
export const MODULE_DESCRIPTION = says('MODULE_DESCRIPTION')
export const MODULE_VERSION = says('MODULE_VERSION')
export const MODULE_ALIAS = says('MODULE_ALIAS')
export const MODULE_PARM_DESC = says('MODULE_PARM_DESC')
export const MODULE_DEVICE_TABLE = says('MODULE_DEVICE_TABLE')
export const MODULE_FIRMWARE = says('MODULE_FIRMWARE')
export const MODULE_IMPORT_NS = says('MODULE_IMPORT_NS')

/** Gives back the reference of the module that calls, and ends the running kernel thread. */
export const module_put_and_kthread_exit = kernelCall(
  'module_put_and_kthread_exit',
  (code: number): never => {
    modulePut(modules(machine()).current)
    return exitCurrentKthread(code)
  },
)
