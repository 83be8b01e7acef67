import { machine } from '../../engine/current'
import { kernelCall, quiet } from '../../kernel/api'
import type { Bound, Device } from '../../kernel/rust/device'
import {
  devresGeneration, devresRegister, type DevresGeneration,
} from '../../kernel/rust/devres'

/** Values that belong to a binding: `rust/devres`. */
export { Devres } from '../../kernel/rust/devres'
export type { DevresGeneration } from '../../kernel/rust/devres'

/**
 * Gives a value to the device, which drops it when it loses its driver: after the driver's data,
 * newest first among all that devres holds. Throws ENOMEM. May sleep.
 */
export const register: (dev: Device<Bound>, value: unknown) => void = kernelCall(
  'devres::register', devresRegister as never,
)

/**
 * Chooses how `Devres` settled the race of drop and unbind at a certain time. This is the
 * lab's, not Rust's: to be called before the driver is loaded.
 */
export const use_devres_generation = quiet((generation: DevresGeneration): void => {
  devresGeneration(machine()).value = generation
})
