import { machine } from '../engine/current'
import { quiet } from '../kernel/api'
import { module, moduleGet, modulePut, modules, tryModuleGet } from '../kernel/base/module'

/**
 * Modules: `linux/module`. Text and static data die when the module is unloaded, whoever still
 * holds a pointer: a count taken with `try_module_get` refuses the unloading, a bound driver, a
 * queued work or an armed timer does not.
 */
export { module }

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

/** The module whose file this is: for `.owner`, at the top level of a file. */
export const THIS_MODULE = quiet(function THIS_MODULE(): module | null {
  return modules(machine()).loading
})

/** Pins a module's text; false when it is being unloaded. Any context. Pair: `module_put`. */
export function try_module_get(mod: module | null): boolean {
  return tryModuleGet(mod)
}
export function __module_get(mod: module | null): void {
  moduleGet(mod)
}
export function module_put(mod: module | null): void {
  modulePut(mod)
}

/** How many pin the module now. */
export const module_refcount = quiet(function module_refcount(mod: module): number {
  return mod.$refcount - 1
})

export const MODULE_LICENSE = quiet(function MODULE_LICENSE(_license: string): void {})
export const MODULE_AUTHOR = quiet(function MODULE_AUTHOR(_author: string): void {})
export const MODULE_DESCRIPTION = quiet(function MODULE_DESCRIPTION(_text: string): void {})
export const MODULE_DEVICE_TABLE = quiet(function MODULE_DEVICE_TABLE(_type: string, _table: unknown): void {})
