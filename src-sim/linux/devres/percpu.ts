import { machine } from '../../engine/current'
import type { Sim } from '../../engine/suspend'
import { kernelCall } from '../../kernel/api'
import type { device } from '../../kernel/base/device'
import { addAction, addDevres, releaseOne } from '../../kernel/base/devres'
import { initMutex, mutexDestroy, type mutex } from '../../kernel/locking/mutex'
import { allocPercpu, type percpu } from '../../kernel/mm/percpu'
import { slab } from '../../kernel/mm/slab'

/** More managed things: per-CPU memory and mutexes. Part of `linux/device`. */

const RELEASE = 'devm_percpu_release'

/** As `alloc_percpu`; freed when the device loses its driver. Null without memory. */
export const devm_alloc_percpu = kernelCall(
  'devm_alloc_percpu',
  <T extends object>(dev: device, type: new () => T): percpu<T> | null => {
    const data = allocPercpu(type) as percpu<T> | null
    const release = (): void => slab(machine()).free(data!)
    if (data !== null) addDevres(dev, { name: RELEASE, key: data, release })
    return data
  },
)
/** Frees it earlier. */
export const devm_free_percpu = kernelCall(
  'devm_free_percpu',
  (dev: device, pdata: percpu<unknown>): Sim<number> =>
    releaseOne(dev, (node) => node.name === RELEASE && node.key === pdata),
) as (dev: device, pdata: percpu<unknown>) => void

/** `mutex_init`, and `mutex_destroy` when the device loses its driver. 0 or -ENOMEM. */
export const devm_mutex_init = kernelCall('devm_mutex_init', (dev: device, lock: mutex): number => {
  initMutex(lock)
  return addAction(dev, mutexDestroy as never, lock)
})
