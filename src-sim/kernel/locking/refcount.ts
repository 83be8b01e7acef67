import { Hook } from '../../base/disposable'
import { machine } from '../../engine/current'
import { hidden, KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { ref_get, ref_put } from '../../trace/events'
import { emit, recorder } from '../emit'
import { acquireOn, releaseOn } from './access'
import { memoryAccess } from '../mm/watch'
import { warn } from '../printk/warn'
import { RefLedger, type RefGiver, type RefOwner } from './ref-ledger'

/** Reference counts that saturate instead of wrapping. */

export const REFCOUNT_MAX = 0x7fffffff
export const REFCOUNT_SATURATED = -0x40000000

export class refcount_t extends KernelObject {
  /** @internal */
  $value = 0
  /** @internal Whose references these are; kept while a trace is written. */
  $ledger: RefLedger | null = null
}

/** A counter whose end is a release function. */
export class kref extends refcount_t {}

/** Each text is reported once per boot and call, as WARN_ONCE does. */
const TEXTS = {
  'add-not-zero-overflow': [16, 'saturated; leaking memory.'],
  'add-overflow': [22, 'saturated; leaking memory.'],
  'add-uaf': [25, 'addition on 0; use-after-free.'],
  'sub-uaf': [28, 'underflow; use-after-free.'],
  'dec-leak': [31, 'decrement hit 0; leaking memory.'],
  'dec-not-one-uaf': [0, 'underflow; use-after-free.'],
} as const
type Saturation = keyof typeof TEXTS

const KINDS: Record<Saturation, string> = {
  'add-not-zero-overflow': 'refcount.saturated',
  'add-overflow': 'refcount.saturated',
  'add-uaf': 'refcount.addition-on-0',
  'sub-uaf': 'refcount.underflow',
  'dec-leak': 'refcount.decrement-hit-0',
  'dec-not-one-uaf': 'refcount.underflow',
}

class Refcounts {
  readonly warned = new Set<Saturation>()
  readonly on = { change: new Hook<[refcount_t, before: number, after: number]>() }
  /** Reports each text for each counter, not once for the whole kernel. */
  everyCounter = false
}

export const refcounts = service(() => new Refcounts())

/** The structure that is counted: what the counter is embedded in. */
function counted(r: refcount_t): object {
  const owner = hidden(r).$parent ?? r
  return (owner as { $counted?: object }).$counted ?? owner
}

const ledgerOf = (r: refcount_t): RefLedger => (r.$ledger ??= new RefLedger())

function announceGet(r: refcount_t, owner?: RefOwner): void {
  const m = machine()
  const by = recorder(m).writer === null ? owner : ledgerOf(r).take(m, owner)
  emit(ref_get, counted(r), r.$value, by?.holder ?? null, by?.why ?? '')
}

function announcePut(r: refcount_t, giver?: RefGiver): void {
  const m = machine()
  const by = recorder(m).writer === null ? null : ledgerOf(r).drop(m, giver)
  emit(ref_put, counted(r), r.$value, by?.holder ?? null, by?.why ?? '')
}

function warnSaturate(r: refcount_t, what: Saturation): void {
  const m = machine()
  if (what !== 'dec-not-one-uaf') r.$value = REFCOUNT_SATURATED
  memoryAccess(m).touch(r, 'refs', true, 'refcount_warn_saturate')
  const all = refcounts(m)
  if (all.warned.has(what) && !all.everyCounter) return
  all.warned.add(what)
  const [line, text] = TEXTS[what]
  warn(m, '', `lib/refcount.c:${line} at refcount_warn_saturate`, `refcount_t: ${text}`, {
    kind: KINDS[what],
    objects: [counted(r)],
    rules: ['REF-02'],
    help: 'refcounts',
    once: false,
  })
}

const wrap = (n: number): number => n | 0

function touch(r: refcount_t): void {
  if (hidden(r).$dead !== undefined) memoryAccess(machine()).touch(r, 'refs', true)
}

export function refcountSet(r: refcount_t, n: number): void {
  r.$value = wrap(n)
}

export function refcountAdd(i: number, r: refcount_t, owner?: RefOwner): void {
  const old = r.$value
  r.$value = wrap(old + i)
  if (old === 0) warnSaturate(r, 'add-uaf')
  else if (old < 0 || wrap(old + i) < 0) warnSaturate(r, 'add-overflow')
  announceGet(r, owner)
}

/** False on 0, silently: the object is dead and must not be used. */
export function refcountAddNotZero(i: number, r: refcount_t, owner?: RefOwner): boolean {
  const old = r.$value
  if (old === 0) return false
  r.$value = wrap(old + i)
  if (old < 0 || r.$value < 0) warnSaturate(r, 'add-not-zero-overflow')
  announceGet(r, owner)
  return true
}

/** True when the count reached 0. */
export function refcountSubAndTest(i: number, r: refcount_t, giver?: RefGiver): boolean {
  const old = r.$value
  releaseOn(r)
  r.$value = wrap(old - i)
  announcePut(r, giver)
  if (old > 0 && old === i) {
    acquireOn(r)
    return true
  }
  if (old <= 0 || old - i < 0) warnSaturate(r, 'sub-uaf')
  return false
}

export function refcountDec(r: refcount_t): void {
  const old = r.$value
  r.$value = wrap(old - 1)
  announcePut(r)
  if (old <= 1) warnSaturate(r, 'dec-leak')
}

export function refcountDecIfOne(r: refcount_t): boolean {
  if (r.$value !== 1) return false
  r.$value = 0
  announcePut(r)
  return true
}

/** False when the count is 1, which is then left alone. */
export function refcountDecNotOne(r: refcount_t): boolean {
  if (r.$value === REFCOUNT_SATURATED) return true
  if (r.$value === 1) return false
  if (r.$value <= 0) {
    warnSaturate(r, 'dec-not-one-uaf')
    return true
  }
  r.$value--
  announcePut(r)
  return true
}

/** What is read; a counter in freed memory shows itself here. */
export function refcountRead(r: refcount_t): number {
  touch(r)
  return r.$value
}

/** The first reference, for whoever calls. */
export function refInit(k: kref): void {
  const m = machine()
  for (const old of k.$ledger?.owners ?? [])
    emit(ref_put, counted(k), k.$value, old.holder, old.why)
  k.$ledger = null
  refcountSet(k, 1)
  const by = recorder(m).writer === null ? null : ledgerOf(k).born(m)
  emit(ref_get, counted(k), 1, by?.holder ?? null, by?.why ?? '')
}

export const refRead = (k: kref): number => refcountRead(k)
export const refGet = (k: kref, owner?: RefOwner): void => refcountAdd(1, k, owner)
/** Drops a reference; true when it was the last one. */
export const refPut = (k: kref, giver?: RefGiver): boolean => refcountSubAndTest(1, k, giver)
