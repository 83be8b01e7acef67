import { now } from '../engine/current'
import type { Exec } from '../engine/exec'
import type { RawStack } from '../engine/finding'
import type { Machine } from '../engine/machine'
import { operationName } from '../engine/choice-key'
import { markedAccesses, type Exclusive } from '../kernel/locking/access'
import { memoryAccess } from '../kernel/mm/watch'
import { embedOffset } from '../kernel/mm/embed'
import { addressOf, hex16 } from '../kernel/printk/format'
import { report, takeStack, traceLines, whereText } from '../kernel/report'
import { delayed_work } from '../kernel/workqueue/structs'
import { Clocks, VectorClock } from './kcsan-clocks'
import { attachOrder } from './kcsan-order'

/** Calls after which something that was going on has come to its end. */
const WAITING_CALL = /sync|flush|drain|destroy|cancel|kill|stop|shutdown|barrier/
/** What readers and writers of sequence counts do in between counts as marked: readers look twice. */
const SEQ_BEGIN = /read_seq(count_)?begin|raw_(read_)?seqcount(_begin)?$|write_seq(lock|count_begin)/
const SEQ_END = /read_seq(count_)?retry|write_seq(unlock|count_end)/
const RULER = '='.repeat(66)

export interface KcsanOptions {
  /** Also races between plain writes, and of plain writes with marked reads. */
  strict?: boolean
}

/** What an assertion says of others: that none writes, or that none has anything to do with it. */
type Asserted = Exclusive | null

interface Seen {
  context: number
  time: number
  write: boolean
  marked: boolean
  asserted: Asserted
  where: string
  stack: RawStack
}

/** What is remembered of one field: its last write, and the reads since. */
interface Variable {
  write: Seen | null
  reads: Map<number, Seen>
  /** The latest assertion of each context. */
  asserted: Map<number, Seen>
  /** What fenced writers knew when they stored here. */
  published: VectorClock | null
}

/** How the report calls it. */
const kindOf = ({ asserted, write, marked }: Seen): string =>
  asserted ? `assert no ${asserted}` : `${write ? 'write' : 'read'}${marked ? ' (marked)' : ''}`

/**
 * Data races by happens-before: two accesses to a field, one of them a write and one of them
 * plain, with nothing between them that orders them. Found whichever order they came in.
 */
class Kcsan {
  readonly #machine: Machine
  readonly #strict: boolean
  readonly #clocks = new Clocks()
  readonly #variables = new WeakMap<object, Map<PropertyKey, Variable>>()
  /** What write barriers have fixed, and what marked reads have found, by context. */
  readonly #fenced = new Map<number, VectorClock>()
  readonly #found = new Map<number, VectorClock>()
  /** Contexts inside a section of a sequence count. */
  readonly #sequences = new Set<number>()
  /** What the latest call of each context has waited for. */
  readonly #waits = new Map<number, object>()
  /** A race of a plain read that turns out to be the argument of READ_ONCE is none. */
  #pending: { exec: Exec; mine: Seen; tell: () => void } | null = null

  constructor(machine: Machine, strict: boolean) {
    this.#machine = machine
    this.#strict = strict
    attachOrder(machine, this.#clocks)
    const { runtime } = machine
    memoryAccess(machine).on.every.add((object, field, write, exec) => {
      // The state of a device model or of a program is no memory of the kernel.
      const kind = runtime.file(runtime.p)?.kind ?? 'driver'
      if (kind === 'driver') this.#access(object, field, write, false, exec)
    })
    const { on } = markedAccesses(machine)
    on.marked.add((object, field, write) => {
      if (now.exec === null) return
      this.#access(object, field, write, true, now.exec)
      this.#fence(object, field, write, now.exec)
    })
    on.exclusive.add((object, field, kind) => {
      if (now.exec !== null) this.#assert(object, field, kind, now.exec)
    })
    on.barrier.add((kind) => {
      if (now.exec !== null) this.#barrier(kind, now.exec)
    })
    this.#attachCalls()
  }

  /** Kernel calls order what they are called with, and settle what is pending. */
  #attachCalls(): void {
    const machine = this.#machine
    const { beforeCall } = machine
    machine.beforeCall = (exec) => {
      beforeCall?.(exec)
      const name = operationName(exec.operation)
      this.#settle(exec, name === 'READ_ONCE')
      this.#waited(exec)
      if (SEQ_BEGIN.test(name)) this.#sequences.add(exec.id)
      else if (SEQ_END.test(name)) this.#sequences.delete(exec.id)
      const { object } = exec
      if (object === null || typeof object !== 'object') return
      this.#acquire(exec, object)
      if (WAITING_CALL.test(name)) this.#waits.set(exec.id, object)
    }
    const { contextEnd } = machine.observer
    machine.observer.contextEnd = (exec) => {
      contextEnd?.(exec)
      this.#settle(exec, false)
    }
  }

  /** What a delayed work hands over is left at the work inside. */
  #acquire(exec: Exec, object: object): void {
    this.#clocks.acquire(exec.id, object)
    if (object instanceof delayed_work) this.#clocks.acquire(exec.id, object.work)
  }

  /** The call that waited has returned: what it waited for has happened. */
  #waited(exec: Exec): void {
    const object = this.#waits.get(exec.id)
    if (object === undefined) return
    this.#waits.delete(exec.id)
    this.#acquire(exec, object)
  }

  #settle(exec: Exec, marks: boolean): void {
    const pending = this.#pending
    if (pending === null) return
    this.#pending = null
    if (marks && pending.exec === exec) pending.mine.marked = true
    else pending.tell()
  }

  #variable(object: object, field: PropertyKey): Variable {
    let fields = this.#variables.get(object)
    if (!fields) this.#variables.set(object, (fields = new Map()))
    let variable = fields.get(field)
    if (!variable) fields.set(field, (variable = { write: null, reads: new Map(), asserted: new Map(), published: null }))
    return variable
  }

  #access(object: object, field: PropertyKey, write: boolean, marked: boolean, exec: Exec): void {
    this.#settle(exec, false)
    this.#waited(exec)
    const variable = this.#variable(object, field)
    const mine = this.#seen(write, marked || this.#sequences.has(exec.id), null, exec)
    const { write: last, reads, asserted } = variable
    const rivals = write ? [last, ...reads.values()] : [last]
    this.#compare(object, field, mine, [...rivals, ...asserted.values()], exec)
    if (!write) reads.set(exec.id, mine)
    else {
      variable.write = mine
      reads.clear()
    }
  }

  /** No access of its own, but one that others must not come near. */
  #assert(object: object, field: PropertyKey, asserted: Exclusive, exec: Exec): void {
    this.#settle(exec, false)
    const variable = this.#variable(object, field)
    const mine = this.#seen(asserted === 'accesses', false, asserted, exec)
    const others = [variable.write, ...variable.reads.values(), ...variable.asserted.values()]
    this.#compare(object, field, mine, others, exec)
    variable.asserted.set(exec.id, mine)
  }

  #seen(write: boolean, marked: boolean, asserted: Asserted, exec: Exec): Seen {
    return {
      context: exec.id,
      time: this.#clocks.of(exec.id).get(exec.id),
      write,
      marked,
      asserted,
      where: exec.kind === 'task' ? `task ${(exec as { pid?: number }).pid}` : 'interrupt',
      stack: takeStack(this.#machine, exec),
    }
  }

  /** Tells of the first of the others that nothing orders before this. */
  #compare(
    object: object, field: PropertyKey, mine: Seen, others: readonly (Seen | null)[], exec: Exec,
  ): void {
    const clock = this.#clocks.of(exec.id)
    const rival = others.find((other) =>
      other !== null && other.context !== exec.id && clock.get(other.context) < other.time &&
      this.#counts(mine, other))
    if (rival) this.#race(object, field, mine, rival, exec)
  }

  /** Unless strict, plain writes count as atomic: only a plain read against a write is a race. */
  #counts(a: Seen, b: Seen): boolean {
    if (!a.write && !b.write) return false
    if (a.asserted !== null || b.asserted !== null) return true
    if (a.marked && b.marked) return false
    if (this.#strict) return true
    return (!a.write && !a.marked) || (!b.write && !b.marked)
  }

  #race(object: object, field: PropertyKey, mine: Seen, other: Seen, exec: Exec): void {
    const at = mine.stack
    const tell = (): void => this.#report(object, field, mine, other, at)
    if (!mine.write && !mine.marked && mine.asserted === null) this.#pending = { exec, mine, tell }
    else tell()
  }

  #report(object: object, field: PropertyKey, mine: Seen, other: Seen, at: RawStack): void {
    const machine = this.#machine
    const address = hex16(addressOf(machine, object) + embedOffset(object, field))
    const names = [mine, other].map((s) => whereText(machine, s.stack).replace(/\+0x.*$/, ''))
    const line = (s: Seen): string =>
      `${kindOf(s)} to 0x${address} of 8 bytes by ${s.where} on cpu ${s.stack.cpu}:`
    const broken = mine.asserted !== null || other.asserted !== null
    report(machine, {
      kind: 'race.data',
      before: [RULER],
      title: `BUG: KCSAN: ${broken ? 'assert: race' : 'data-race'} in ${[...new Set(names)].sort().join(' / ')}`,
      details: [
        '',
        line(other),
        ...traceLines(machine, other.stack),
        '',
        line(mine),
        ...traceLines(machine, mine.stack),
        '',
        `field: ${object.constructor?.name ?? 'object'}.${String(field)}`,
        '',
        'Reported by Kernel Concurrency Sanitizer on:',
      ],
      tail: [RULER],
      stacks: [{ role: other.write ? 'other write' : 'other read', stack: other.stack }],
      objects: [object],
      rules: ['MEM-01'],
      at,
      help: 'data-races',
    })
  }

  // A marked store after a write barrier publishes; a marked load before a read barrier subscribes.

  #barrier(kind: string, exec: Exec): void {
    const clock = this.#clocks.of(exec.id)
    if (kind !== 'read') {
      const fenced = new VectorClock()
      fenced.join(clock)
      this.#fenced.set(exec.id, fenced)
      clock.set(exec.id, clock.get(exec.id) + 1)
    }
    const found = this.#found.get(exec.id)
    if (kind !== 'write' && found) clock.join(found)
  }

  #fence(object: object, field: PropertyKey, write: boolean, exec: Exec): void {
    const variable = this.#variable(object, field)
    if (write) {
      const fenced = this.#fenced.get(exec.id)
      if (fenced) (variable.published ??= new VectorClock()).join(fenced)
      return
    }
    if (variable.published === null) return
    let found = this.#found.get(exec.id)
    if (!found) this.#found.set(exec.id, (found = new VectorClock()))
    found.join(variable.published)
  }
}

/** The race detector. Off unless attached; the machine must watch accesses (`runtime.watch`). */
export function attachKcsan(machine: Machine, options: KcsanOptions = {}): void {
  machine.runtime.watch = true
  new Kcsan(machine, options.strict ?? false)
}
