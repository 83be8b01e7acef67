/** Part of what `linux/kernel` has, under the header that C has it in. */
export * from './math'
