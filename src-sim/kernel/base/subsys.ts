import { call, type Sim } from '../../engine/suspend'
import { EINVAL, ENODEV } from '../errno'
import { makeSet, registerBus, unregisterBus } from './bus'
import { initializeDevice, addDevice, putDevice } from './core'
import { device, type bus_type, type subsys_interface } from './device'
import type { attribute_group } from './attributes'

/** A bus whose devices all hang below one of its name, in /sys/devices/`place`. */
export function* registerSubsystem(
  bus: bus_type, groups: readonly attribute_group[] | null, place: 'system' | 'virtual',
): Sim<number> {
  const error = yield* registerBus(bus)
  if (error) return error
  const root = new device()
  root.init_name = bus.name
  root.groups = groups
  root.release = () => {}
  initializeDevice(root)
  root.kobj.parent = makeSet(place, `/devices/${place}`).kobj
  const failed = yield* addDevice(root)
  if (failed) {
    yield* putDevice(root, 'creator')
    yield* unregisterBus(bus)
    return failed
  }
  bus.$private!.root = root
  return 0
}

const visited = (sif: subsys_interface, f: typeof sif.add_dev | typeof sif.remove_dev) =>
  function* (dev: device): Sim<number> {
    if (f) yield* call(() => f(dev, sif))
    return 0
  }

/** Tells about all devices that there are, and about later ones. 0, -ENODEV or -EINVAL. */
export function* registerSubsysInterface(sif: subsys_interface): Sim<number> {
  if (!sif.subsys) return -ENODEV
  const own = sif.subsys.$private
  if (!own) return -EINVAL
  own.interfaces.push(sif)
  if (sif.add_dev) yield* own.devices.each(visited(sif, sif.add_dev))
  return 0
}

export function* unregisterSubsysInterface(sif: subsys_interface): Sim {
  const own = sif.subsys?.$private
  const at = own?.interfaces.indexOf(sif) ?? -1
  if (!own || at < 0) return
  own.interfaces.splice(at, 1)
  if (sif.remove_dev) yield* own.devices.each(visited(sif, sif.remove_dev))
}
