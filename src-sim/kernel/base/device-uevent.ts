import { machine } from '../../engine/current'
import { hidden } from '../../engine/object'
import type { device, kobject } from './device'
import type { UeventFilter } from './uevent'

export const deviceOf = (kobj: kobject): device => hidden(kobj).$parent as device

/** What a device says about itself to user space (DM-54). */
export const DEVICE_UEVENTS: UeventFilter = {
  filter: (kobj) => deviceOf(kobj).bus !== null || deviceOf(kobj).class !== null,
  name: (kobj) => deviceOf(kobj).bus?.name ?? deviceOf(kobj).class?.name ?? null,
  uevent(kobj, env) {
    const dev = deviceOf(kobj)
    if (dev.devt)
      env.push(
        `MAJOR=${Math.floor(dev.devt / 0x100000)}`,
        `MINOR=${dev.devt % 0x100000}`,
        `DEVNAME=${nodeName(dev)}`,
      )
    if (dev.type?.name) env.push(`DEVTYPE=${dev.type.name}`)
    if (dev.driver) env.push(`DRIVER=${dev.driver.name}`)
    const { runtime } = machine()
    for (const f of [dev.bus?.uevent, dev.class?.dev_uevent, dev.type?.uevent])
      if (f) runtime.atomic(f(dev, env))
  },
}

/** Name of the node in /dev: the class may choose it. */
export const nodeName = (dev: device): string => {
  const devnode = dev.class?.devnode
  const name = devnode ? machine().runtime.atomic<string | null>(devnode(dev)) : null
  return name ?? dev.$label.replaceAll('!', '/')
}

/** What the `uevent` file of a device shows. */
export function ueventLines(dev: device): string {
  const env: string[] = []
  if (DEVICE_UEVENTS.filter!(dev.kobj)) DEVICE_UEVENTS.uevent!(dev.kobj, env)
  return env.map((line) => `${line}\n`).join('')
}
