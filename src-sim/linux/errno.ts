/** Error numbers: `linux/errno`. Kernel functions answer them negated: `return -ENOMEM`. */
export * from '../kernel/errno'
