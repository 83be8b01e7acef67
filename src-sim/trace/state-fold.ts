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

/** The model that events describe. `apply` brings it from one event to the next. */
export class StateFold implements EffectSink {
  readonly subjects: Map<number, Subject>
  #epoch: number
  event = -1

  constructor(epoch = 0, subjects = new Map<number, Subject>(), event = -1) {
    this.#epoch = epoch
    this.subjects = subjects
    this.event = event
  }

  /** A copy to go on from; neither copy sees what the other does next. */
  fork(epoch: number): StateFold {
    return new StateFold(epoch, new Map(this.subjects), this.event)
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
    if (at >= 0) subject.slices = subject.slices.slice(0, at)
  }

  set(subject: number, facet: string, value: Label): void {
    const own = this.#own(subject)
    const old = own.facets.find((f) => f.facet === facet)
    if (old?.value === value) return
    const next = { facet, value, count: 1, event: this.event }
    own.facets = [...own.facets.filter((f) => f !== old), next]
  }

  clear(subject: number, facet: string): void {
    const old = this.subjects.get(subject)
    if (!old?.facets.some((f) => f.facet === facet)) return
    const own = this.#own(subject)
    own.facets = own.facets.filter((f) => f.facet !== facet)
  }

  enter(subject: number, facet: string, value: Label): void {
    const own = this.#own(subject)
    const old = own.facets.find((f) => f.facet === facet)
    const count = (old?.count ?? 0) + 1
    const next = { facet, value: old?.value ?? value, count, event: old?.event ?? this.event }
    own.facets = [...own.facets.filter((f) => f !== old), next]
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

  hold(holder: number, held: number, why: Label): void {
    const own = this.#own(held)
    const old = own.holders.find((h) => h.holder === holder && h.why === why)
    const next = { holder, why, count: (old?.count ?? 0) + 1, event: old?.event ?? this.event }
    own.holders = [...own.holders.filter((h) => h !== old), next]
    this.#own(holder).holding++
  }

  unhold(holder: number, held: number, why: Label): void {
    const old = this.subjects.get(held)?.holders.find((h) => h.holder === holder && h.why === why)
    if (!old) return
    const own = this.#own(held)
    const rest = own.holders.filter((h) => h.holder !== holder || h.why !== why)
    if (old.count > 1) rest.push({ ...old, count: old.count - 1 })
    own.holders = rest
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
  }

  free(object: number): void {
    const own = this.#own(object)
    own.status = 'freed'
    own.freeEvent = this.event
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
    const over = own.holders.length === 0 && own.facets.length === 0 && own.holding === 0
    if (over && own.status === 'freed') this.subjects.delete(id)
  }

  #own(id: number): Subject {
    const old = this.subjects.get(id)
    if (old?.epoch === this.#epoch) return old
    const own: Subject = old
      ? { ...old, epoch: this.#epoch, slices: [...old.slices] }
      : {
          epoch: this.#epoch, status: 'static', allocEvent: -1, freeEvent: -1, parent: -1,
          refs: null, name: 0, facets: [], holders: [], holding: 0, slices: [],
        }
    this.subjects.set(id, own)
    return own
  }
}

function lastIndex(slices: readonly Facet[], slice: string): number {
  for (let i = slices.length - 1; i >= 0; i--) if (slices[i]!.facet === slice) return i
  return -1
}
