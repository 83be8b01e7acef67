import { kernelCall } from '../../kernel/api'
import { pinInit, type Initialisers } from '../../kernel/rust/pin-init'

/**
 * In-place making of structures: `rust/init`.
 *
 *   return try_pin_init(Demo, { bar: () => pdev.iomap_region(0, 'demo'), irq: () => ... })
 *
 * Each function makes one field, in order; when one throws, the finished ones are dropped.
 */
export const try_pin_init = kernelCall('try_pin_init', pinInit) as <T extends object>(
  type: new () => T, fields: Initialisers<T>,
) => T
