import { machine } from '../../engine/current'
import { call, point, type Sim } from '../../engine/suspend'
import { ENOMEM } from '../errno'
import { faultInjection } from '../mm/fault-injection'
import { slab } from '../mm/slab'
import { warn } from '../printk/warn'
import type { drm_device } from './device'

/** Called with the device and with what was given when the action was added. */
export type DrmAction = (dev: drm_device, data: any) => unknown

/** Something that ends with the last reference to a device. */
export interface ManagedResource {
  name: string
  release: DrmAction | null
  data: unknown
  /** Memory of the resource itself. */
  memory: object | null
}

/** 0 or -ENOMEM. */
export function addAction(
  dev: drm_device,
  release: DrmAction,
  data: unknown,
  name: string,
): number {
  if (faultInjection(machine()).shouldFail('drmm_add_action')) return -ENOMEM
  dev.$managed.unshift({ name, release, data, memory: null })
  return 0
}

export function* addActionOrReset(
  dev: drm_device,
  release: DrmAction,
  data: unknown,
  name: string,
): Sim<number> {
  const ret = addAction(dev, release, data, name)
  if (ret) yield* call(() => release(dev, data))
  return ret
}

/** Runs an action now and forgets it; of several the oldest. Without data any will do. */
export function* releaseAction(dev: drm_device, release: DrmAction, data: unknown): Sim {
  const at = dev.$managed.findLastIndex((r) => r.release === release && (!data || r.data === data))
  if (at < 0) return missing('drmm_release_action')
  dev.$managed.splice(at, 1)
  yield* call(() => release(dev, data))
}

/** Memory that ends with the device. */
export function manageMemory<T extends object>(dev: drm_device, memory: T | null): T | null {
  if (memory) dev.$managed.unshift({ name: 'kmalloc', release: null, data: null, memory })
  return memory
}

export function freeManaged(dev: drm_device, memory: object | null): void {
  if (!memory) return
  const at = dev.$managed.findIndex((r) => r.memory === memory)
  if (at < 0) return missing('drmm_kfree')
  dev.$managed.splice(at, 1)
  slab(machine()).free(memory)
}

/** The end of everything that is managed, newest first. */
export function* releaseManaged(dev: drm_device): Sim {
  for (let node = dev.$managed.shift(); node; node = dev.$managed.shift()) {
    const { release, data, memory } = node
    yield point(releaseManaged, dev)
    if (release) yield* call(() => release(dev, data))
    if (memory) slab(machine()).free(memory)
  }
}

function missing(where: string): void {
  warn(machine(), 'drm-managed', `drivers/gpu/drm/drm_managed.c at ${where}`, null)
}
