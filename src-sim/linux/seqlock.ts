import { machine } from '../engine/current'
import { kernelCall, quiet } from '../kernel/api'
import type { Sim } from '../engine/suspend'
import * as s from '../kernel/locking/seqlock'
import type { seqcount_t as Count } from '../kernel/locking/seqlock'
import * as spin from '../kernel/locking/spinlock'
import { KernelObject } from '../engine/object'
import type { lockdep_map } from '../kernel/locking/map'

/** Brought along, as by the C header. */
export * from './compiler'
export * from './lockdep'
export * from './mutex'
export * from './preempt'
export * from './spinlock'

/**
 * Sequence counters and locks: `linux/seqlock`. Readers never wait for long: they read again when
 * a writer was in between. Data may be torn until `read_seqretry` has said 0.
 */

export { seqcount_t } from '../kernel/locking/seqlock'

/** A sequence counter with the spinlock of its writers. */
export class seqlock_t extends KernelObject {
  seqcount = new s.seqcount_t()
  lock = new spin.spinlock_t()
}

export const seqcount_init = kernelCall('seqcount_init', (c: Count, name?: string) =>
  s.initSeqcount(c, name),
)
/** A counter whose writers hold `lock`, which is checked. */
export const seqcount_spinlock_init = kernelCall(
  'seqcount_spinlock_init',
  function (c: Count, lock: { dep_map: lockdep_map | null }): void {
    s.initSeqcount(c)
    c.$lock = lock
  },
)
export const seqcount_mutex_init = kernelCall(
  'seqcount_mutex_init',
  function (c: Count, lock: { dep_map: lockdep_map | null }): void {
    s.initSeqcount(c)
    c.$lock = lock
    c.$sleeping = true
  },
)
/** Waits until no writer is inside; answers what `read_seqcount_retry` compares with. */
export const read_seqcount_begin = kernelCall(
  'read_seqcount_begin',
  (c: Count) => s.readSeqBegin(c, true),
)
export const raw_read_seqcount_begin = kernelCall('raw_read_seqcount_begin', (c: Count) =>
  s.readSeqBegin(c, false),
)
/** 1 when a writer was there in between: read again. */
export const read_seqcount_retry = kernelCall('read_seqcount_retry', s.readSeqRetry)
/** Begins writing. Writers must be alone and not preemptible. */
export const write_seqcount_begin = kernelCall('write_seqcount_begin', (c: Count) =>
  s.writeSeqcountBegin(c),
)
export const write_seqcount_end = kernelCall('write_seqcount_end', s.writeSeqcountEnd)
export const raw_write_seqcount_begin = kernelCall('raw_write_seqcount_begin', s.rawWriteBegin)
export const raw_write_seqcount_end = kernelCall('raw_write_seqcount_end', s.rawWriteEnd)

/** A static lock. */
export function DEFINE_SEQLOCK(name = ''): seqlock_t {
  const lock = new seqlock_t()
  spin.defineSpinlock(lock.lock, name)
  s.initSeqcount(lock.seqcount, name || undefined, lock.seqcount)
  return lock
}
export const seqlock_init = kernelCall('seqlock_init', function (lock: seqlock_t): void {
  spin.initSpinlock(lock.lock)
  // Two classes of one place: the count is not the lock of its writers.
  const place = machine().runtime.p
  s.initSeqcount(lock.seqcount, undefined, place === 0 ? undefined : `seqcount at ${place}`)
})
export const read_seqbegin = kernelCall(
  'read_seqbegin',
  (l: seqlock_t) => s.readSeqBegin(l.seqcount, true),
)
export const read_seqretry = kernelCall('read_seqretry', (l: seqlock_t, start: number) =>
  s.readSeqRetry(l.seqcount, start),
)

function begin(lock: seqlock_t, wait: void | Sim): void | Sim {
  if (wait) return beginLater(lock, wait)
  s.writeSeqcountBegin(lock.seqcount)
  return undefined
}
function* beginLater(lock: seqlock_t, wait: Sim): Sim {
  yield* wait
  s.writeSeqcountBegin(lock.seqcount)
}
/** Takes the writers' lock and begins writing. */
export const write_seqlock = kernelCall(
  'write_seqlock',
  (l: seqlock_t) => begin(l, spin.spinLock(l.lock)),
)
export const write_sequnlock = kernelCall('write_sequnlock', function (l: seqlock_t): void {
  s.writeSeqcountEnd(l.seqcount)
  spin.spinUnlock(l.lock)
})
export const write_seqlock_irq = kernelCall('write_seqlock_irq', (l: seqlock_t) =>
  begin(l, spin.spinLockIrq(l.lock)),
)
export const write_sequnlock_irq = kernelCall('write_sequnlock_irq', function (l: seqlock_t): void {
  s.writeSeqcountEnd(l.seqcount)
  spin.spinUnlockIrq(l.lock)
})
export const write_seqlock_bh = kernelCall('write_seqlock_bh', (l: seqlock_t) =>
  begin(l, spin.spinLockBh(l.lock)),
)
export const write_sequnlock_bh = kernelCall('write_sequnlock_bh', function (
  l: seqlock_t,
): void | Sim {
  s.writeSeqcountEnd(l.seqcount)
  return spin.spinUnlockBh(l.lock)
})
function* beginIrqsave(lock: seqlock_t): Sim<number> {
  const wait = spin.spinLockIrqsave(lock.lock)
  const flags = typeof wait === 'number' ? wait : yield* wait
  s.writeSeqcountBegin(lock.seqcount)
  return flags
}
/** Answers the interrupt state to restore. */
export const write_seqlock_irqsave = kernelCall('write_seqlock_irqsave', beginIrqsave)
export const write_sequnlock_irqrestore = kernelCall(
  'write_sequnlock_irqrestore',
  function (l: seqlock_t, flags: number): void {
    s.writeSeqcountEnd(l.seqcount)
    spin.spinUnlockIrqrestore(l.lock, flags)
  },
)
/** A reader that excludes writers instead of reading again. */
export const read_seqlock_excl = kernelCall(
  'read_seqlock_excl',
  (l: seqlock_t) => spin.spinLock(l.lock),
)
export const read_sequnlock_excl = kernelCall('read_sequnlock_excl', (l: seqlock_t) =>
  spin.spinUnlock(l.lock),
)

export const seqcount_spinlock_t = s.seqcount_t
export type seqcount_spinlock_t = Count
export const seqcount_raw_spinlock_t = s.seqcount_t
export type seqcount_raw_spinlock_t = Count
export const seqcount_rwlock_t = s.seqcount_t
export type seqcount_rwlock_t = Count
export const seqcount_mutex_t = s.seqcount_t
export type seqcount_mutex_t = Count
export const seqcount_raw_spinlock_init = seqcount_spinlock_init
export const seqcount_rwlock_init = seqcount_spinlock_init
export const seqcount_ww_mutex_init = seqcount_mutex_init
/** A counter at rest, for initialisers. */
export const SEQCNT_ZERO = quiet((_name = ''): Count => new s.seqcount_t())
/** As `read_seqcount_begin` without the barrier or the check. */
export const __read_seqcount_begin = raw_read_seqcount_begin
/** Reads the number as it is, odd while a writer is inside. */
export const raw_read_seqcount = kernelCall('raw_read_seqcount', (c: Count): number => c.sequence)
/** As `raw_read_seqcount` with the lowest bit cleared: does not wait for a writer. */
export const raw_seqcount_begin = kernelCall(
  'raw_seqcount_begin',
  (c: Count): number => c.sequence & ~1,
)
export const __read_seqcount_retry = read_seqcount_retry
export const write_seqcount_begin_nested = kernelCall(
  'write_seqcount_begin_nested',
  (c: Count, subclass: number) => s.writeSeqcountBegin(c, subclass),
)
/** Makes readers that are inside read again, without writing. */
export const write_seqcount_invalidate = kernelCall('write_seqcount_invalidate', (
  c: Count,
): void => {
  s.rawWriteBegin(c)
  s.rawWriteEnd(c)
})
export const raw_write_seqcount_barrier = write_seqcount_invalidate

/** First round without the lock (`seq` even); a second one, if needed, with it (odd). */
export const read_seqbegin_or_lock = kernelCall(
  'read_seqbegin_or_lock',
  (l: seqlock_t, seq: { value: number }): void | Sim => {
    if (seq.value & 1) return spin.spinLock(l.lock)
    const started = s.readSeqBegin(l.seqcount, true)
    if (typeof started === 'number') seq.value = started
    else return keep(started, seq)
    return undefined
  },
)
function* keep(started: Sim<number>, seq: { value: number }): Sim {
  seq.value = yield* started
}
export const need_seqretry = kernelCall('need_seqretry', (l: seqlock_t, seq: number): number =>
  seq & 1 ? 0 : s.readSeqRetry(l.seqcount, seq),
)
export const done_seqretry = kernelCall('done_seqretry', (l: seqlock_t, seq: number): void => {
  if (seq & 1) spin.spinUnlock(l.lock)
})
export const read_seqlock_excl_irq = kernelCall('read_seqlock_excl_irq', (l: seqlock_t) =>
  spin.spinLockIrq(l.lock),
)
export const read_sequnlock_excl_irq = kernelCall('read_sequnlock_excl_irq', (l: seqlock_t) =>
  spin.spinUnlockIrq(l.lock),
)
export const read_seqlock_excl_bh = kernelCall('read_seqlock_excl_bh', (l: seqlock_t) =>
  spin.spinLockBh(l.lock),
)
export const read_sequnlock_excl_bh = kernelCall('read_sequnlock_excl_bh', (l: seqlock_t) =>
  spin.spinUnlockBh(l.lock),
)
export const read_seqlock_excl_irqsave = kernelCall('read_seqlock_excl_irqsave', (l: seqlock_t) =>
  spin.spinLockIrqsave(l.lock),
)
export const read_sequnlock_excl_irqrestore = kernelCall(
  'read_sequnlock_excl_irqrestore',
  (l: seqlock_t, flags: number) => spin.spinUnlockIrqrestore(l.lock, flags),
)
