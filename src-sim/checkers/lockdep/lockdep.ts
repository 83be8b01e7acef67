import type { Cpu } from '../../engine/cpu'
import { now } from '../../engine/current'
import type { RawStack } from '../../engine/finding'
import type { Machine } from '../../engine/machine'
import { warn } from '../../kernel/printk/warn'
import type { Held } from '../../kernel/locking/assert'
import { locking, type Locking, type ReadMode } from '../../kernel/locking/locking'
import { debugLocksWarn } from '../../kernel/locking/debug'
import {
  LD_WAIT_CONFIG,
  LD_WAIT_MAX,
  LD_WAIT_SPIN,
  type lockdep_map,
} from '../../kernel/locking/map'
import { takeStack } from '../../kernel/report'
import { kernelFunction } from '../../kernel/sched/schedule'
import { DEP_ER, DEP_EN, DEP_SN, DEP_SR, LockClasses, type LockClass } from './classes'
import { notALock, root, search, usageAt } from './graph'
import {
  holderOn,
  inHardirq,
  inNmi,
  irqContext,
  servingSoftirq,
  softirqsOn,
  type HeldLock,
  type Holder,
} from './held'
import * as reports from './reports'
import * as irqReports from './reports-irq'
import {
  conflicting,
  conflictingPair,
  DIRECTION,
  ENABLED_ALL,
  ENABLED_HARDIRQ,
  ENABLED_SOFTIRQ,
  flag,
  IN_NMI,
  opposite,
  READ,
  USED,
  USED_IN_ALL,
  USED_IN_HARDIRQ,
  USED_IN_SOFTIRQ,
  USED_READ,
} from './usage'

export interface AcquireOptions {
  subclass?: number
  trylock?: boolean
  read?: ReadMode
  nest?: lockdep_map | null
  sync?: boolean
  /** The caller has interrupts off for the kernel although the simulation does not say so. */
  irqsOff?: boolean
}

/**
 * The lock validator: learns from every acquisition which class was taken under which, and in
 * which interrupt states, and reports what could deadlock, whether or not it does this time.
 */
export class Lockdep {
  readonly machine: Machine
  readonly locking: Locking
  readonly classes = new LockClasses()
  /** Places of suspicious RCU usage that were told. */
  readonly suspicious = new Set<string>()
  /** Stacks of classes that were found good. */
  readonly #chains = new Set<string>()
  /** Per CPU: the interrupt being handled could run in a thread, so spinlocks are allowed. */
  readonly threadable: boolean[]

  constructor(machine: Machine) {
    this.machine = machine
    this.locking = locking(machine)
    this.threadable = machine.cpus.map(() => false)
  }

  /** Held locks are followed; reports may still be silent for the operation in progress. */
  get on(): boolean {
    return this.locking.tracking
  }

  stack(): RawStack {
    return takeStack(this.machine, now.exec, kernelFunction(''))
  }

  /** Forgets everything: for tests that must not influence each other. */
  reset(keys: Iterable<unknown>): void {
    for (const key of keys) this.classes.zap(key)
    this.#chains.clear()
    this.locking.rearm()
  }

  acquire(map: lockdep_map, options: AcquireOptions = {}): void {
    const { cpu } = now
    if (cpu === null || !this.on || !map.$track) return
    if (inNmi(cpu)) return this.#acquireInNmi(cpu, map, options)
    const holder = holderOn(cpu)
    const lock = this.#describe(cpu, map, options)
    if (this.#merge(holder, lock)) return
    this.#checkWaitContext(holder, lock)
    this.#push(holder, lock)
    if (!lock.sync) holder.locks.push(lock)
  }

  /** Nothing is followed there. To wait for a lock that is used elsewhere at all is wrong. */
  #acquireInNmi(cpu: Cpu, map: lockdep_map, options: AcquireOptions): void {
    if (options.trylock) return
    const lock = this.#describe(cpu, map, options)
    const conflict = lock.read === 0 ? flag(USED) | flag(USED_READ) : flag(USED)
    if ((lock.class.usage & conflict) === 0) return
    irqReports.inconsistentState(this, holderOn(cpu), lock, IN_NMI, USED)
  }

  #describe(cpu: Cpu, map: lockdep_map, options: AcquireOptions): HeldLock {
    const subclass = options.subclass ?? 0
    return {
      map,
      class: this.classes.of(map, subclass),
      subclass,
      read: options.read ?? 0,
      trylock: options.trylock ?? false,
      check: map.$validate,
      nest: options.nest ?? null,
      references: 0,
      irqsOff: options.irqsOff ?? cpu.irqsOff,
      irqContext: irqContext(cpu),
      sync: options.sync ?? false,
      place: this.machine.runtime.p,
      caller: kernelFunction(''),
      chain: '',
      pins: 0,
    }
  }

  /** One more lock of the class that is on top, under the same nest lock: only counted. */
  #merge(holder: Holder, lock: HeldLock): boolean {
    const top = holder.locks[holder.locks.length - 1]
    if (top === undefined || lock.sync || lock.nest === null || top.class !== lock.class)
      return false
    top.references = top.references === 0 ? 2 : top.references + 1
    return true
  }

  /** Usage, nest lock and order; ends at the first report. */
  #push(holder: Holder, lock: HeldLock): void {
    const used = this.#markUse(holder, lock)
    const below = holder.locks[holder.locks.length - 1]
    const head = below === undefined || below.irqContext !== lock.irqContext
    lock.chain = `${head ? `${lock.irqContext}:` : below.chain},${lock.class.id}.${lock.read}`
    if (!used) return
    if (lock.nest !== null && !isHeld(holder, lock.nest)) {
      reports.nestNotHeld(this, holder, lock)
      return
    }
    if (lock.trylock || !lock.check || this.#chains.has(lock.chain)) return
    const verdict = this.#recursion(holder, lock)
    if (verdict === 'bad') return
    if (verdict === 'new' && !head && !this.#addEdges(holder, lock)) return
    this.#chains.add(lock.chain)
  }

  // Waiting where one must not

  /** After the report the lock is taken as usual. */
  #checkWaitContext(holder: Holder, lock: HeldLock): void {
    const { inner, outer } = lock.class
    if (inner === 0 || lock.trylock) return
    if ((outer || inner) <= this.#allowedWait(holder, lock)) return
    reports.invalidWaitContext(this, holder, lock, this.#contextWait(holder.cpu))
  }

  #contextWait(cpu: Cpu): number {
    if (inHardirq(cpu)) return this.threadable[cpu.id] ? LD_WAIT_CONFIG : LD_WAIT_SPIN
    return servingSoftirq(cpu) ? LD_WAIT_CONFIG : LD_WAIT_MAX
  }

  #allowedWait(holder: Holder, lock: HeldLock): number {
    let allowed = this.#contextWait(holder.cpu)
    let from = holder.locks.length
    while (from > 0 && holder.locks[from - 1]!.irqContext === lock.irqContext) from--
    for (const held of holder.locks.slice(from)) {
      const { inner, kind } = held.class
      if (inner === 0) continue
      allowed = kind === 'wait-override' ? inner : Math.min(allowed, inner)
    }
    return allowed
  }

  /** Learns that these are taken one inside the other, as if that had happened long ago. */
  learnOrder(maps: readonly lockdep_map[]): void {
    const stack = this.stack()
    const classes = maps.map((map) => this.classes.of(map, 0))
    for (let i = 1; i < classes.length; i++) {
      link(classes[i - 1]!, 'after', classes[i]!, DEP_EN, stack)
      link(classes[i]!, 'before', classes[i - 1]!, DEP_EN, stack)
    }
  }

  // Usage

  #markUse(holder: Holder, lock: HeldLock): boolean {
    const { cpu } = holder
    const read = lock.read === 0 ? 0 : READ
    if (lock.check) {
      if (!lock.trylock) {
        if (inHardirq(cpu) && !this.mark(holder, lock, USED_IN_HARDIRQ | read)) return false
        if (servingSoftirq(cpu) && !this.mark(holder, lock, USED_IN_SOFTIRQ | read)) return false
      }
      if (!lock.irqsOff && !lock.sync) {
        if (!this.mark(holder, lock, ENABLED_HARDIRQ | read)) return false
        if (softirqsOn(cpu) && !this.mark(holder, lock, ENABLED_SOFTIRQ | read)) return false
      }
    }
    return this.mark(holder, lock, lock.read === 0 ? USED : USED_READ)
  }

  /** Sets a usage bit of the lock's class; false when that is an error. */
  mark(holder: Holder, lock: HeldLock, bit: number): boolean {
    const c = lock.class
    if (c.usage & flag(bit)) return true
    c.usage |= flag(bit)
    c.stacks[bit] = this.stack()
    if (bit >= USED) return true
    const other = opposite(bit)
    if (!this.#consistent(holder, lock, bit, other)) return false
    if (!(bit & READ) && !this.#consistent(holder, lock, bit, other | READ)) return false
    return this.#checkNeighbours(holder, lock, bit, other)
  }

  #consistent(holder: Holder, lock: HeldLock, bit: number, other: number): boolean {
    if ((lock.class.usage & flag(other)) === 0) return true
    irqReports.inconsistentState(this, holder, lock, bit, other)
    return false
  }

  /** Whether what is taken under this class (or over it) has the opposite usage. */
  #checkNeighbours(holder: Holder, lock: HeldLock, bit: number, other: number): boolean {
    const mask = flag(other) | flag(other | READ)
    const forward = (bit & DIRECTION) === 0
    const start = root(lock.class, forward ? lock.read === 2 : lock.read !== 0)
    const found = search(start, forward, (node) => (usageAt(node) & mask) !== 0, notALock)
    if (found === null) return true
    const matched = usageAt(found) & flag(other) ? other : other | READ
    irqReports.irqInversion(this, holder, lock, found, forward, matched)
    return false
  }

  /** Interrupts are switched on: everything held is from now on held with them on. */
  markHeld(cpu: Cpu, base: number): void {
    if (!this.on) return
    const holder = holderOn(cpu)
    for (const lock of [...holder.locks])
      if (lock.check && !this.mark(holder, lock, base | (lock.read === 0 ? 0 : READ))) return
  }

  irqsOn(cpu: Cpu): void {
    if (!this.on) return
    if (inHardirq(cpu))
      return debugLocksWarn(
        this.locking,
        'lockdep_hardirq_context()',
        'kernel/locking/lockdep.c',
        'lockdep_hardirqs_on_prepare',
        ['CTX-13'],
      )
    this.markHeld(cpu, ENABLED_HARDIRQ)
    if (softirqsOn(cpu)) this.markHeld(cpu, ENABLED_SOFTIRQ)
  }

  // Order

  #recursion(holder: Holder, next: HeldLock): 'new' | 'nested' | 'bad' {
    let nested = false
    for (const held of holder.locks) {
      if (held.map === next.nest) nested = true
      if (held.class !== next.class) continue
      if (next.read === 2 && held.read !== 0) continue
      if (held.class.compare && held.class.compare(held.map, next.map) < 0) continue
      if (nested) return 'nested'
      reports.recursive(this, holder, held, next)
      return 'bad'
    }
    return 'new'
  }

  #addEdges(holder: Holder, next: HeldLock): boolean {
    for (let i = holder.locks.length - 1; i >= 0; i--) {
      const held = holder.locks[i]!
      if (held.irqContext !== next.irqContext) break
      if (!held.check) continue
      if (!this.#addEdge(holder, held, next)) return false
      if (!held.trylock) break
    }
    return true
  }

  #addEdge(holder: Holder, prev: HeldLock, next: HeldLock): boolean {
    if (prev.class === next.class && prev.class.compare && prev.class.compare(prev.map, next.map) < 0)
      return true
    const circle = search(
      root(next.class, next.read === 2),
      true,
      (node) => node.at === prev.class && (prev.read === 0 || !node.onlyRecursive),
      null,
    )
    if (circle !== null) {
      reports.circular(this, holder, prev, next, circle)
      return false
    }
    if (!this.#checkIrqs(holder, prev, next)) return false
    const stack = this.stack()
    const nextFlag = next.read !== 2
    const forward = [DEP_SR, DEP_ER, DEP_SN, DEP_EN][(prev.read === 0 ? 1 : 0) + (nextFlag ? 2 : 0)]!
    const backward = [DEP_SR, DEP_ER, DEP_SN, DEP_EN][(nextFlag ? 1 : 0) + (prev.read === 0 ? 2 : 0)]!
    link(prev.class, 'after', next.class, forward, stack)
    link(next.class, 'before', prev.class, backward, stack)
    return true
  }

  /** Whether the new edge leads from something used in interrupts to something that admits them. */
  #checkIrqs(holder: Holder, prev: HeldLock, next: HeldLock): boolean {
    let usedIn = 0
    const over = root(prev.class, prev.read !== 0)
    search(over, false, (node) => ((usedIn |= usageAt(node)), false), notALock)
    usedIn &= USED_IN_ALL
    if (usedIn === 0) return true
    const unsafe = search(
      root(next.class, next.read === 2),
      true,
      (node) => (usageAt(node) & conflicting(usedIn)) !== 0,
      notALock,
    )
    if (unsafe === null) return true
    const wanted = conflicting(unsafe.at.usage & ENABLED_ALL)
    const again = root(prev.class, prev.read !== 0)
    const safe = search(again, false, (node) => (usageAt(node) & wanted) !== 0, notALock)
    if (safe === null) return true
    const bits = conflictingPair(safe.at.usage, unsafe.at.usage)
    if (bits === null) return true
    irqReports.safeToUnsafe(this, holder, prev, next, safe, unsafe, bits)
    return false
  }

  // Release

  release(map: lockdep_map): void {
    const { cpu } = now
    if (cpu === null || !this.on || !map.$track || inNmi(cpu)) return
    const holder = holderOn(cpu)
    const at = findHeld(holder, map)
    if (at < 0) {
      reports.unlockImbalance(this, holder, map)
      return
    }
    const lock = holder.locks[at]!
    if (lock.pins > 0) this.#pinWarning('releasing a pinned lock', '__lock_release')
    if (lock.references > 1) {
      lock.references--
      return
    }
    this.#retake(holder, at, null)
  }

  /** The plain warnings about pinned locks leave the validator on. */
  pin(map: lockdep_map, by: 1 | -1): void {
    if (now.cpu === null || !this.on) return
    const holder = holderOn(now.cpu)
    const lock = holder.locks[findHeld(holder, map)]
    const verb = by > 0 ? 'pin' : 'unpin'
    if (lock === undefined) this.#pinWarning(`${verb}ning an unheld lock`, `__lock_${verb}_lock`)
    else if (lock.pins + by < 0) this.#pinWarning('unpinning an unpinned lock', '__lock_unpin_lock')
    else lock.pins += by
  }

  #pinWarning(text: string, where: string): void {
    warn(this.machine, 'lockdep-pin', `kernel/locking/lockdep.c at ${where}`, text, {
      rules: ['LD-R17'],
    })
  }

  /** Takes the locks above the gap anew, as the kernel does, so that their order is learned. */
  #retake(holder: Holder, at: number, instead: HeldLock | null): void {
    const above = holder.locks.splice(at)
    above.shift()
    if (instead !== null) above.unshift(instead)
    for (const lock of above) {
      this.#push(holder, lock)
      holder.locks.push(lock)
    }
  }

  downgrade(map: lockdep_map): void {
    const { cpu } = now
    if (cpu === null || !this.on) return
    const holder = holderOn(cpu)
    const at = findHeld(holder, map)
    if (at < 0) return reports.unlockImbalance(this, holder, map)
    this.#retake(holder, at, { ...holder.locks[at]!, read: 1 })
  }

  isHeld(map: lockdep_map, how: Held = 'any'): boolean {
    if (now.cpu === null) return false
    const holder = holderOn(now.cpu)
    const at = findHeld(holder, map)
    if (at < 0 || how === 'any') return at >= 0
    return (holder.locks[at]!.read === 0) === (how === 'exclusive')
  }
}

function isHeld(holder: Holder, map: lockdep_map): boolean {
  return holder.locks.some((lock) => matches(lock, map))
}

function matches(lock: HeldLock, map: lockdep_map): boolean {
  if (lock.map === map) return true
  return lock.references > 0 && map.$classes?.[lock.subclass] === lock.class
}

/** From the top down to the border of the interrupt context. */
function findHeld(holder: Holder, map: lockdep_map): number {
  const { locks } = holder
  for (let i = locks.length - 1; i >= 0; i--) {
    if (i < locks.length - 1 && locks[i]!.irqContext !== locks[i + 1]!.irqContext) return -1
    if (matches(locks[i]!, map)) return i
  }
  return -1
}

function link(
  from: LockClass,
  list: 'after' | 'before',
  to: LockClass,
  dep: number,
  stack: RawStack,
): void {
  const known = from[list].find((e) => e.to === to)
  if (known) known.dep |= dep
  else from[list].push({ to, dep, stack })
}
