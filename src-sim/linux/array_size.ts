/** `linux/array_size`. */
export { ARRAY_SIZE } from './kernel'
