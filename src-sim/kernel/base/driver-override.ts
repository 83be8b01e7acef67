import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { PAGE_SIZE } from '../../base/units'
import { EINVAL } from '../errno'
import type { device, device_driver } from './device'
import { sysfs } from './sysfs'

/** DM-50: which driver alone may bind. Changing it binds and unbinds nobody. */

export function setOverride(dev: device, text: string): number {
  if (text.length >= PAGE_SIZE - 1) return -EINVAL
  const name = text.split('\n')[0]!
  dev.$override = name === '' ? null : name
  return 0
}

/** 1 or 0 when an override decides, -1 when there is none. */
export function matchOverride(dev: device, drv: device_driver): number {
  return dev.$override === null ? -1 : dev.$override === drv.name ? 1 : 0
}

export function addOverrideFile(dev: device): void {
  sysfs(machine()).createFile(dev.kobj.$directory!, 'driver_override', {
    *show(): Sim<string> {
      return `${dev.$override ?? '(null)'}\n`
    },
    *store(text): Sim<number> {
      return setOverride(dev, text) || text.length
    },
  })
}
