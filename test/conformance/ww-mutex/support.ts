import type { Sim } from '../../../src-sim/engine/suspend'
import { msleep } from '../../../src-sim/linux/delay'
import { kthread_run } from '../../../src-sim/linux/kthread'
import * as ww from '../../../src-sim/linux/ww_mutex'
import { sim } from '../../sim/harness'

/** So many locks of a class. */
export function locksOf(cls: ww.ww_class, count: number): ww.ww_mutex[] {
  return Array.from({ length: count }, () => {
    const lock = new ww.ww_mutex()
    ww.ww_mutex_init(lock, cls)
    return lock
  })
}

export function begin(cls: ww.ww_class): ww.ww_acquire_ctx {
  const ctx = new ww.ww_acquire_ctx()
  ww.ww_acquire_init(ctx, cls)
  return ctx
}

export const lock = (l: ww.ww_mutex, ctx: ww.ww_acquire_ctx | null): Sim<number> =>
  sim(ww.ww_mutex_lock(l, ctx))
export const slow = (l: ww.ww_mutex, ctx: ww.ww_acquire_ctx): Sim =>
  sim(ww.ww_mutex_lock_slow(l, ctx) as never)
export const sleep = (ms: number): Sim => sim(msleep(ms) as never)

/** Gives locks back and ends the attempt. */
export function end(ctx: ww.ww_acquire_ctx, ...held: ww.ww_mutex[]): void {
  for (const l of held) ww.ww_mutex_unlock(l)
  ww.ww_acquire_fini(ctx)
}

/** Runs `body` as a task of its own. */
export function* go(name: string, body: () => Sim): Sim {
  const main = function* (): Sim<number> {
    yield* body()
    return 0
  }
  yield* sim(kthread_run(main as never, null, name))
}
