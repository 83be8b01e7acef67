import { kernelCall, quiet } from '../kernel/api'
import type { Sim } from '../engine/suspend'
import { countKey, keyIsOn, setKey, static_key } from '../kernel/locking/static-key'

/** Brought along, as by the C header. */
export * from './compiler'
export * from './types'

/**
 * Static keys: `linux/jump_label`. Branches on a switch that costs nothing while it does not
 * change. A key is a flag (`static_branch_enable`) or a count of users (`static_branch_inc`), not
 * both.
 */
export { static_key }
export class static_key_true extends static_key {
  constructor(name = '') {
    super(1, name)
  }
}
export class static_key_false extends static_key {
  constructor(name = '') {
    super(0, name)
  }
}

export const DEFINE_STATIC_KEY_TRUE = quiet((name = ''): static_key_true => new static_key_true(name))
export const DEFINE_STATIC_KEY_FALSE = quiet((name = ''): static_key_false => new static_key_false(name))
export const DEFINE_STATIC_KEY_TRUE_RO = DEFINE_STATIC_KEY_TRUE
export const DEFINE_STATIC_KEY_FALSE_RO = DEFINE_STATIC_KEY_FALSE
export const STATIC_KEY_INIT_TRUE = quiet((): static_key => new static_key(1))
export const STATIC_KEY_INIT_FALSE = quiet((): static_key => new static_key(0))

/** Whether the key is on, where that is the likely (unlikely) case. Any context. */
export const static_branch_likely = kernelCall('static_branch_likely', keyIsOn)
export const static_branch_unlikely = kernelCall('static_branch_unlikely', keyIsOn)
export const static_key_enabled = kernelCall('static_key_enabled', keyIsOn)
/** How many users have turned it on. */
export const static_key_count = kernelCall('static_key_count', (key: static_key): number => key.enabled)

/** Turns the key on (off), if it is not. May sleep. */
export const static_branch_enable = kernelCall('static_branch_enable', (key: static_key): Sim =>
  setKey(key, true),
)
export const static_branch_disable = kernelCall('static_branch_disable', (key: static_key): Sim =>
  setKey(key, false),
)
export const static_key_enable = static_branch_enable
export const static_key_disable = static_branch_disable
/** One user more (less). May sleep. */
export const static_branch_inc = kernelCall('static_branch_inc', (key: static_key): Sim =>
  countKey(key, 1),
)
export const static_branch_dec = kernelCall('static_branch_dec', (key: static_key): Sim =>
  countKey(key, -1),
)
export const static_key_slow_inc = static_branch_inc
export const static_key_slow_dec = static_branch_dec
