import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { call, type Sim } from '../../engine/suspend'
import { ref_get, ref_put } from '../../trace/events'
import { emit } from '../emit'
import { symbolOf } from '../printk/symbols'
import { warn } from '../printk/warn'
import { callRcu } from '../rcu/update'
import { rcu_head } from '../rcu/tree'

type Release = (ref: percpu_ref) => void

/**
 * A counter that is cheap as long as nobody wants to know its sum. Killing it drops the first
 * reference and starts counting: zero can be seen only after a grace period, when every CPU knows.
 */
export class percpu_ref extends KernelObject {
  /** @internal References, whoever holds them. */
  $count = 0
  /** @internal Each CPU counts for itself: the sum means nothing. */
  $spread = true
  /** @internal It was killed. */
  $dying = false
  /** @internal */
  $release: Release | null = null
  /** @internal */
  $confirm: Release | null = null
  /** @internal */
  readonly $rcu = new rcu_head()
}

export function initPercpuRef(ref: percpu_ref, release: Release, spread: boolean, dead: boolean): void {
  ref.$release = release
  ref.$count = dead ? 0 : 1
  ref.$spread = spread && !dead
  ref.$dying = dead
}

export function getPercpuRef(ref: percpu_ref, n: number): void {
  ref.$count += n
  emit(ref_get, ref, ref.$count, null, '')
}

/** False when it has come to zero, or (with `live`) when it was killed. */
export function tryGetPercpuRef(ref: percpu_ref, n: number, live: boolean): boolean {
  if (live ? ref.$dying : !ref.$spread && ref.$count === 0) return false
  getPercpuRef(ref, n)
  return true
}

export function* putPercpuRef(ref: percpu_ref, n: number): Sim {
  ref.$count -= n
  emit(ref_put, ref, ref.$count, null, '')
  if (ref.$spread || ref.$count !== 0) return
  const release = ref.$release
  if (release) yield* call(() => release(ref))
}

/** From now on the sum counts; `confirm` hears when every CPU knows. */
function count(ref: percpu_ref, confirm: Release | null, then: () => Sim): void {
  const counted = function* (): Sim {
    ref.$spread = false
    if (confirm) yield* call(() => confirm(ref))
    yield* then()
  }
  callRcu(ref.$rcu, counted as unknown as (head: rcu_head) => void)
}

export function switchToAtomic(ref: percpu_ref, confirm: Release | null): void {
  if (ref.$spread) count(ref, confirm, function* () {})
}

export function* killPercpuRef(ref: percpu_ref, confirm: Release | null): Sim {
  const m = machine()
  if (ref.$dying) {
    const text = `percpu_ref_kill_and_confirm called more than once on ${symbolOf(m, ref.$release, false)}!`
    warn(m, 'percpu-ref-kill', 'lib/percpu-refcount.c at percpu_ref_kill_and_confirm', text, {
      objects: [ref],
      printsOnce: true,
    })
  }
  ref.$dying = true
  if (!ref.$spread) {
    if (confirm) yield* call(() => confirm(ref))
    yield* putPercpuRef(ref, 1)
  } else count(ref, confirm, () => putPercpuRef(ref, 1))
}

/** A killed one comes back to life with one reference. */
export function resurrectPercpuRef(ref: percpu_ref): void {
  if (!ref.$dying)
    warn(machine(), 'percpu-ref-alive', 'lib/percpu-refcount.c at percpu_ref_resurrect', null, {
      objects: [ref],
      printsOnce: true,
    })
  ref.$dying = false
  ref.$spread = true
  getPercpuRef(ref, 1)
}

export function reinitPercpuRef(ref: percpu_ref): void {
  if (ref.$spread || ref.$count !== 0)
    warn(machine(), 'percpu-ref-busy', 'lib/percpu-refcount.c at percpu_ref_reinit', null, {
      objects: [ref],
      printsOnce: true,
    })
  resurrectPercpuRef(ref)
}
