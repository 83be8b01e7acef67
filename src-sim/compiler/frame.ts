import type { types as t } from '@babel/core'
import { id, type Expr } from './build'

/** What the body being compiled belongs to. */
export type FrameKind =
  | 'module' // the top level of a file: runs to its end at load time
  | 'function' // becomes a generator function as soon as something in it can suspend
  | 'arrow' // likewise, and `this`, `arguments`, `super` and `new.target` are those around it
  | 'atomic' // accessors and what the language calls by itself
  | 'constructor' // nobody else knows the object yet
  | 'derived' // a constructor in which `this` exists only after `super()`
  | 'field' // the initialiser of a class field: an expression without a body of its own

/**
 * One function body under compilation. Temporaries are handed out as a stack, so that the few that
 * are alive at a time share a few variables: a generator saves all of them at each suspension.
 */
export class Frame {
  readonly kind: FrameKind
  readonly parent: Frame | null
  /** For arrows: the frame whose `this` they use. */
  readonly home: Frame
  readonly name: string
  /** False where the language itself is the caller, which cannot wait. */
  readonly suspends: boolean
  #free: number[] = []
  #highest = 0
  /** How many suspensions have been written into this body. */
  yields = 0
  /** How many visible effects (position, suspension, assignment) have been written so far. */
  marks = 0
  /** Uses of what an arrow takes from `home`, renamed when the arrow becomes a function. */
  readonly lexical: { node: object; name: '$this' | '$arguments' | '$target' }[] = []
  /** What this frame must keep in a variable for the arrows in it. */
  readonly captures = new Set<'$this' | '$arguments' | '$target' | '$super'>()
  /** `super(...)` calls, which define `$this` in a derived class. */
  readonly superCalls: t.CallExpression[] = []

  constructor(kind: FrameKind, parent: Frame | null, name: string, suspends = true) {
    this.kind = kind
    this.parent = parent
    this.name = name
    this.home = kind === 'arrow' && parent ? parent.home : this
    this.suspends = suspends && (kind === 'function' || kind === 'arrow')
  }

  take(): Temporary {
    return new Temporary(this.#free.pop() ?? ++this.#highest)
  }

  give(...temporaries: (Temporary | null | undefined)[]): void {
    for (const temporary of temporaries) if (temporary) this.#free.push(temporary.number)
  }

  temporaries(): string[] {
    return Array.from({ length: this.#highest }, (_, i) => `$${i + 1}`)
  }
}

export class Temporary {
  readonly number: number
  constructor(number: number) {
    this.number = number
  }

  ref(): t.Identifier {
    return id(`$${this.number}`)
  }
}

/** An expression that may be written more than once: evaluated before, or without effect. */
export interface Held {
  /** Evaluates it; null when there is nothing to evaluate. */
  init: Expr | null
  ref(): Expr
  temporary: Temporary | null
}
