import { PENDING_FACETS } from './declare'
import type { EffectSink } from './effects'
import type { Label } from './labels'
import type { ObjectStatus } from './types'

export interface Facet {
  facet: string
  value: Label
  count: number
  event: number
}

interface Holder {
  holder: number
  why: Label
  /** It is one of the references that the object's count is made of. */
  counted: boolean
  count: number
  event: number
}

/**
 * What is known of one object, context or CPU. Records are shared between snapshots: a fold may
 * change a record only when the record's `epoch` is its own, and copies it otherwise.
 */
export interface Subject {
  epoch: number
  status: ObjectStatus
  allocEvent: number
  freeEvent: number
  parent: number
  refs: number | null
  name: Label
  facets: Facet[]
  holders: Holder[]
  /** How many edges start here. */
  holding: number
  slices: Facet[]
}

/** When objects were allocated and freed; ids are not used twice, so folds can share it. */
interface Life {
  alloc: number
  free: number
}

/** The model that events describe. `apply` brings it from one event to the next. */
export class StateFold implements EffectSink {
  readonly subjects: Map<number, Subject>
  readonly #lives: Map<number, Life>
  #epoch: number
  event = -1

  constructor(epoch = 0, subjects = new Map<number, Subject>(), lives = new Map<number, Life>()) {
    this.#epoch = epoch
    this.subjects = subjects
    this.#lives = lives
  }

  /** A copy to go on from; neither copy sees what the other does next. */
  fork(epoch: number): StateFold {
    const fork = new StateFold(epoch, new Map(this.subjects), this.#lives)
    fork.event = this.event
    return fork
  }

  /** From now on records made so far are shared with a fork. */
  freeze(epoch: number): void {
    this.#epoch = epoch
  }

  begin(context: number, slice: string, label: Label): void {
    this.#own(context).slices.push({ facet: slice, value: label, count: 1, event: this.event })
  }

  end(context: number, slice: string): void {
    const subject = this.#own(context)
    const at = lastIndex(subject.slices, slice)
    if (at >= 0) subject.slices.length = at
  }

  set(subject: number, facet: string, value: Label): void {
    const { facets } = this.#own(subject)
    const at = indexOf(facets, facet)
    if (at >= 0) {
      if (facets[at]!.value === value) return
      facets.splice(at, 1)
    }
    facets.push({ facet, value, count: 1, event: this.event })
  }

  clear(subject: number, facet: string): void {
    const old = this.subjects.get(subject)
    const at = old === undefined ? -1 : indexOf(old.facets, facet)
    if (at < 0) return
    const own = this.#own(subject)
    own.facets.splice(at, 1)
    this.#forget(subject, own)
  }

  enter(subject: number, facet: string, value: Label): void {
    const { facets } = this.#own(subject)
    const at = indexOf(facets, facet)
    const [old] = at < 0 ? [] : facets.splice(at, 1)
    const count = (old?.count ?? 0) + 1
    facets.push({ facet, value: old?.value ?? value, count, event: old?.event ?? this.event })
  }

  leave(subject: number, facet: string): void {
    const old = this.subjects.get(subject)?.facets.find((f) => f.facet === facet)
    if (!old) return
    if (old.count <= 1) {
      this.clear(subject, facet)
      return
    }
    const own = this.#own(subject)
    own.facets = own.facets.map((f) => (f.facet === facet ? { ...f, count: f.count - 1 } : f))
  }

  hold(holder: number, held: number, why: Label, counted: boolean): void {
    const { holders } = this.#own(held)
    const at = edgeAt(holders, holder, why, counted)
    const [old] = at < 0 ? [] : holders.splice(at, 1)
    const count = (old?.count ?? 0) + 1
    holders.push({ holder, why, counted, count, event: old?.event ?? this.event })
    this.#own(holder).holding++
  }

  unhold(holder: number, held: number, why: Label, counted: boolean): void {
    const known = this.subjects.get(held)
    const at = known === undefined ? -1 : edgeAt(known.holders, holder, why, counted)
    if (at < 0) return
    const own = this.#own(held)
    const [old] = own.holders.splice(at, 1)
    if (old!.count > 1) own.holders.push({ ...old!, count: old!.count - 1 })
    this.#forget(held, own)
    const from = this.#own(holder)
    from.holding--
    this.#forget(holder, from)
  }

  flowOut(): void {}

  flowIn(): void {}

  alloc(object: number): void {
    const own = this.#own(object)
    own.status = 'alive'
    own.allocEvent = this.event
    own.freeEvent = -1
    this.#lives.set(object, { alloc: this.event, free: -1 })
  }

  free(object: number): void {
    const own = this.#own(object)
    own.status = 'freed'
    own.freeEvent = this.event
    this.#lives.set(object, { alloc: own.allocEvent, free: this.event })
    own.facets = own.facets.filter((f) => PENDING_FACETS.has(f.facet))
    this.#forget(object, own)
  }

  link(object: number, parent: number): void {
    this.#own(object).parent = parent
  }

  refs(object: number, count: number): void {
    this.#own(object).refs = count
  }

  rename(object: number, name: Label): void {
    this.#own(object).name = name
  }

  exit(subject: number): void {
    const own = this.#own(subject)
    own.facets = []
    own.slices = []
  }

  /** A freed object is remembered only as long as something about it is not over. */
  #forget(id: number, own: Subject): void {
    if (isOver(own)) this.subjects.delete(id)
  }

  #own(id: number): Subject {
    const old = this.subjects.get(id)
    if (old?.epoch === this.#epoch) return old
    const own: Subject = old
      ? copyOf(old, this.#epoch)
      : this.#fresh(id)
    this.subjects.set(id, own)
    return own
  }

  /** Nothing is known of it, except perhaps that it was freed long ago. */
  #fresh(id: number): Subject {
    const life = this.#lives.get(id)
    const freed = life !== undefined && life.free >= 0 && life.free < this.event
    return {
      epoch: this.#epoch, status: freed ? 'freed' : 'static', allocEvent: freed ? life.alloc : -1,
      freeEvent: freed ? life.free : -1, parent: -1, refs: null, name: 0, facets: [], holders: [],
      holding: 0, slices: [],
    }
  }
}

/** Freed, and nothing is left that could still touch it or that it still holds. */
export function isOver(subject: Subject): boolean {
  const { status, holders, facets, holding } = subject
  return status === 'freed' && holders.length === 0 && facets.length === 0 && holding === 0
}

/** A record of its own for another epoch; what is in the lists is never changed. */
function copyOf(old: Subject, epoch: number): Subject {
  const { slices, facets, holders } = old
  return { ...old, epoch, slices: [...slices], facets: [...facets], holders: [...holders] }
}

function indexOf(facets: readonly Facet[], facet: string): number {
  for (let i = 0; i < facets.length; i++) if (facets[i]!.facet === facet) return i
  return -1
}

function edgeAt(
  holders: readonly Holder[], holder: number, why: Label, counted: boolean,
): number {
  for (let i = 0; i < holders.length; i++) {
    const h = holders[i]!
    if (h.holder === holder && h.why === why && h.counted === counted) return i
  }
  return -1
}

function lastIndex(slices: readonly Facet[], slice: string): number {
  for (let i = slices.length - 1; i >= 0; i--) if (slices[i]!.facet === slice) return i
  return -1
}
