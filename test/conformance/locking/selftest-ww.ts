import * as mx from '../../../src-sim/kernel/locking/mutex'
import { spinLockNestLock, type raw_spinlock_t } from '../../../src-sim/kernel/locking/spinlock'
import * as ww from '../../../src-sim/kernel/locking/ww-mutex'
import {
  TASK_INTERRUPTIBLE,
  TASK_KILLABLE,
  TASK_UNINTERRUPTIBLE,
} from '../../../src-sim/kernel/sched/states'
import type { Cell, World } from './selftest-harness'
import { F, S } from './selftest-cells'

const D = TASK_UNINTERRUPTIBLE
const EDEADLK = 35

function expectAnswer(got: unknown, want: unknown): void {
  if (got !== undefined && typeof got === 'object')
    (got as Generator).next()
  else if (got !== want) throw new Error(`answered ${String(got)} instead of ${String(want)}`)
}

const init = (w: World, t = w.t): void => ww.wwAcquireInit(t, w.wwClass)
const lock = (l: ww.ww_mutex, t: ww.ww_acquire_ctx | null): unknown => finish(ww.wwLock('ww_mutex_lock', l, t, D))
const slow = (l: ww.ww_mutex, t: ww.ww_acquire_ctx): unknown => finish(ww.wwLockSlow('ww_mutex_lock_slow', l, t, D))

/** A wait that ends at once because the context has to back off. */
function finish(result: unknown): unknown {
  if (typeof result === 'number') return result
  const turn = (result as Generator<unknown, number>).next()
  if (!turn.done) throw new Error('the cell would have to wait')
  return turn.value
}

function copyContext(to: ww.ww_acquire_ctx, from: ww.ww_acquire_ctx, stamp: number): void {
  Object.assign(to, from, { $id: 0, stamp })
}

export const apiFailures: Cell[] = [
  S((w) => {
    init(w)
    w.t.stamp++
    expectAnswer(lock(w.o, w.t), 0)
    expectAnswer(lock(w.o, w.t), -114)
    expectAnswer(ww.wwTrylock(w.o, null), 0)
    copyContext(w.t2, w.t, w.t.stamp + 1)
    expectAnswer(lock(w.o, w.t2), -EDEADLK)
    ww.wwUnlock(w.o)
    expectAnswer(ww.wwTrylock(w.o, null), 1)
    ww.wwUnlock(w.o)
  }),
  S((w) => {
    const marker = new ww.ww_acquire_ctx()
    const { base } = w.o
    w.o.ctx = marker
    for (const bits of [D, TASK_INTERRUPTIBLE, TASK_KILLABLE]) {
      mx.lockMutex('mutex_lock', base, bits)
      mx.mutexUnlock(base)
    }
    expectAnswer(mx.mutexTrylock(base), 1)
    mx.mutexUnlock(base)
    mx.lockMutex('mutex_lock', base, D)
    expectAnswer(mx.mutexTrylock(base), 0)
    mx.mutexUnlock(base)
    if (w.o.ctx !== marker) throw new Error('the context was touched')
    w.o.ctx = null
    init(w)
    mx.lockMutex('mutex_lock', base, D, 0, w.t.dep_map)
    mx.mutexUnlock(base)
  }),
  F((w) => {
    init(w)
    slow(w.o, w.t)
  }),
]

export const mixing: Cell[] = [
  F((w) => {
    init(w)
    init(w, w.t2)
  }),
  F((w) => {
    init(w)
    w.t.ww_class = null
    lock(w.o, w.t)
  }),
]

export const finishing: Cell[] = [
  F((w) => {
    init(w)
    ww.wwAcquireDone(w.t)
    ww.wwAcquireDone(w.t)
    ww.wwAcquireFini(w.t)
  }),
  F((w) => {
    init(w)
    ww.wwAcquireDone(w.t)
    ww.wwAcquireFini(w.t)
    ww.wwAcquireFini(w.t)
  }),
  F((w) => {
    init(w)
    lock(w.o, w.t)
    ww.wwAcquireDone(w.t)
    ww.wwAcquireFini(w.t)
  }),
  F((w) => {
    init(w)
    ww.wwAcquireDone(w.t)
    lock(w.o, w.t)
  }),
]

export const mismatches: Cell[] = [
  F((w) => {
    lock(w.o, null)
    ww.wwUnlock(w.o)
    ww.wwUnlock(w.o)
  }),
  F((w) => {
    init(w)
    lock(w.o, w.t)
    w.t.acquired = 0
    ww.wwUnlock(w.o)
    ww.wwAcquireFini(w.t)
  }),
  F((w) => {
    init(w)
    w.o.ctx = w.t2
    lock(w.o, w.t)
  }),
]

/** Makes `l` look as if another, older context held it. */
function foreign(w: World, l: ww.ww_mutex): void {
  mx.lockMutex('mutex_lock', l.base, D)
  w.lockdep.release(l.base.dep_map!)
  l.ctx = w.t2
}

function setUp(w: World, also: boolean): void {
  foreign(w, w.o2)
  if (also) foreign(w, w.o3)
  init(w)
  copyContext(w.t2, w.t, w.t.stamp - 1)
  expectAnswer(lock(w.o, w.t), 0)
  expectAnswer(lock(w.o2, w.t), -EDEADLK)
}

function free(w: World): void {
  w.o2.ctx = null
  w.lockdep.acquire(w.o2.base.dep_map!, { trylock: true })
  mx.mutexUnlock(w.o2.base)
}

const deadlock = (
  fails: boolean,
  freed: boolean,
  drop: boolean,
  how: typeof lock,
  which: 'o2' | 'o3',
  also = false,
): Cell => ({
  fails,
  run(w) {
    setUp(w, also)
    if (freed) free(w)
    if (drop) ww.wwUnlock(w.o)
    how(w[which], w.t)
  },
})
const slowly = slow as typeof lock

export const edeadlk: Cell[] = [
  deadlock(false, true, true, lock, 'o2'),
  deadlock(false, true, true, slowly, 'o2'),
  deadlock(true, true, false, lock, 'o2'),
  deadlock(true, true, false, slowly, 'o2'),
  deadlock(true, false, false, lock, 'o3'),
  deadlock(true, false, false, slowly, 'o3'),
  deadlock(true, false, false, lock, 'o3', true),
  deadlock(true, false, false, slowly, 'o3', true),
  deadlock(true, false, true, lock, 'o3'),
  deadlock(true, false, true, slowly, 'o3'),
]

const nested = (w: World, name: string, outer: { dep_map: never }): void => {
  spinLockNestLock(w.lockOf('spin', name) as raw_spinlock_t, outer.dep_map)
}

export const nestUnlocked: Cell = F((w) => {
  nested(w, 'A', w.o.base as never)
  w.U('spin', 'A')
})

export const nestTest: Cell = S((w) => {
  w.L('spin', 'X1')
  const outer = w.lockOf('spin', 'X1') as never
  nested(w, 'Y1', outer)
  w.L('spin', 'A')
  nested(w, 'Y2', outer)
  w.U('spin', 'A')
  w.U('spin', 'Y2')
  w.U('spin', 'Y1')
  w.U('spin', 'X1')
})

type Mode = 'block' | 'try' | 'context'
const MODES: Mode[] = ['block', 'try', 'context']

function take(w: World, l: ww.ww_mutex, mode: Mode, state: { ready: boolean }): void {
  if (mode === 'try') expectAnswer(ww.wwTrylock(l, null), 1)
  else if (mode === 'block') lock(l, null)
  else {
    if (!state.ready) init(w)
    state.ready = true
    lock(l, w.t)
  }
}

const MATRIX: Record<string, string> = { context: 'FSS', try: 'FSF', block: 'FSF', spinlock: 'FSF' }

export function matrix(): [string, Cell[]][] {
  return Object.entries(MATRIX).map(([first, expected]) => [
    first,
    MODES.map((second, i) => ({
      fails: expected[i] === 'F',
      run: (w: World) => (first === 'spinlock' ? withSpinlock(w, second) : both(w, first as Mode, second)),
    })),
  ])
}

function both(w: World, first: Mode, second: Mode): void {
  const state = { ready: false }
  take(w, w.o, first, state)
  take(w, w.o2, second, state)
  if (first === 'context' ? second !== 'block' : first === 'try' && second !== 'context') {
    ww.wwUnlock(w.o2)
    ww.wwUnlock(w.o)
  }
}

function withSpinlock(w: World, mode: Mode): void {
  const state = { ready: false }
  w.nest(['spin', 'A'])
  take(w, w.o, mode, state)
  w.nest(['spin', 'A'])
  ww.wwUnlock(w.o)
  w.L('spin', 'A')
  take(w, w.o, mode, state)
  ww.wwUnlock(w.o)
  w.U('spin', 'A')
}
