import { deviceRefs } from '../../../src-sim/kernel/base/core'
import type { Sim } from '../../../src-sim/engine/suspend'
import type { device } from '../../../src-sim/linux/device'
import { drm_device } from '../../../src-sim/linux/drm/drm_device'
import * as drv from '../../../src-sim/linux/drm/drm_drv'
import { drm_open, drm_release } from '../../../src-sim/linux/drm/drm_file'
import {
  DRM_COMMAND_BASE,
  DRM_IO,
  DRM_IOCTL_DEF_DRV,
  drm_ioctl,
} from '../../../src-sim/linux/drm/drm_ioctl'
import { IS_ERR } from '../../../src-sim/linux/err'
import type { file_operations } from '../../../src-sim/linux/fs'
import { errno, ioctl, open, O_RDWR } from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import type { Kit } from '../device-model/kit'

/** A driver's structure around its graphics device. */
export class card {
  drm = new drm_device()
  calls = 0
}

export const PING = DRM_IO(DRM_COMMAND_BASE)

export const fops = (more: file_operations = {}): file_operations => ({
  open: drm_open,
  release: drm_release,
  unlocked_ioctl: drm_ioctl,
  ...more,
})

/** A driver whose one call is `ping`, and which says when it is released. */
export function driverOf(kit: Kit, ping: (dev: drm_device) => unknown = () => 7): drv.drm_driver {
  return {
    name: 'demo',
    major: 1,
    minor: 2,
    patchlevel: 3,
    driver_features: drv.DRIVER_RENDER,
    fops: fops(),
    ioctls: [DRM_IOCTL_DEF_DRV(0, ((dev: drm_device) => ping(dev)) as never, 0)],
    num_ioctls: 1,
    release: () => kit.say('release'),
    postclose: () => kit.say('postclose'),
  }
}

/** A device on the kit's bus with a registered card on top of it. */
export function* cardOn(kit: Kit, driver = driverOf(kit)): Sim<[card, device]> {
  yield* kit.start()
  const parent = yield* kit.add('demo0')
  const c = yield* sim(drv.devm_drm_dev_alloc(parent, driver, card, 'drm'))
  if (IS_ERR(c)) throw new Error('no card')
  yield* sim(drv.drm_dev_register(c.drm, 0))
  return [c, parent]
}

export const openCard = (): Sim<number> => sim(open('/dev/dri/card0', O_RDWR))

/** The answer of a call, or the negative error number. */
export function* ping(fd: number): Sim<number> {
  const ret = yield* sim(ioctl(fd, PING, 0))
  return ret < 0 ? -errno() : ret
}

export { deviceRefs }
