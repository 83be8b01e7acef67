import { KernelObject } from '../engine/object'
import { kernelCall } from '../kernel/api'
import { mightAlloc } from '../kernel/locking/fs-reclaim'
import { changeThisCpu, makePercpu, type percpu } from '../kernel/mm/percpu'
import type { gfp_t } from './types'

/** Counters that each CPU adds to on its own: `linux/percpu_counter`. */
export class percpu_counter extends KernelObject {
  count = 0
  /** @internal */
  $each: percpu<number> | null = null
}

/** What a CPU keeps to itself before it adds to the sum. */
const BATCH = 32

/** 0 or -ENOMEM. May sleep. Pair: `percpu_counter_destroy`. */
export const percpu_counter_init = kernelCall(
  'percpu_counter_init',
  (fbc: percpu_counter, amount: number, gfp: gfp_t): number => {
    mightAlloc('percpu_counter_init', gfp)
    fbc.count = amount
    fbc.$each = makePercpu(0)
    return 0
  },
)
export const percpu_counter_destroy = kernelCall('percpu_counter_destroy', (
  fbc: percpu_counter,
): void => {
  fbc.$each = null
})
export const percpu_counter_add_batch = kernelCall(
  'percpu_counter_add_batch',
  (fbc: percpu_counter, amount: number, batch: number): void => {
    const each = fbc.$each!
    const sum = changeThisCpu(each, null, (old) => old + amount) + amount
    if (sum < batch && sum > -batch) return
    fbc.count += sum
    changeThisCpu(each, null, () => 0)
  },
)
export const percpu_counter_add = (fbc: percpu_counter, amount: number): void =>
  percpu_counter_add_batch(fbc, amount, BATCH)
export const percpu_counter_sub = (fbc: percpu_counter, amount: number): void =>
  percpu_counter_add_batch(fbc, -amount, BATCH)
export const percpu_counter_inc = (fbc: percpu_counter): void => percpu_counter_add(fbc, 1)
export const percpu_counter_dec = (fbc: percpu_counter): void => percpu_counter_add(fbc, -1)
/** What has been added up so far: cheap, and behind by what the CPUs keep to themselves. */
export const percpu_counter_read = kernelCall(
  'percpu_counter_read',
  (fbc: percpu_counter): number => fbc.count,
)
export const percpu_counter_read_positive = (fbc: percpu_counter): number =>
  Math.max(0, percpu_counter_read(fbc))
/** The exact sum. */
export const percpu_counter_sum = kernelCall('percpu_counter_sum', (fbc: percpu_counter): number =>
  (fbc.$each?.$each ?? []).reduce((sum, slot) => sum + slot.value, fbc.count),
)
export const percpu_counter_set = kernelCall(
  'percpu_counter_set',
  (fbc: percpu_counter, amount: number): void => {
    for (const slot of fbc.$each?.$each ?? []) slot.value = 0
    fbc.count = amount
  },
)
