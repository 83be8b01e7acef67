import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { EINVAL, EIO } from '../errno'
import { lockDevice, unlockDevice } from './core'
import type { device } from './device'
import { pmAllow, pmForbid, RPM_ACTIVE, RPM_RESUMING, RPM_SUSPENDED } from './pm-runtime'
import { sysfs, type SysfsDirectory, type SysfsOps } from './sysfs'

/** The word for the state of a device; without runtime power management there is none. */
function statusOf({ power }: device): string {
  if (power.runtime_error) return 'error'
  if (power.disable_depth > 0) return 'unsupported'
  if (power.runtime_status === RPM_ACTIVE) return 'active'
  if (power.runtime_status === RPM_SUSPENDED) return 'suspended'
  return power.runtime_status === RPM_RESUMING ? 'resuming' : 'suspending'
}

const shows = (text: () => string | number): SysfsOps['show'] =>
  function* () {
    yield* []
    const value = text()
    return typeof value === 'number' ? value : `${value}\n`
  }

function* setControl(dev: device, text: string): Sim<number> {
  const word = text.replace(/\n$/, '')
  if (word !== 'auto' && word !== 'on') return -EINVAL
  yield* lockDevice(dev)
  yield* word === 'auto' ? pmAllow(dev) : pmForbid(dev)
  unlockDevice(dev)
  return text.length
}

function* setDelay({ power }: device, text: string): Sim<number> {
  yield* []
  if (!power.use_autosuspend) return -EIO
  if (!/^[-+]?\d+\n?$/.test(text)) return -EINVAL
  power.autosuspend_delay = Number(text)
  return text.length
}

/** What every device has below `power`, made when somebody looks. */
export function addPowerFiles(dev: device, directory: SysfsDirectory): void {
  directory.defer(dev.power, () => {
    const tree = sysfs(machine())
    const place = tree.createDirectory(directory, 'power', null)
    if (!place || dev.power.no_callbacks) return
    tree.createFile(place, 'runtime_status', { show: shows(() => statusOf(dev)) })
    tree.createFile(place, 'control', {
      show: shows(() => (dev.power.runtime_auto ? 'auto' : 'on')),
      store: (text) => setControl(dev, text),
    })
    tree.createFile(place, 'autosuspend_delay_ms', {
      show: shows(() => (dev.power.use_autosuspend ? `${dev.power.autosuspend_delay}` : -EIO)),
      store: (text) => setDelay(dev, text),
    })
  })
}
