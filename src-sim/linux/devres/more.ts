import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { kernelCall } from '../../kernel/api'
import type { device } from '../../kernel/base/device'
import * as d from '../../kernel/base/devres'
import { slab } from '../../kernel/mm/slab'
import { vsprintf } from '../../kernel/printk/format'
import { warn } from '../../kernel/printk/warn'
import { ENOENT } from '../errno'
import type { gfp_t } from '../types'
import { devm_kfree, devm_kmalloc, devres_data, devres_release } from '../devres'

/** Less common managed functions. Part of `linux/devres`. */

type Release<T> = (dev: device, res: T) => void
type Match<T> = ((dev: device, res: T, data: any) => number | boolean) | null

const matching =
  <T>(dev: device, release: Release<T>, match: Match<T>, data: unknown) =>
  (node: d.Devres): boolean => {
    const own = node.key
    if (!(own instanceof devres_data) || own.release !== (release as unknown)) return false
    return match === null || !!machine().runtime.atomic(match(dev, own.data as T, data))
  }
const resourceOf = <T>(node: d.Devres | null): T | null =>
  node === null ? null : (node.key as devres_data<T>).data

/** The newest resource with this release function that fits, or null. */
export function devres_find<T>(
  dev: device, release: Release<T>, match: Match<T>, match_data: unknown,
): T | null {
  return resourceOf(d.findDevres(dev, matching(dev, release, match, match_data)))
}
/** The resource that fits, or else the new one, which is added. */
export function devres_get<T>(
  dev: device, new_res: devres_data<T>, match: Match<T>, match_data: unknown,
): T {
  const found = devres_find(dev, new_res.release, match, match_data)
  if (found !== null) return found
  new_res.$node ??= {
    name: new_res.release.name, key: new_res, release: () => new_res.release(dev, new_res.data),
  }
  d.addDevres(dev, new_res.$node)
  return new_res.data
}
/** Takes the resource that fits out, without releasing it; null when there is none. */
export function devres_remove<T>(
  dev: device, release: Release<T>, match: Match<T>, match_data: unknown,
): T | null {
  return resourceOf(d.takeDevres(dev, matching(dev, release, match, match_data)))
}
/** Takes a resource out and forgets it. 0 or -ENOENT. */
export function devres_destroy<T>(
  dev: device, release: Release<T>, match: Match<T>, match_data: unknown,
): number {
  return devres_remove(dev, release, match, match_data) === null ? -ENOENT : 0
}
/** Calls `fn` for each resource that fits, newest first. */
export function devres_for_each_res<T>(
  dev: device,
  release: Release<T>,
  match: Match<T>,
  match_data: unknown,
  fn: (dev: device, res: T, data: any) => void,
  data: unknown,
): void {
  const fits = matching(dev, release, match, match_data)
  for (const node of [...(dev.$devres ?? [])].reverse())
    if (!node.group && fits(node)) machine().runtime.atomic(fn(dev, resourceOf<T>(node)!, data))
}
/** Releases everything, newest first; how much. May sleep. */
export const devres_release_all = kernelCall('devres_release_all', (dev: device): Sim<number> =>
  d.releaseDevres(dev),
)
export { devres_release }

/** An array without zeroes. */
export function devm_kmalloc_array(
  dev: device, n: number, size: number, gfp: gfp_t,
): Uint8Array | null {
  return devm_kmalloc(dev, n * size, gfp)
}

/**
 * Grows (or shrinks) managed bytes: the old ones move along and are freed. With a size of 0 they
 * are freed. A pointer that this device does not manage is a WARNING (DM-43).
 */
export function devm_krealloc(
  dev: device, ptr: Uint8Array | null, new_size: number, gfp: gfp_t,
): Uint8Array | null {
  if (new_size === 0) {
    if (ptr) devm_kfree(dev, ptr)
    return null
  }
  if (ptr === null) return devm_kmalloc(dev, new_size, gfp)
  if (ptr.length >= new_size) return ptr
  const managed = d.findDevres(dev, (n) => n.name === 'devm_kmalloc_release' && n.key === ptr)
  if (!managed) {
    warn(
      machine(), 'devm-krealloc', 'drivers/base/devres.c at devm_krealloc',
      'Memory chunk not managed or managed by a different device.',
      { objects: [ptr], rules: ['DM-43'] },
    )
    return null
  }
  const grown = devm_kmalloc(dev, new_size, gfp)
  if (grown === null) return null
  grown.set(ptr)
  devm_kfree(dev, ptr)
  return grown
}
export function devm_krealloc_array(
  dev: device, p: Uint8Array | null, new_n: number, new_size: number, flags: gfp_t,
): Uint8Array | null {
  return devm_krealloc(dev, p, new_n * new_size, flags)
}
/** A text that is the program's own is given back as it is. */
export function devm_kstrdup_const(_dev: device, s: string, _gfp: gfp_t): string | null {
  return s
}
export function devm_kmemdup_array(
  dev: device, src: Uint8Array, n: number, size: number, flags: gfp_t,
): Uint8Array | null {
  const copy = devm_kmalloc(dev, n * size, flags)
  copy?.set(src.subarray(0, n * size))
  return copy
}
export function devm_kvasprintf(
  _dev: device, _gfp: gfp_t, fmt: string, args: readonly unknown[],
): string | null {
  return d.allocDevres('devm_kvasprintf') ? vsprintf(machine(), fmt, args) : null
}

/** 2^order pages, zeroed or not; an address as bytes. Null when there are none. May sleep. */
export function devm_get_free_pages(
  dev: device, gfp_mask: gfp_t, order: number,
): Uint8Array | null {
  return devm_kmalloc(dev, 4096 * 2 ** order, gfp_mask)
}
/** Frees them before their time; pages of another device are a WARNING. */
export function devm_free_pages(dev: device, addr: Uint8Array): void {
  const node = d.takeDevres(dev, (n) => n.name === 'devm_kmalloc_release' && n.key === addr)
  if (node) slab(machine()).free(addr)
  else
    warn(machine(), 'devm-free-pages', 'drivers/base/devres.c at devm_free_pages', null, {
      rules: ['DM-43'],
    })
}
