import { machine } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { hidden, KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { call, type Sim } from '../../engine/suspend'
import { EINVAL } from '../errno'
import { named, step } from '../api'
import { kernelLog } from '../printk/log'
import { warn } from '../printk/warn'
import { registerBus, registerDriver, unregisterDriver } from './bus'
import { addDevice, initializeDevice } from './core'
import { bus_type, device, device_driver } from './device'
import { setKobjectName } from './kobject'

export interface auxiliary_device_id {
  name: string
  driver_data?: any
}

/** A part of a device that a driver of its own looks after. */
export class auxiliary_device extends KernelObject {
  dev = new device()
  name = ''
  id = 0

  constructor() {
    super()
    this.dev.$parent = this
    this.dev.$field = 'dev'
  }
}

export interface auxiliary_driver_init {
  name?: string
  id_table: readonly auxiliary_device_id[] | null
  probe: ((adev: auxiliary_device, id: auxiliary_device_id) => number) | null
  remove?: (adev: auxiliary_device) => void
  shutdown?: (adev: auxiliary_device) => void
  /** @internal As in `device_driver`. */
  $postUnbind?: device_driver['$postUnbind']
}

class AuxiliaryDriver extends KernelObject {
  readonly init: auxiliary_driver_init
  driver = new device_driver()
  constructor(init: auxiliary_driver_init) {
    super()
    this.init = init
    this.driver.$parent = this
    this.driver.$field = 'driver'
  }
}

const adevOf = (dev: device): auxiliary_device => hidden(dev).$parent as auxiliary_device
const adrvOf = (drv: device_driver): auxiliary_driver_init =>
  (hidden(drv).$parent as AuxiliaryDriver).init

/** By the name before the last dot: `mod.part` of `mod.part.0` (DM-105). */
function matchId(adev: auxiliary_device, init: auxiliary_driver_init): auxiliary_device_id | null {
  const prefix = adev.dev.$label.replace(/\.[^.]*$/, '')
  return init.id_table?.find((id) => id.name === prefix) ?? null
}

class AuxiliaryBus {
  readonly bus = new bus_type({ name: 'auxiliary' })
  readonly drivers = new Map<auxiliary_driver_init, AuxiliaryDriver>()

  constructor(m: Machine) {
    const { bus } = this
    bus.match = (dev, drv) => (matchId(adevOf(dev), adrvOf(drv)) ? 1 : 0)
    bus.probe = named('auxiliary_bus_probe', probe) as unknown as (dev: device) => number
    bus.remove = named('auxiliary_bus_remove', remove) as unknown as (dev: device) => void
    bus.shutdown = named('auxiliary_bus_shutdown', shutdown) as unknown as (dev: device) => void
    m.runtime.atomic(registerBus(bus))
  }
}

const auxiliaryBus = service((m) => new AuxiliaryBus(m))
export const auxiliaryBusType = (): bus_type => auxiliaryBus(machine()).bus

function* probe(dev: device): Sim<number> {
  const init = adrvOf(dev.driver!)
  const id = matchId(adevOf(dev), init)!
  return Number((yield* call(() => init.probe!(adevOf(dev), id))) ?? 0)
}

function* remove(dev: device): Sim {
  const init = adrvOf(dev.driver!)
  if (init.remove) yield* call(() => init.remove!(adevOf(dev)))
}

function* shutdown(dev: device): Sim {
  const init = dev.driver && adrvOf(dev.driver)
  if (init?.shutdown) yield* call(() => init.shutdown!(adevOf(dev)))
}

/** 0 or -EINVAL: it needs a parent and a name. */
export function initAuxiliary(adev: auxiliary_device): number {
  const complain = (what: string): number => {
    kernelLog(machine()).print(3, `auxiliary_device has a NULL ${what}\n`)
    return -EINVAL
  }
  if (!adev.dev.parent) return complain('dev->parent')
  if (!adev.name) return complain('name')
  adev.dev.bus = auxiliaryBus(machine()).bus
  initializeDevice(adev.dev)
  return 0
}

export function* addAuxiliary(adev: auxiliary_device, modname: string): Sim<number> {
  if (!modname) return -EINVAL
  setKobjectName(adev.dev.kobj, `${modname}.${adev.name}.${adev.id}`)
  return yield* step('device_add', addDevice(adev.dev))
}

export function* registerAuxiliaryDriver(
  init: auxiliary_driver_init,
  modname: string,
  owner: object | null,
): Sim<number> {
  if (!init.probe || !init.id_table) {
    warn(
      machine(),
      'auxiliary-driver',
      'drivers/base/auxiliary.c at __auxiliary_driver_register',
      null,
      {
        rules: ['DM-105'],
      },
    )
    return -EINVAL
  }
  const all = auxiliaryBus(machine())
  const drv = new AuxiliaryDriver(init)
  all.drivers.set(init, drv)
  drv.driver.name = init.name ? `${modname}.${init.name}` : modname
  drv.driver.bus = all.bus
  drv.driver.owner = owner
  drv.driver.$postUnbind = init.$postUnbind ?? null
  drv.driver.$probe = init.probe as typeof drv.driver.$probe
  drv.driver.$remove = (init.remove ?? null) as typeof drv.driver.$remove
  return yield* step('driver_register', registerDriver(drv.driver))
}

export function* unregisterAuxiliaryDriver(init: auxiliary_driver_init): Sim {
  const drv = auxiliaryBus(machine()).drivers.get(init)
  if (drv) yield* unregisterDriver(drv.driver)
}
