import { machine, now } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { RELAX, type Sim } from '../../engine/suspend'
import { acquireOn, markAccess, releaseOn } from './access'
import { preemptDisable, preemptEnable } from '../sched/schedule'
import { preemptCount } from '../irq/context'
import { warnHere } from '../printk/warn'
import { heldChecker } from './assert'
import { locking } from './locking'
import { initLockMap, type lockdep_map } from './map'

/** Even: at rest; odd: a writer is inside. Readers look before and after. */
export class seqcount_t extends KernelObject {
  sequence = 0
  dep_map: lockdep_map | null = null
  /** @internal The lock that writers must hold, when it is one of the associated kinds. */
  $lock: { dep_map: lockdep_map | null } | null = null
  /** @internal That lock leaves preemption on: a writer switches it off itself. */
  $sleeping = false
}

const ASSERT = 'WARNING: ./include/linux/seqlock.h at %f'
const warned = new WeakSet<object>()

export function initSeqcount(s: seqcount_t, name?: string, key?: unknown): void {
  initLockMap(s, name, key, 0, 0)
  s.sequence = 0
  s.$lock = null
  s.$sleeping = false
}

/** Readers pass through the map as shared recursive holders, so that writer-in-reader shows. */
function readerCheck(s: seqcount_t): void {
  const { on } = locking(machine())
  if (!on.acquire.listened || s.dep_map === null) return
  on.acquire.emit(s.dep_map, 0, false, 2, null, s)
  on.release.emit(s.dep_map, s)
}

/** Waits until no writer is inside and answers the sequence to compare with later. */
export function readSeqBegin(s: seqcount_t, checked: boolean): number | Sim<number> {
  if (checked) readerCheck(s)
  if (s.sequence & 1) return waitEven(s)
  markAccess(s, 'sequence', false)
  acquireOn(s)
  return s.sequence
}

function* waitEven(s: seqcount_t): Sim<number> {
  while (s.sequence & 1) yield RELAX
  acquireOn(s)
  return s.sequence
}

/** 1 when what was read in between must be thrown away. */
export function readSeqRetry(s: seqcount_t, start: number): number {
  markAccess(s, 'sequence', false)
  return s.sequence !== start ? 1 : 0
}

export function rawWriteBegin(s: seqcount_t): void {
  markAccess(s, 'sequence', true)
  releaseOn(s)
  s.sequence++
}

export function rawWriteEnd(s: seqcount_t): void {
  markAccess(s, 'sequence', true)
  releaseOn(s)
  s.sequence++
}

export function writeSeqcountBegin(s: seqcount_t, subclass = 0): void {
  checkWriter(s)
  const { on } = locking(machine())
  if (on.acquire.listened && s.dep_map) on.acquire.emit(s.dep_map, subclass, false, 0, null, s)
  rawWriteBegin(s)
  if (s.$sleeping) preemptDisable()
}

export function writeSeqcountEnd(s: seqcount_t): void {
  const { on } = locking(machine())
  if (on.release.listened && s.dep_map) on.release.emit(s.dep_map, s)
  rawWriteEnd(s)
  if (s.$sleeping) preemptEnable()
}

/** Writers must be alone: their lock held, or preemption off. */
function checkWriter(s: seqcount_t): void {
  const m = machine()
  if (s.$lock !== null) {
    if (!heldChecker(m).isHeld(s.$lock.dep_map))
      warnHere(m, 'seqcount-lock', null, { title: ASSERT, rules: ['LOCK-11'] })
    return
  }
  if (now.cpu !== null && preemptCount() === 0 && !now.cpu.irqsOff)
    warnOnce(m, 'seqcount-preemptible')
}

function warnOnce(what: object, kind: string): void {
  if (warned.has(what)) return
  warned.add(what)
  warnHere(machine(), kind, null, { title: ASSERT, rules: ['LOCK-11'] })
}
