import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { call } from '../../engine/suspend'
import { EBUSY, EINVAL, EPERM } from '../errno'
import { forEachChild, lockDevice, unlockDevice } from './core'
import type { device } from './device'
import { sysfs, type SysfsDirectory } from './sysfs'
import { sendUevent } from './uevent'

/** Devices that can be taken out of use while they stay: their bus knows how. */

export const supportsOffline = ({ bus }: device): boolean => Boolean(bus?.offline && bus.online)

/** No device in use may be left below one that is taken out of use. */
function* busyBelow(dev: device): Sim<number> {
  const ret = yield* forEachChild(dev, busyBelow)
  if (ret) return ret
  return supportsOffline(dev) && !dev.offline ? -EBUSY : 0
}

function* change(dev: device, offline: boolean): Sim<number> {
  if (!supportsOffline(dev)) return 0
  if (dev.offline === offline) return 1
  const act = (offline ? dev.bus!.offline : dev.bus!.online)!
  const ret = Number((yield* call(() => act(dev))) ?? 0)
  if (ret) return ret
  sendUevent(dev.kobj, offline ? 'offline' : 'online')
  dev.offline = offline
  return 0
}

/** 0, 1 when it was so already, or -errno: -EPERM when that is forbidden, -EBUSY. */
export function* setOffline(dev: device, offline: boolean): Sim<number> {
  if (offline) {
    if (dev.offline_disabled) return -EPERM
    const busy = yield* forEachChild(dev, busyBelow)
    if (busy) return busy
  }
  yield* lockDevice(dev)
  const ret = yield* change(dev, offline)
  unlockDevice(dev)
  return ret
}

const WORDS: Readonly<Record<string, boolean>> = {
  y: true, t: true, 1: true, on: true, n: false, f: false, 0: false, of: false,
}

/** As `kstrtobool`: one letter decides, of "on" and "off" two. */
function wanted(text: string): boolean | undefined {
  const word = text.toLowerCase()
  return WORDS[word.startsWith('o') ? word.slice(0, 2) : word.slice(0, 1)]
}

/** The file by which user space does it. */
export function addOnlineFile(dev: device, directory: SysfsDirectory): void {
  if (!supportsOffline(dev) || dev.offline_disabled) return
  sysfs(machine()).createFile(directory, 'online', {
    *show() {
      yield* lockDevice(dev)
      const { offline } = dev
      unlockDevice(dev)
      return offline ? '0\n' : '1\n'
    },
    *store(text) {
      const on = wanted(text)
      if (on === undefined) return -EINVAL
      const ret = yield* setOffline(dev, !on)
      return ret < 0 ? ret : text.length
    },
  })
}
