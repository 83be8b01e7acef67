import { machine } from '../engine/current'
import { kernelCall } from '../kernel/api'
import type { device } from '../kernel/base/device'
import * as d from '../kernel/base/devres'
import { allocate, slab } from '../kernel/mm/slab'
import { mightSleep } from '../kernel/sched/schedule'
import { vsprintf } from '../kernel/printk/format'
import { warn } from '../kernel/printk/warn'
import type { Sim } from '../engine/suspend'
import { ENOENT } from './errno'
import type { gfp_t } from './types'

/**
 * Managed resources: `linux/devres`, part of `linux/device`. Undone newest first when the device
 * loses its driver, when a probe fails, and when the device is deleted (DM-40).
 */

function track<T extends object>(dev: device, object: T | null): T | null {
  if (object === null) return null
  const release = (): void => slab(machine()).free(object)
  const ret = d.addDevres(dev, { name: 'devm_kmalloc_release', key: object, release })
  if (ret === 0) return object
  release()
  return null
}

function obtain(
  what: string,
  dev: device,
  type: (new () => object) | number,
  zero: boolean,
): object | null {
  mightSleep(what)
  return track(dev, allocate(type as number, zero) as object | null)
}

/**
 * Zeroed memory that is freed when the device loses its driver: not for anything that an open file
 * or another holder can still reach then (DM-46). May sleep. Null when there is none.
 */
export function devm_kzalloc<T extends object>(dev: device, type: new () => T, gfp: gfp_t): T | null
export function devm_kzalloc(dev: device, size: number, gfp: gfp_t): Uint8Array | null
export function devm_kzalloc(
  dev: device,
  what: (new () => object) | number,
  _gfp: gfp_t,
): object | null {
  return obtain('devm_kzalloc', dev, what, true)
}

/** As `devm_kzalloc`; bytes are not zeroed. */
export function devm_kmalloc<T extends object>(dev: device, type: new () => T, gfp: gfp_t): T | null
export function devm_kmalloc(dev: device, size: number, gfp: gfp_t): Uint8Array | null
export function devm_kmalloc(
  dev: device,
  what: (new () => object) | number,
  _gfp: gfp_t,
): object | null {
  return obtain('devm_kmalloc', dev, what, false)
}

/** A managed array of `n` structures, or `n * size` bytes, zeroed. */
export function devm_kcalloc<T extends object>(
  dev: device,
  n: number,
  type: new () => T,
  gfp: gfp_t,
): T[] | null
export function devm_kcalloc(dev: device, n: number, size: number, gfp: gfp_t): Uint8Array | null
export function devm_kcalloc(
  dev: device,
  n: number,
  what: (new () => object) | number,
  _gfp: gfp_t,
): object | null {
  mightSleep('devm_kcalloc')
  if (typeof what === 'number')
    return track(dev, allocate<Uint8Array>(n * what, true) as Uint8Array | null)
  const array = Array.from({ length: n }, () => new what())
  return track(dev, slab(machine()).alloc(array, Math.max(8, n * 8)))
}

export function devm_kmemdup(
  dev: device,
  source: Uint8Array,
  length: number,
  gfp: gfp_t,
): Uint8Array | null {
  const copy = devm_kmalloc(dev, length, gfp)
  copy?.set(source.subarray(0, length))
  return copy
}

/** A managed text; texts have no memory of their own here, so nothing is freed. */
export function devm_kstrdup(_dev: device, text: string, _gfp: gfp_t): string | null {
  return d.allocDevres('devm_kstrdup') ? text : null
}
export function devm_kasprintf(
  _dev: device,
  _gfp: gfp_t,
  format: string,
  ...args: unknown[]
): string | null {
  return d.allocDevres('devm_kasprintf') ? vsprintf(machine(), format, args) : null
}

/** Frees managed memory now. Something not managed by this device is a WARNING (DM-43). */
export function devm_kfree(dev: device, object: object | null): void {
  if (object === null) return
  const node = d.takeDevres(dev, (n) => n.name === 'devm_kmalloc_release' && n.key === object)
  if (node) slab(machine()).free(object)
  else
    warn(machine(), 'devm-kfree', 'drivers/base/devres.c at devm_kfree', null, {
      objects: [object],
      rules: ['DM-43'],
    })
}

type Action<T> = (data: T) => void
const plain = <T>(action: Action<T>): ((data: never) => void) => action as (data: never) => void

/** Has `action(data)` called when the device loses its driver, newest first. 0 or -ENOMEM. */
export function devm_add_action<T>(dev: device, action: Action<T>, data: T): number {
  return d.addAction(dev, plain(action), data)
}

/** As `devm_add_action`; when that fails the action runs at once (DM-42). */
export const devm_add_action_or_reset = kernelCall(
  'devm_add_action_or_reset',
  (dev: device, action: (data: never) => void, data: unknown) =>
    d.addActionOrReset(dev, action, data),
) as <T>(dev: device, action: Action<T>, data: T) => number

/** Takes an action off without running it; one that is not there is a WARNING. */
export function devm_remove_action<T>(dev: device, action: Action<T>, data: T): void {
  if (devm_remove_action_nowarn(dev, action, data) === 0) return
  warn(machine(), 'devm-action', 'include/linux/device/devres.h:160 at %f', null, {
    rules: ['DM-42'],
  })
}

/** 0, or -ENOENT when there is no such action. */
export function devm_remove_action_nowarn<T>(dev: device, action: Action<T>, data: T): number {
  return d.takeDevres(dev, d.sameAction(action, data)) ? 0 : -ENOENT
}

/** Runs an action now and takes it off; one that is not there is a WARNING. */
export const devm_release_action = kernelCall(
  'devm_release_action',
  function* (dev: device, action: (data: never) => void, data: unknown): Sim {
    const ret = yield* d.releaseOne(dev, d.sameAction(action, data))
    if (ret)
      warn(machine(), 'devm-action', 'drivers/base/devres.c:908 at devm_release_action', null, {
        rules: ['DM-42'],
      })
  },
) as <T>(dev: device, action: Action<T>, data: T) => void

export function devm_is_action_added<T>(dev: device, action: Action<T>, data: T): boolean {
  return d.findDevres(dev, d.sameAction(action, data)) !== null
}

/** Starts a group of resources; answers its id (a new one for null). Pair: `devres_close_group`. */
export function devres_open_group<T>(dev: device, id: T | null, _gfp: gfp_t): T {
  return d.openGroup(dev, id) as T
}
/** Ends a group; null means the newest that is open. */
export function devres_close_group(dev: device, id: unknown): void {
  d.closeGroup(dev, id)
}
/** Forgets a group and keeps its resources. */
export function devres_remove_group(dev: device, id: unknown): void {
  d.removeGroup(dev, id)
}
/** Releases what is inside a group, newest first; how many (DM-44). */
export const devres_release_group = kernelCall('devres_release_group', d.releaseGroup)

/** A resource of your own: memory with a release function, put in place by `devres_add`. */
export class devres_data<T> {
  data: T
  release: (dev: device, res: T) => void
  /** @internal */
  $node: d.Devres | null = null
  constructor(release: (dev: device, res: T) => void, data: T) {
    this.release = release
    this.data = data
  }
}

/** Prepares a resource; null when memory is short. Pair: `devres_free` or `devres_add`. */
export function devres_alloc<T>(
  release: (dev: device, res: T) => void,
  data: T,
  _gfp: gfp_t,
): devres_data<T> | null {
  return d.allocDevres('devres_alloc') ? new devres_data(release, data) : null
}
export function devres_free(_res: unknown): void {}
export function devres_add<T>(dev: device, res: devres_data<T>): void {
  res.$node ??= { name: res.release.name, key: res, release: () => res.release(dev, res.data) }
  d.addDevres(dev, res.$node)
}
type Match<T> = (dev: device, res: T, data: unknown) => number | boolean

function* releaseMatching<T>(
  dev: device,
  release: (dev: device, res: T) => void,
  match: Match<T> | null,
  data: unknown,
): Sim<number> {
  const found = d.findDevres(dev, (n) => {
    const own = n.key
    if (!(own instanceof devres_data) || own.release !== (release as unknown)) return false
    return match === null || !!machine().runtime.atomic(match(dev, own.data as T, data))
  })
  return yield* d.releaseOne(dev, (n) => n === found)
}
/** Takes a resource out and releases it. 0 or -ENOENT. */
export const devres_release = kernelCall('devres_release', releaseMatching) as <T>(
  dev: device,
  release: (dev: device, res: T) => void,
  match: Match<T> | null,
  data: unknown,
) => number
