import { machine } from '../engine/current'
import type { Sim } from '../engine/suspend'
import { kernelCall } from '../kernel/api'
import { addAction } from '../kernel/base/devres'
import type { device } from '../kernel/base/device'
import type { notifier_block } from '../kernel/base/notifier'
import { goDown, rebootNotifiers } from '../kernel/base/reboot'

/** Brought along, as by the C header. */
export * from './notifier'

/** The end of the machine: `linux/reboot`. */

/** What a notifier is told (its data is the command, or null). */
export const SYS_DOWN = 0x0001
export const SYS_RESTART = SYS_DOWN
export const SYS_HALT = 0x0002
export const SYS_POWER_OFF = 0x0003

/** Has `nb` called before the devices are shut down. 0, or -EEXIST. May sleep. */
export const register_reboot_notifier = kernelCall(
  'register_reboot_notifier', (nb: notifier_block): number => rebootNotifiers(machine()).register(nb),
)
/** 0, or -ENOENT. May sleep; not from a callback. */
export const unregister_reboot_notifier = kernelCall(
  'unregister_reboot_notifier',
  (nb: notifier_block): Sim<number> => rebootNotifiers(machine()).unregister(nb),
)
/** The same for as long as the device has its driver. */
export const devm_register_reboot_notifier = kernelCall(
  'devm_register_reboot_notifier',
  (dev: device, nb: notifier_block): number => {
    const error = rebootNotifiers(machine()).register(nb)
    const undo = (): Sim<number> => rebootNotifiers(machine()).unregister(nb)
    return error || addAction(dev, undo as never, nb)
  },
)

/** Tells the notifiers, shuts all devices down and restarts. May sleep. */
export const kernel_restart = kernelCall('kernel_restart', (command: string | null): Sim =>
  goDown('restart', command),
)
export const kernel_halt = kernelCall('kernel_halt', (): Sim => goDown('halt', null))
export const kernel_power_off = kernelCall('kernel_power_off', (): Sim => goDown('power off', null))
