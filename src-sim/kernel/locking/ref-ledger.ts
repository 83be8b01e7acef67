import { now } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { fileOf, NO_POSITION, type Position } from '../../engine/position'
import { service } from '../../engine/service'
import { functionAt } from '../printk/symbols'
import { describeObject } from '../report'

/** Who has one of the references that a count stands for, and what for. */
export interface RefOwner {
  /** An object, or the number of a context. */
  readonly holder: object | number
  readonly why: string
}

/** Says which reference is dropped: a known owner's, or the one that the object was born with. */
export type RefGiver = RefOwner | 'creator'

interface Entry extends RefOwner {
  /** The kernel said itself whose it is; otherwise it belongs to the code that took it. */
  readonly given: boolean
  /** The reference that an object is born with. */
  readonly first: boolean
  /** The function of the lab that took it. */
  readonly by: string
}

/** How the module of the running code is found; set by the modules. */
class CodeOwners {
  ofFile: (file: number) => object | null = () => null
}

export const codeOwners = service(() => new CodeOwners())

/** A reference that the running context has while it is inside `why`. */
export const runningContext = (why: string): RefOwner => ({ holder: now.exec?.id ?? 0, why })

/** The line of the lab that runs, or that called the kernel function that runs. */
function labPosition(machine: Machine): Position {
  const { p } = machine.runtime
  if (p !== NO_POSITION || now.exec === null) return p
  const { names, positions } = now.exec
  for (let i = names.length - 1; i >= 0; i--) if (names[i] === '') return positions[i]!
  return NO_POSITION
}

function runningFunction(machine: Machine): string {
  const p = labPosition(machine)
  const name = p === NO_POSITION ? undefined : functionAt(machine, p)?.name
  return name === undefined || name === '<module>' ? '' : `${name}()`
}

/** The module of the running code; the context when that is of none. */
function runningHolder(machine: Machine): object | number {
  const p = labPosition(machine)
  const owner = p === NO_POSITION ? null : codeOwners(machine).ofFile(fileOf(p))
  return owner ?? now.exec?.id ?? 0
}

/**
 * The owners behind one count, oldest first. C does not say whose reference a put drops, so where
 * the kernel does not know it the likeliest one is taken: of the same function, of the same module,
 * taken rather than born with, newest first. What is left at the end is then what leaks.
 */
export class RefLedger {
  readonly #entries: Entry[] = []

  get owners(): readonly RefOwner[] {
    return this.#entries
  }

  /** The object comes to life with a reference for whoever makes it. */
  born(machine: Machine): RefOwner {
    const by = runningFunction(machine)
    return this.#add(machine, by, by === '' ? 'creator' : `created in ${by}`, true)
  }

  take(machine: Machine, owner: RefOwner | undefined): RefOwner {
    if (owner) {
      const entry = { ...owner, given: true, first: false, by: '' }
      this.#entries.push(entry)
      return entry
    }
    const by = runningFunction(machine)
    return this.#add(machine, by, by === '' ? 'reference' : `taken in ${by}`, false)
  }

  /** Whose reference goes; null when none is known. */
  drop(machine: Machine, giver: RefGiver | undefined): RefOwner | null {
    let best = -1
    let bestScore = -1
    const holder = runningHolder(machine)
    const by = giver === undefined ? runningFunction(machine) : ''
    this.#entries.forEach((entry, at) => {
      const score = fits(entry, giver) * 16 + likeness(entry, holder, by)
      if (score < bestScore) return
      best = at
      bestScore = score
    })
    return best < 0 ? null : this.#entries.splice(best, 1)[0]!
  }

  /** One text for all owners, as in `demo: taken in demo_open(), /dev/demo: open file`. */
  describe(machine: Machine): string {
    return this.#entries.map((e) => `${nameOf(machine, e.holder)}: ${e.why}`).join(', ')
  }

  #add(machine: Machine, by: string, why: string, first: boolean): RefOwner {
    const entry = { holder: runningHolder(machine), why, given: false, first, by }
    this.#entries.push(entry)
    return entry
  }
}

function nameOf(machine: Machine, holder: object | number): string {
  if (typeof holder === 'object') return describeObject(machine, holder).name
  const task = machine.tasks.find((t) => t.id === holder)
  return task ? `${task.comm}/${task.pid}` : 'kernel'
}

function fits(entry: Entry, giver: RefGiver | undefined): number {
  if (giver === undefined) return 0
  if (giver === 'creator') return entry.first ? 1 : 0
  return entry.holder === giver.holder && entry.why === giver.why ? 1 : 0
}

const likeness = (entry: Entry, holder: object | number, by: string): number =>
  (entry.given ? 0 : 8) +
  (entry.holder === holder ? 4 : 0) +
  (entry.by === by && by !== '' ? 2 : 0) +
  (entry.first ? 0 : 1)
