/** Part of what `linux/kernel` has, under the header that C has it in. */
export { BIT, BIT_ULL, GENMASK, GENMASK_ULL } from './kernel'
export { BITS_PER_LONG } from './bitops'
