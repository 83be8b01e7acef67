import { quiet, kernelCall } from '../kernel/api'
import { deregisterMisc, miscdevice, registerMisc, type MiscInit } from '../kernel/fs/misc'
import { module_exit, module_init } from './module'

/** Brought along, as by the C header. */
export * from './device'
export * from './list'
export * from './types'

/** Character devices with one node each: `linux/miscdevice`. */
export { miscdevice, MISC_DYNAMIC_MINOR, MISC_MAJOR } from '../kernel/fs/misc'

/** Fills in a `struct miscdevice`: `misc_init(d.misc, { name: 'demo', fops })`. */
export const misc_init = quiet(function misc_init(misc: miscdevice, init: MiscInit): miscdevice {
  return Object.assign(misc, init)
})

/** Makes `/dev/<name>`; opens are possible at once. 0 or -errno. May sleep (DM-76). */
export const misc_register = kernelCall('misc_register', registerMisc)
/** No new opens; open files stay open and keep calling the operations. May sleep (DM-77). */
export const misc_deregister = kernelCall('misc_deregister', deregisterMisc)

/** A module whose init and exit only register and deregister this device. */
export function module_misc_device(misc: miscdevice): void {
  module_init(() => registerMisc(misc) as unknown as number)
  module_exit(() => deregisterMisc(misc) as unknown as void)
}
