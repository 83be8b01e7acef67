/** Messages that name their device: `linux/dev_printk`. */
export { dev_dbg, dev_err, dev_info, dev_notice, dev_warn } from './printk'
export { dev_err_probe, dev_warn_probe } from './device'
export * from './device/messages'
