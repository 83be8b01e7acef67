import type { Sim } from '../engine/suspend'
import { EINVAL } from './errno'
import { kernelCall } from '../kernel/api'
import * as c from '../kernel/base/component'
import type { device } from '../kernel/base/device'
import { addDevres } from '../kernel/base/devres'
import type { ptr } from './types'

/** Devices that only work together: `linux/component`. */
export {
  component_match,
  type component_master_ops,
  type component_ops,
} from '../kernel/base/component'

/** Names one more component in `*matchptr` (made on first use). */
export function component_match_add(
  _master: device,
  matchptr: ptr<c.component_match | null>,
  compare: (dev: device, data: any) => number | boolean,
  compare_data: unknown,
): void {
  matchptr.value ??= new c.component_match()
  matchptr.value.entries.push({ compare, data: compare_data, component: null })
}
/** Names one more component among those that have a number. */
export function component_match_add_typed(
  _master: device,
  matchptr: ptr<c.component_match | null>,
  compare_typed: (dev: device, subcomponent: number, data: any) => number | boolean,
  compare_data: unknown,
): void {
  matchptr.value ??= new c.component_match()
  matchptr.value.entries.push({ compareTyped: compare_typed, data: compare_data, component: null })
}
/** Offers the master; bound at once when all components are there. 0 or -errno. May sleep. */
export const component_master_add_with_match = kernelCall(
  'component_master_add_with_match',
  c.addMaster,
)
/** Unbinds the whole and forgets the master. May sleep. */
export const component_master_del = kernelCall('component_master_del', c.deleteMaster)
/** Offers a component; it may complete a whole. 0 or -errno. May sleep. */
export const component_add = kernelCall('component_add', (dev: device, ops: c.component_ops) =>
  c.addComponent(dev, ops),
)
/** Offers one of several parts of a device, by a number above 0. 0 or -EINVAL or -errno. */
export const component_add_typed = kernelCall(
  'component_add_typed',
  (dev: device, ops: c.component_ops, subcomponent: number): number | Sim<number> =>
    subcomponent > 0 ? c.addComponent(dev, ops, subcomponent) : -EINVAL,
)
/** Unbinds the whole that the component is part of. May sleep. */
export const component_del = kernelCall('component_del', c.deleteComponent)
/** From the master's bind: binds all components. 0 or -errno. */
export const component_bind_all = kernelCall('component_bind_all', c.bindAll)
/** From the master's unbind: unbinds all, last bound first. */
export const component_unbind_all = kernelCall('component_unbind_all', c.unbindAll)
/** Compares with the device itself. */
export function component_compare_dev(dev: device, data: device): boolean {
  return dev === data
}
export function component_compare_dev_name(dev: device, name: string): boolean {
  return dev.$label === name
}
export function component_compare_of(dev: device, node: object): boolean {
  return dev.of_node === node
}
/** As `component_match_add`; `release` gets the data when the match is no longer needed. */
export function component_match_add_release(
  master: device,
  matchptr: ptr<c.component_match | null>,
  release: (master: device, data: any) => void,
  compare: (dev: device, data: any) => number | boolean,
  compare_data: unknown,
): void {
  component_match_add(master, matchptr, compare, compare_data)
  addDevres(master, {
    name: 'devm_component_match_release',
    key: matchptr.value,
    release: () => release(master, compare_data),
  })
}
