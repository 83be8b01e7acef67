/** Part of what `linux/kernel` has, under the header that C has it in. */
export { ALIGN, ALIGN_DOWN, IS_ALIGNED } from './kernel'
