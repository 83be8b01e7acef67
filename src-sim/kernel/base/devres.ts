import { machine } from '../../engine/current'
import { SimBug } from '../../base/assert'
import { TaskDeath } from '../../engine/exec'
import { call, point, type Sim } from '../../engine/suspend'
import { devres_log } from '../../trace/events'
import { step } from '../api'
import { emit } from '../emit'
import { ENODEV, ENOENT, ENOMEM } from '../errno'
import { faultInjection } from '../mm/fault-injection'
import { warn } from '../printk/warn'
import { report } from '../report'
import { useDevice } from './core'
import type { device } from './device'

/** A managed resource: what is undone when the device loses its driver. */
export interface Devres {
  /** Name of its release function, as the trace shows it. */
  name: string
  /** What it stands for: the memory, the irq number, the action. */
  key: unknown
  /** The second half of an action's identity. */
  data?: unknown
  release(): unknown
  size?: number
  /** Set while it is on a list. */
  node?: number
  /** Group markers have no release function of their own. */
  group?: DevresGroup
  /** The marker that ends a group. */
  closes?: boolean
}

export interface DevresGroup {
  id: unknown
  open: boolean
}

/** Adds a resource as the newest one. 0; -ENODEV on a device that was never initialised (DM-45). */
export function addDevres(dev: device, node: Devres): number {
  if (dev.$devres === null) {
    warn(machine(), 'devres-uninitialised', 'drivers/base/devres.c at devres_add', null, {
      rules: ['DM-45'],
    })
    return -ENODEV
  }
  if (node.node !== undefined) {
    report(machine(), {
      kind: 'oops.bug',
      title: 'kernel BUG at drivers/base/devres.c!',
      rules: ['DM-45'],
    })
    throw new TaskDeath('devres added twice')
  }
  node.node = ++dev.$devresCount
  dev.$devres.push(node)
  useDevice(dev, node.name)
  log(dev, 'ADD', node)
  return 0
}

/** For the allocating half of the managed functions: null when memory is short. */
export function allocDevres(what: string): boolean {
  return !faultInjection(machine()).shouldFail(what)
}

function log(dev: device, op: 'ADD' | 'REM' | 'REL', node: Devres): void {
  emit(devres_log, dev, op, node.node ?? 0, node.name, node.size ?? 0)
}

/** The newest resource that fits. */
export function findDevres(dev: device, matches: (node: Devres) => boolean): Devres | null {
  const list = dev.$devres ?? []
  for (let i = list.length - 1; i >= 0; i--)
    if (!list[i]!.group && matches(list[i]!)) return list[i]!
  return null
}

/** Takes a resource out without releasing it; the newest match. */
export function takeDevres(dev: device, matches: (node: Devres) => boolean): Devres | null {
  const node = findDevres(dev, matches)
  if (node === null) return null
  const list = dev.$devres!
  list.splice(list.indexOf(node), 1)
  log(dev, 'REM', node)
  delete node.node
  return node
}

/** Takes a resource out and releases it: 0 or -ENOENT. */
export function* releaseOne(dev: device, matches: (node: Devres) => boolean): Sim<number> {
  const node = takeDevres(dev, matches)
  if (node === null) return -ENOENT
  yield* step(node.name, call(() => node.release()))
  return 0
}

const releaseNodes = (dev: device, nodes: Devres[]): Sim<number> =>
  step('release_nodes', releaseEach(dev, nodes))

function* releaseEach(dev: device, nodes: Devres[]): Sim<number> {
  let count = 0
  for (let node = nodes.pop(); node; node = nodes.pop()) {
    if (node.group) continue
    log(dev, 'REL', node)
    yield point(releaseDevres, dev)
    const { name, release } = node
    yield* step(name, call(() => release()))
    count++
  }
  return count
}

/**
 * Releases everything, newest first. What a release function adds meanwhile is not part of this
 * pass (DM-41).
 */
export function* releaseDevres(dev: device): Sim<number> {
  if (dev.$devres === null || dev.$devres.length === 0) return 0
  return yield* step('devres_release_all', releaseNodes(dev, dev.$devres.splice(0)))
}

// Actions (DM-42)

export const sameAction =
  (action: unknown, data: unknown) =>
  (node: Devres): boolean =>
    node.name === 'devm_action_release' && node.key === action && node.data === data

export function addAction(dev: device, action: (data: never) => void, data: unknown): number {
  if (!allocDevres('devm_add_action')) return -ENOMEM
  return addDevres(dev, {
    name: 'devm_action_release',
    key: action,
    data,
    release: () => action(data as never),
  })
}

export function* addActionOrReset(
  dev: device,
  action: (data: never) => void,
  data: unknown,
): Sim<number> {
  const ret = addAction(dev, action, data)
  if (ret) yield* call(() => action(data as never))
  return ret
}

// Groups (DM-44)

export function openGroup(dev: device, id: unknown): unknown {
  const group: DevresGroup = { id: null, open: true }
  group.id = id ?? group
  addDevres(dev, { name: 'grp<', key: group.id, release: () => {}, group })
  return group.id
}

/** The newest group with this id; with no id, the newest that is still open. */
function findGroup(dev: device, id: unknown): DevresGroup | null {
  const list = dev.$devres ?? []
  for (let i = list.length - 1; i >= 0; i--) {
    const { group, closes } = list[i]!
    if (!group || closes) continue
    if (id === null || id === undefined ? group.open : group.id === id) return group
  }
  return null
}

function unknownGroup(where: string): void {
  warn(machine(), 'devres-group', `drivers/base/devres.c at ${where}`, null, { rules: ['DM-44'] })
}

export function closeGroup(dev: device, id: unknown): void {
  const group = findGroup(dev, id)
  if (!group) return unknownGroup('devres_close_group')
  group.open = false
  addDevres(dev, { name: 'grp>', key: group.id, release: () => {}, group, closes: true })
}

/** Forgets a group; its resources stay for unbinding. */
export function removeGroup(dev: device, id: unknown): void {
  const group = findGroup(dev, id)
  if (!group) return unknownGroup('devres_remove_group')
  const list = dev.$devres!
  for (let i = list.length - 1; i >= 0; i--) if (list[i]!.group === group) list.splice(i, 1)
}

/** Releases what is in a group, newest first; how many. */
export function* releaseGroup(dev: device, id: unknown): Sim<number> {
  const group = findGroup(dev, id)
  const list = dev.$devres
  if (!group || !list) {
    if (list && list.length > 0) unknownGroup('devres_release_group')
    return 0
  }
  const first = list.findIndex((n) => n.group === group)
  const end = list.findIndex((n) => n.group === group && n.closes)
  if (first < 0) throw new SimBug('a devres group without a marker')
  const inside = list.splice(first, end < 0 ? list.length - first : end - first + 1)
  const outer = inside.filter((n) => n.group && n.group !== group && !wholly(inside, n.group))
  list.splice(first, 0, ...outer)
  return yield* releaseNodes(
    dev,
    inside.filter((n) => !outer.includes(n)),
  )
}

/** Whether both markers of a group are among these. */
function wholly(nodes: Devres[], group: DevresGroup): boolean {
  const markers = nodes.filter((n) => n.group === group)
  return markers.length === 2 || (group.open && !markers[0]!.closes)
}
