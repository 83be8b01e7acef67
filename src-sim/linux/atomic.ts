/** Brought along, as by the C header. */
export * from './compiler'
export * from './types'

/**
 * Atomic counters and single words: `linux/atomic`. Each call is one indivisible step, in any
 * context. Calls that answer a value (other than a plain read) order everything around them.
 */
export * from './atomic/base'
export * from './atomic/base64'
export * from './atomic/long'
export * from './atomic/orders'
export * from './atomic/orders64'
export * from './atomic/words'
export * from './barrier'
