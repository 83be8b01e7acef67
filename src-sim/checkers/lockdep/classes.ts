import type { RawStack } from '../../engine/finding'
import type { lockdep_map, LockCompare, LockKind } from '../../kernel/locking/map'
import { usageText } from './usage'

/** What is known of all locks with one key and subclass. */
export interface LockClass {
  id: number
  name: string
  /** Counts classes of the same name: 1, 2 ... */
  version: number
  subclass: number
  outer: number
  inner: number
  kind: LockKind
  compare: LockCompare | null
  usage: number
  /** Where each usage bit was set. */
  stacks: (RawStack | null)[]
  after: Edge[]
  before: Edge[]
}

/** Source exclusive (E) or shared (S); target recursive reader (R) or not (N). */
export const DEP_SR = 1
export const DEP_ER = 2
export const DEP_SN = 4
export const DEP_EN = 8

/** `to` was taken while `from` was held (or before it, in the lists of what came before). */
export interface Edge {
  to: LockClass
  /** Kinds seen so far. */
  dep: number
  stack: RawStack
}

/** All classes of a machine, in the order of their first use. */
export class LockClasses {
  readonly list: LockClass[] = []
  #byKey = new Map<unknown, Map<string, LockClass>>()
  #names = new Map<string, number>()
  #ids = 0

  /** The class of a lock, registered when it is new. */
  of(map: lockdep_map, subclass: number): LockClass {
    const cached = map.$classes?.[subclass] as LockClass | undefined
    if (cached !== undefined && cached.id > 0) return cached
    const found = this.#find(map, subclass)
    ;(map.$classes ??= [])[subclass] = found
    return found
  }

  #find(map: lockdep_map, subclass: number): LockClass {
    let family = this.#byKey.get(map.$key)
    if (!family) this.#byKey.set(map.$key, (family = new Map()))
    const key = `${map.$subclass + subclass}`
    const known = family.get(key)
    if (known) return known
    const version = (this.#names.get(map.name) ?? 0) + (family.size === 0 ? 1 : 0)
    if (family.size === 0) this.#names.set(map.name, version)
    const first = [...family.values()][0]
    const made: LockClass = {
      id: ++this.#ids,
      name: map.name,
      version: first?.version ?? version,
      subclass: map.$subclass + subclass,
      outer: map.$outer,
      inner: map.$inner,
      kind: map.$kind,
      compare: map.$compare,
      usage: 0,
      stacks: [],
      after: [],
      before: [],
    }
    family.set(key, made)
    this.list.push(made)
    return made
  }

  /** Forgets the classes of a key, with all that was learned about them. */
  zap(key: unknown): void {
    const family = this.#byKey.get(key)
    if (!family) return
    this.#byKey.delete(key)
    for (const gone of family.values()) {
      gone.id = 0
      this.list.splice(this.list.indexOf(gone), 1)
      for (const other of this.list) {
        other.after = other.after.filter((e) => e.to !== gone)
        other.before = other.before.filter((e) => e.to !== gone)
      }
    }
  }
}

/** `name#2/1`. */
export function className(c: LockClass): string {
  return `${c.name}${c.version > 1 ? `#${c.version}` : ''}${c.subclass > 0 ? `/${c.subclass}` : ''}`
}

/** `(name){+.+.}-{4:4}`. */
export function classText(c: LockClass): string {
  return `(${className(c)}){${usageText(c.usage)}}-{${c.outer || c.inner}:${c.inner}}`
}
