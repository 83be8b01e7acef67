import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { module_request } from '../../trace/events'
import { kernelCall, quiet } from '../../kernel/api'
import { emit } from '../../kernel/emit'
import { loadModule, module, modules } from '../../kernel/base/module'
import { arrayParameter, plainParameter } from '../../kernel/base/module-params'
import { vsprintf } from '../../kernel/printk/format'
import { live } from '../../kernel/live'
import { EEXIST } from '../errno'
import { ptr } from '../types'
import { EXPORT_SYMBOL, module_init, module_param, symbol_get } from '../module'

/** Less common things about modules. Part of `linux/module`. */

/** The name of the module whose code this is. */
export const KBUILD_MODNAME: string = live(() => modules(machine()).current?.name ?? 'kernel')

type Knob = number | boolean | string

/** As `module_param`: the name of the knob need not be that of a variable here. */
export const module_param_named = quiet(function module_param_named<T extends Knob>(
  name: string, value: T, mode: number,
): ptr<T> {
  return module_param(name, value, mode)
})
export const module_param_named_unsafe = module_param_named
export const module_param_unsafe = module_param_named
export const core_param = module_param_named

/**
 * A knob that takes a list, `ports=1,2,3`, of at most as many values as `initial` has; how many
 * were given goes to `*nump`.
 */
export const module_param_array = quiet(function module_param_array(
  name: string,
  initial: readonly number[],
  nump: ptr<number> | null,
  mode: number,
): ptr<number[]> {
  const box = ptr<number[]>([...initial])
  modules(machine()).loading?.$parameters.push(arrayParameter(name, box, nump, mode))
  return box
})
export const module_param_array_named = module_param_array
/** A text of at most `len - 1` characters. */
export const module_param_string = quiet(function module_param_string(
  name: string,
  initial: string,
  len: number,
  mode: number,
): ptr<string> {
  const box = ptr<string>(initial)
  modules(machine()).loading?.$parameters.push(plainParameter(name, box as never, mode, len))
  return box
})

/** A loaded module by its name, not pinned; null when there is none. */
export function find_module(name: string): module | null {
  return modules(machine()).loaded.get(name) ?? null
}

const EXIT_FAILURE = 256

function* request(name: string): Sim<number> {
  emit(module_request, name, true, null)
  const all = modules(machine())
  if (all.isLoaded(name)) return 0
  const ret = yield* loadModule(machine(), name)
  return ret === 0 || ret === -EEXIST ? 0 : EXIT_FAILURE
}
/** Has user space load a module: 0, or what `modprobe` answered. May sleep. */
export const request_module = kernelCall('request_module', (fmt: string, ...args: unknown[]) =>
  request(vsprintf(machine(), fmt, args)),
)
/** The same without waiting for it. 0. */
export const request_module_nowait = request_module
/** `x`, or what `find` answers after the module was loaded. May sleep. */
export const try_then_request_module = kernelCall(
  'try_then_request_module',
  function* <T>(find: () => T, fmt: string, ...args: unknown[]): Sim<T> {
    const found = (yield* call(find)) as T
    if (found) return found
    yield* request(vsprintf(machine(), fmt, args))
    return (yield* call(find)) as T
  },
) as <T>(find: () => T, fmt: string, ...args: unknown[]) => T
/** `symbol_get`, with the module loaded when nobody exports it yet. May sleep. */
export const symbol_request = kernelCall(
  'symbol_request',
  function* <T>(name: string): Sim<T | null> {
    const found = symbol_get<T>(name)
    if (found) return found
    yield* request(`symbol:${name}`)
    return symbol_get<T>(name)
  },
) as <T>(name: string) => T | null

/** As `EXPORT_SYMBOL`; name spaces are not checked. */
export const EXPORT_SYMBOL_NS = quiet(
  (symbol: (...args: never[]) => unknown, _ns: string): void => EXPORT_SYMBOL(symbol),
)
export const EXPORT_SYMBOL_NS_GPL = EXPORT_SYMBOL_NS
const says = (): ((...args: unknown[]) => void) => quiet(() => {})
export const MODULE_INFO = says()
export const MODULE_SOFTDEP = says()
export const MODULE_WEAKDEP = says()
export const MODULE_ALIAS_MISCDEV = says()
export const MODULE_ALIAS_CHARDEV = says()
export const MODULE_ALIAS_CHARDEV_MAJOR = says()

/** In a module all of these are `module_init`. */
export const device_initcall = quiet((init: () => number | void): void => module_init(init))
export const early_initcall = device_initcall
export const core_initcall = device_initcall
export const postcore_initcall = device_initcall
export const arch_initcall = device_initcall
export const subsys_initcall = device_initcall
export const fs_initcall = device_initcall
export const rootfs_initcall = device_initcall
export const late_initcall = device_initcall
export const late_initcall_sync = device_initcall
