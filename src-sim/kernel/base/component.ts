import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { call, type Sim } from '../../engine/suspend'
import { EINVAL, ENOMEM, EPROBE_DEFER } from '../errno'
import { defineMutex, mutexLock, mutexUnlock } from '../locking/mutex'
import { closeGroup, openGroup, releaseGroup, removeGroup } from './devres'
import type { device } from './device'
import { deviceLog } from './core'

export interface component_ops {
  bind?: ((comp: device, master: device, data: any) => number) | null
  unbind?: ((comp: device, master: device, data: any) => void) | null
}

export interface component_master_ops {
  bind?: ((master: device) => number) | null
  unbind?: ((master: device) => void) | null
}

interface Match {
  compare?: (dev: device, data: any) => number | boolean
  /** Looks at parts that have a number. */
  compareTyped?: (dev: device, subcomponent: number, data: any) => number | boolean
  data: unknown
  component: Component | null
}

/** What an aggregate is made of, in the order in which it was named. */
export class component_match extends KernelObject {
  readonly entries: Match[] = []
}

interface Component {
  dev: device
  /** Which of the parts of the device this is; 0 when it has only one. */
  subcomponent: number
  ops: component_ops
  aggregate: Aggregate | null
  bound: boolean
}

interface Aggregate {
  dev: device
  ops: component_master_ops
  match: component_match
  bound: boolean
}

/** Devices that work only together: bound as one when all are there, unbound when one goes. */
class Components {
  readonly components: Component[] = []
  readonly aggregates: Aggregate[] = []
  readonly mutex = defineMutex('component_mutex')
}

const components = service(() => new Components())

function* locked<T>(body: () => Sim<T>): Sim<T> {
  const { mutex } = components(machine())
  const wait = mutexLock(mutex)
  if (typeof wait !== 'number') yield* wait
  const ret = yield* body()
  mutexUnlock(mutex)
  return ret
}

const fits = ({ compare, compareTyped, data }: Match, c: Component): number | boolean =>
  c.subcomponent
    ? (compareTyped?.(c.dev, c.subcomponent, data) ?? false)
    : (compare?.(c.dev, data) ?? false)

/** Finds a component for every entry; false while one is missing. */
function* complete(aggregate: Aggregate): Sim<boolean> {
  const all = components(machine())
  for (const entry of aggregate.match.entries) {
    if (entry.component) continue
    for (const c of all.components) {
      if (c.aggregate && c.aggregate !== aggregate) continue
      if (!(yield* call(() => fits(entry, c)))) continue
      entry.component = c
      c.aggregate = aggregate
      break
    }
    if (!entry.component) return false
  }
  return true
}

/** 1 bound, 0 not complete, or the error of the master's bind. */
function* bringUp(aggregate: Aggregate): Sim<number> {
  if (aggregate.bound || !(yield* complete(aggregate))) return 0
  const { dev, ops } = aggregate
  openGroup(dev, aggregate)
  const { bind } = ops
  const ret = Number((bind ? yield* call(() => bind(dev)) : 0) ?? 0)
  if (ret < 0) {
    yield* releaseGroup(dev, aggregate)
    if (ret !== -EPROBE_DEFER) deviceLog(dev, 6, `adev bind failed: ${ret}`)
    return ret
  }
  closeGroup(dev, null)
  aggregate.bound = true
  return 1
}

function* takeDown(aggregate: Aggregate): Sim {
  if (!aggregate.bound) return
  const { unbind } = aggregate.ops
  if (unbind) yield* call(() => unbind(aggregate.dev))
  yield* releaseGroup(aggregate.dev, aggregate)
  aggregate.bound = false
}

export const addMaster = (
  dev: device,
  ops: component_master_ops,
  match: component_match,
): Sim<number> =>
  locked(function* () {
    const all = components(machine())
    const aggregate = { dev, ops, match, bound: false }
    all.aggregates.push(aggregate)
    const ret = yield* bringUp(aggregate)
    if (ret >= 0) return 0
    forget(aggregate)
    return ret
  })

function forget(aggregate: Aggregate): void {
  const all = components(machine())
  all.aggregates.splice(all.aggregates.indexOf(aggregate), 1)
  for (const entry of aggregate.match.entries) {
    if (entry.component) entry.component.aggregate = null
    entry.component = null
  }
}

export const deleteMaster = (dev: device, ops: component_master_ops): Sim =>
  locked(function* () {
    const aggregate = components(machine()).aggregates.find((a) => a.dev === dev && a.ops === ops)
    if (!aggregate) return
    yield* takeDown(aggregate)
    forget(aggregate)
  })

export const addComponent = (
  dev: device, ops: component_ops, subcomponent = 0,
): Sim<number> =>
  locked(function* () {
    const all = components(machine())
    const component = { dev, ops, subcomponent, aggregate: null, bound: false }
    all.components.push(component)
    for (const aggregate of all.aggregates) {
      const ret = yield* bringUp(aggregate)
      if (ret === 0) continue
      if (ret < 0) {
        all.components.splice(all.components.indexOf(component), 1)
        return ret
      }
      break
    }
    return 0
  })

export const deleteComponent = (dev: device, ops: component_ops): Sim =>
  locked(function* () {
    const all = components(machine())
    const component = all.components.find((c) => c.dev === dev && c.ops === ops)
    if (!component) return
    all.components.splice(all.components.indexOf(component), 1)
    const { aggregate } = component
    if (!aggregate) return
    yield* takeDown(aggregate)
    for (const entry of aggregate.match.entries)
      if (entry.component === component) entry.component = null
  })

const mine = (master: device): Component[] => {
  const aggregate = components(machine()).aggregates.find((a) => a.dev === master)
  return (aggregate?.match.entries ?? []).map((e) => e.component).filter((c) => c !== null)
}

/** For the master's bind: binds all components; on an error those bound are unbound again. */
export function* bindAll(master: device, data: unknown): Sim<number> {
  const list = mine(master)
  if (list.length === 0) return -EINVAL
  for (const [i, c] of list.entries()) {
    const ret = yield* bindOne(c, master, data)
    if (!ret) continue
    for (const done of list.slice(0, i).reverse()) yield* unbindOne(done, master, data)
    return ret
  }
  return 0
}

function* bindOne(c: Component, master: device, data: unknown): Sim<number> {
  if (openGroup(master, c) === null) return -ENOMEM
  openGroup(c.dev, c)
  const { bind } = c.ops
  const ret = Number((bind ? yield* call(() => bind(c.dev, master, data)) : 0) ?? 0)
  if (ret === 0) {
    c.bound = true
    closeGroup(c.dev, c)
    removeGroup(master, c)
    deviceLog(master, 6, `bound ${c.dev.$label} (ops component)`)
    return 0
  }
  yield* releaseGroup(c.dev, c)
  yield* releaseGroup(master, c)
  if (ret !== -EPROBE_DEFER)
    deviceLog(master, 3, `failed to bind ${c.dev.$label} (ops component): ${ret}`)
  return ret
}

function* unbindOne(c: Component, master: device, data: unknown): Sim {
  const { unbind } = c.ops
  if (unbind) yield* call(() => unbind(c.dev, master, data))
  c.bound = false
  yield* releaseGroup(c.dev, c)
}

/** For the master's unbind: all components, last bound first. */
export function* unbindAll(master: device, data: unknown): Sim {
  for (const c of mine(master).reverse()) if (c.bound) yield* unbindOne(c, master, data)
}
