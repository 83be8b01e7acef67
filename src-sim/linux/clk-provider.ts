import { machine } from '../engine/current'
import type { Sim } from '../engine/suspend'
import { kernelCall, quiet } from '../kernel/api'
import type { device } from '../kernel/base/device'
import { addDevres } from '../kernel/base/devres'
import { modules } from '../kernel/base/module'
import * as c from '../kernel/clk/core'
import type { clk_hw } from '../kernel/clk/core'
import { addLookup, removeLookups } from '../kernel/clk/lookup'
import { ERR_PTR } from './err'

/** Drivers of clocks: `linux/clk-provider`, with the lookups of `linux/clkdev`. */
export {
  clk_hw,
  CLK_IS_CRITICAL,
  CLK_SET_RATE_GATE,
  type clk_init_data,
  type clk_ops,
} from '../kernel/clk/core'

const running = () => modules(machine()).current

/** Makes the clock in `hw.init` known. 0 or -errno. May sleep. Pair: `clk_hw_unregister`. */
export const clk_hw_register = kernelCall(
  'clk_hw_register',
  (dev: device | null, hw: clk_hw): Sim<number> => c.registerClock(dev, hw, running()),
)
/** Users keep their handles, which are of no use any more. */
export function clk_hw_unregister(hw: clk_hw): void {
  if (hw.$core) removeLookups(hw.$core)
  c.unregisterClock(hw)
}
/** As `clk_hw_register`; unregistered when the driver goes. */
export const devm_clk_hw_register = kernelCall(
  'devm_clk_hw_register',
  function* (dev: device, hw: clk_hw): Sim<number> {
    const error = yield* c.registerClock(dev, hw, running())
    if (error) return error
    const release = (): void => clk_hw_unregister(hw)
    return addDevres(dev, { name: 'devm_clk_hw_unregister_cb', key: hw, release })
  },
)
/** A clock that always runs at one rate: a clock or an error pointer. May sleep. */
export const clk_hw_register_fixed_rate = kernelCall(
  'clk_hw_register_fixed_rate',
  function* (
    dev: device | null, name: string, parent: string | null, flags: number, fixed_rate: number,
  ): Sim<clk_hw> {
    const hw = new c.clk_hw()
    const parent_names = parent === null ? [] : [parent]
    hw.init = { name, flags, parent_names, ops: { recalc_rate: () => fixed_rate } }
    const error = yield* c.registerClock(dev, hw, running())
    return error ? ERR_PTR<clk_hw>(error) : hw
  },
)
export const clk_hw_unregister_fixed_rate = clk_hw_unregister
/** Lets `clk_get(dev, con_id)` of the device with this name find the clock. 0 or -errno. */
export function clk_hw_register_clkdev(
  hw: clk_hw, con_id: string | null, dev_id: string | null,
): number {
  if (!hw.$core) return -2
  addLookup(hw.$core, con_id, dev_id)
  return 0
}
export const clk_hw_get_name = quiet((hw: clk_hw): string => hw.$core?.name ?? '')
export const clk_hw_is_enabled = quiet((hw: clk_hw): boolean => (hw.$core?.enableCount ?? 0) > 0)
export const clk_hw_is_prepared = quiet((hw: clk_hw): boolean => (hw.$core?.prepareCount ?? 0) > 0)
