import { call } from '../../engine/suspend'
import { module_exit, module_init } from '../module'

/**
 * `module_driver(drv, register, unregister)`: a module whose init registers one driver and whose
 * exit unregisters it.
 */
export function module_driver<T>(
  drv: T,
  register: (drv: T, ...more: any[]) => number,
  unregister: (drv: T, ...more: any[]) => void,
  ...more: unknown[]
): void {
  module_init((() => call(() => register(drv, ...more))) as unknown as () => number)
  module_exit((() => call(() => unregister(drv, ...more))) as unknown as () => void)
}
/** The same for drivers that cannot be unloaded. */
export function builtin_driver<T>(
  drv: T,
  register: (drv: T, ...more: any[]) => number,
  ...more: unknown[]
): void {
  module_init((() => call(() => register(drv, ...more))) as unknown as () => number)
}
