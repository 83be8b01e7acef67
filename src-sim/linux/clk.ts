import { machine } from '../engine/current'
import { call, type Sim } from '../engine/suspend'
import { kernelCall } from '../kernel/api'
import type { device } from '../kernel/base/device'
import { addDevres, takeDevres } from '../kernel/base/devres'
import * as c from '../kernel/clk/core'
import type { clk } from '../kernel/clk/core'
import { findClock } from '../kernel/clk/lookup'
import { allocate, slab } from '../kernel/mm/slab'
import { warn } from '../kernel/printk/warn'
import { mightSleep } from '../kernel/sched/schedule'
import { ENOENT, ENOMEM } from './errno'
import { ERR_PTR, IS_ERR, PTR_ERR } from './err'

/** Brought along, as by the C header. */
export * from './err'
export * from './kernel'
export * from './notifier'

/**
 * Clocks of devices: `linux/clk`. Preparing may sleep, enabling may not; both are counted, and a
 * clock runs while somebody has it enabled. Null is a clock that needs nothing done.
 */
export { clk } from '../kernel/clk/core'

const absent = (handle: clk | null): boolean => handle === null || IS_ERR(handle)
const core = (handle: clk | null): c.ClockCore | null => (absent(handle) ? null : handle!.$core)

/** The clock that the device knows by this name, or an error pointer. Pair: `clk_put`. */
export function clk_get(dev: device | null, id: string | null): clk {
  const found = findClock(dev?.$label ?? null, id)
  if (!found) return ERR_PTR<clk>(-ENOENT)
  const handle = allocate(c.clk, true)
  if (!handle) return ERR_PTR<clk>(-ENOMEM)
  if (!c.useClock(found, dev ?? handle)) {
    slab(machine()).free(handle)
    return ERR_PTR<clk>(-ENOENT)
  }
  handle.$core = found
  handle.$dev = dev
  return handle
}
/** As `clk_get`; null when there is no such clock. */
export function clk_get_optional(dev: device | null, id: string | null): clk | null {
  const handle = clk_get(dev, id)
  return IS_ERR(handle) && PTR_ERR(handle) === -ENOENT ? null : handle
}
/** Gives the handle back: its memory goes. It must not be enabled any more by this user. */
export function clk_put(handle: clk | null): void {
  if (handle === null) return
  if (IS_ERR(handle)) {
    warn(machine(), 'clk-put', 'drivers/clk/clk.c at __clk_put', null)
    return
  }
  c.dropClock(handle.$core, handle.$dev ?? handle)
  slab(machine()).free(handle)
}

/** Makes the clock ready to be enabled. 0 or -errno. May sleep. Pair: `clk_unprepare`. */
export const clk_prepare = kernelCall('clk_prepare', function* (handle: clk | null): Sim<number> {
  mightSleep('clk_prepare')
  return yield* c.locked(() => c.prepare(core(handle)))
})
/** May sleep. One too many is a WARNING. */
export const clk_unprepare = kernelCall('clk_unprepare', function* (handle: clk | null): Sim {
  mightSleep('clk_unprepare')
  yield* c.locked(() => c.unprepare(core(handle)))
})
/** Starts the clock. 0 or -errno. Any context. Pair: `clk_disable`. */
export const clk_enable = kernelCall('clk_enable', (handle: clk | null): Sim<number> =>
  c.enable(core(handle)),
)
/** Any context. One too many is a WARNING, and nothing else. */
export const clk_disable = kernelCall('clk_disable', (handle: clk | null): Sim =>
  c.disable(core(handle)),
)
/** `clk_prepare` and `clk_enable`. 0 or -errno. May sleep. */
export const clk_prepare_enable = kernelCall('clk_prepare_enable', prepareEnable)
function* prepareEnable(handle: clk | null): Sim<number> {
  mightSleep('clk_prepare')
  const ret = yield* c.locked(() => c.prepare(core(handle)))
  if (ret) return ret
  const error = yield* c.enable(core(handle))
  if (error) yield* c.locked(() => c.unprepare(core(handle)))
  return error
}
/** `clk_disable` and `clk_unprepare`. May sleep. */
export const clk_disable_unprepare = kernelCall('clk_disable_unprepare', disableUnprepare)
function* disableUnprepare(handle: clk | null): Sim {
  yield* c.disable(core(handle))
  mightSleep('clk_unprepare')
  yield* c.locked(() => c.unprepare(core(handle)))
}

/** In Hz; 0 for no clock. May sleep. */
export const clk_get_rate = kernelCall('clk_get_rate', (handle: clk | null): Sim<number> =>
  c.locked(() => c.rateOf(core(handle))),
)
/** 0 or -errno. May sleep. */
export const clk_set_rate = kernelCall(
  'clk_set_rate',
  (handle: clk | null, rate: number): Sim<number> =>
    c.locked(() => c.setRate(core(handle), rate)),
)
/** Whether two handles are of the same clock. */
export function clk_is_match(p: clk | null, q: clk | null): boolean {
  return p === q || (core(p) !== null && core(p) === core(q))
}

// Managed

type Get = (dev: device, id: string | null) => clk | null

function manage(
  dev: device, handle: clk | null, undo: ((handle: clk | null) => Sim) | null,
): clk | null {
  if (absent(handle)) return handle
  const release = function* (): Sim {
    if (undo) yield* undo(handle)
    yield* call(() => clk_put(handle))
  }
  const error = addDevres(dev, { name: 'devm_clk_release', key: handle, release })
  return error ? ERR_PTR<clk>(error) : handle
}
function* managed(
  dev: device,
  id: string | null,
  get: Get,
  start: ((handle: clk | null) => Sim<number>) | null,
  undo: ((handle: clk | null) => Sim) | null,
): Sim<clk | null> {
  const handle = get(dev, id)
  if (absent(handle)) return handle
  const error = start ? yield* start(handle) : 0
  if (error === 0) return manage(dev, handle, undo)
  clk_put(handle)
  return ERR_PTR<clk>(error)
}
const begin = (handle: clk | null): Sim<number> => c.locked(() => c.prepare(core(handle)))
const end = (handle: clk | null): Sim => c.locked(() => c.unprepare(core(handle)))

/** As `clk_get`; given back when the driver goes. */
export const devm_clk_get = kernelCall('devm_clk_get', (dev: device, id: string | null) =>
  managed(dev, id, clk_get, null, null),
) as (dev: device, id: string | null) => clk
export const devm_clk_get_optional = kernelCall(
  'devm_clk_get_optional',
  (dev: device, id: string | null) => managed(dev, id, clk_get_optional, null, null),
)
/** Prepared, too, until the driver goes. May sleep. */
export const devm_clk_get_prepared = kernelCall(
  'devm_clk_get_prepared',
  (dev: device, id: string | null) => managed(dev, id, clk_get, begin, end),
) as (dev: device, id: string | null) => clk
/** Prepared and enabled until the driver goes. May sleep. */
export const devm_clk_get_enabled = kernelCall(
  'devm_clk_get_enabled',
  (dev: device, id: string | null) => managed(dev, id, clk_get, prepareEnable, disableUnprepare),
) as (dev: device, id: string | null) => clk
export const devm_clk_get_optional_prepared = kernelCall(
  'devm_clk_get_optional_prepared',
  (dev: device, id: string | null) => managed(dev, id, clk_get_optional, begin, end),
)
export const devm_clk_get_optional_enabled = kernelCall(
  'devm_clk_get_optional_enabled',
  (dev: device, id: string | null) =>
    managed(dev, id, clk_get_optional, prepareEnable, disableUnprepare),
)
/** Gives a managed handle back before its time. */
export const devm_clk_put = kernelCall('devm_clk_put', function* (dev: device, handle: clk): Sim {
  const node = takeDevres(dev, (n) => n.name === 'devm_clk_release' && n.key === handle)
  if (node) yield* call(() => node.release())
  else warn(machine(), 'devm-clk-put', 'drivers/clk/clk-devres.c at devm_clk_put', null)
})
