import { kernelCall } from '../kernel/api'
import { deregisterMisc, miscdevice, registerMisc } from '../kernel/fs/misc'

/** Character devices with one node each: `linux/miscdevice`. */
export { miscdevice, MISC_DYNAMIC_MINOR } from '../kernel/fs/misc'

/** Fills in a `struct miscdevice`: `misc_init(d.misc, { name: 'demo', fops })`. */
export function misc_init(misc: miscdevice, init: Partial<Pick<miscdevice, 'name' | 'minor' | 'fops' | 'parent' | 'mode'>>): miscdevice {
  return Object.assign(misc, init)
}

/** Makes `/dev/<name>`; opens are possible at once. 0 or -errno. May sleep. */
export const misc_register = kernelCall('misc_register', registerMisc)
/** No new opens; open files stay open and keep calling the operations. May sleep. */
export const misc_deregister = kernelCall('misc_deregister', deregisterMisc)
