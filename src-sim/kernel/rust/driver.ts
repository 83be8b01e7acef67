import { machine } from '../../engine/current'
import type { Position } from '../../engine/position'
import { call, type Sim } from '../../engine/suspend'
import { named } from '../api'
import type { device, device_driver } from '../base/device'
import { slab } from '../mm/slab'
import { BoxInner, boxNew } from './boxes'
import { beginBinding, boundLease, type Lease } from './device'
import { dropNow } from './drop'
import { actAs } from './glue'
import { asErrno } from './error'

/** GFP_KERNEL. */
const MAY_SLEEP = 0xcc0

/** What the drivers of all buses have in common: whose data it is, and for how long. */
export interface BusCallbacks<View, Data> {
  probe(view: View): Data
  unbind(view: View, data: Data): void
  /** The reference that callbacks get. */
  view(lease: Lease): View
  /** Where the driver was registered: the module that the generic code belongs to. */
  text: Position
}

/** Puts the driver data in its place as the last step of probing: until then it is null. */
export function* probeRust<View, Data>(
  dev: device, callbacks: BusCallbacks<View, Data>,
): Sim<number> {
  const lease: Lease = { core: true, binding: beginBinding(dev) }
  const ret = yield* asErrno(setData(dev, callbacks, lease))
  lease.core = false
  return ret
}
named('probe_callback', probeRust)

function* setData<View, Data>(
  dev: device, callbacks: BusCallbacks<View, Data>, lease: Lease,
): Sim {
  const data = yield* call(() => callbacks.probe(callbacks.view(lease)))
  actAs(callbacks.text)
  const box = yield* boxNew(data, MAY_SLEEP)
  dev.driver_data = box.into_raw()
}

export function* unbindRust<View, Data>(
  dev: device, callbacks: BusCallbacks<View, Data>,
): Sim {
  const box = dev.driver_data as BoxInner<Data>
  const lease: Lease = { ...boundLease(dev), core: true }
  yield* call(() => callbacks.unbind(callbacks.view(lease), box.data))
  lease.core = false
}
named('remove_callback', unbindRust)

/**
 * takes the data away and drops it, before devres and after the bus has cleaned up. A probe
 * that failed has left none.
 */
export function* postUnbind(dev: device): Sim {
  const box = dev.driver_data
  if (!(box instanceof BoxInner)) return
  dev.driver_data = null
  yield* dropNow(box.data)
  slab(machine()).free(box)
}

/** What `driver::Registration` does to every driver. */
export function prepareDriver(driver: device_driver, name: string, owner: object | null): void {
  driver.name = name
  driver.owner = owner
  driver.$postUnbind = postUnbind
}
