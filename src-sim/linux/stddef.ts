/** `linux/stddef`. */
export { NULL } from './types'
