/** Reading clocks: `linux/timekeeping`, of which `linux/ktime` is made. */
export * from './ktime'
