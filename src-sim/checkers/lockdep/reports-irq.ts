import { lockOfMap } from '../../kernel/locking/map'
import { className, classText, type LockClass } from './classes'
import type { Node } from './graph'
import { contextText, holderName, type HeldLock, type Holder } from './held'
import type { Lockdep } from './lockdep'
import { heldLines, lockLine, lockReport, scenario, stackLines } from './text'
import { irqName, usageName } from './usage'

/** The same class is used in an interrupt and held with that interrupt enabled. */
export function inconsistentState(
  lockdep: Lockdep,
  holder: Holder,
  lock: HeldLock,
  bit: number,
  other: number,
): void {
  const { machine } = lockdep
  const name = className(lock.class)
  const stack = lock.class.stacks[other] ?? null
  lockReport(lockdep, {
    kind: 'lockdep.inconsistent',
    header: 'WARNING: inconsistent lock state',
    body: [
      `inconsistent {${usageName(other)}} -> {${usageName(bit)}} usage.`,
      `${contextText(holder)} takes:`,
      lockLine(machine, lock),
      `{${usageName(other)}} state was registered at:`,
      ...stackLines(machine, stack),
      '',
      'other info that might help us debug this:',
      ' Possible unsafe locking scenario:',
      '',
      '       CPU0',
      '       ----',
      `  lock(${name});`,
      '  <Interrupt>',
      `    lock(${name});`,
      '',
      ' *** DEADLOCK ***',
      '',
      ...heldLines(machine, holder),
    ],
    stacks: stack ? [{ role: usageName(other), stack }] : [],
    objects: [lockOfMap(lock.map)],
    rules: ['LD-R05'],
  })
}

/** A usage change connects, through orders known before, interrupts and what admits them. */
export function irqInversion(
  lockdep: Lockdep,
  holder: Holder,
  lock: HeldLock,
  found: Node,
  forward: boolean,
  bit: number,
): void {
  const { machine } = lockdep
  const there = className(found.at)
  const here = className(lock.class)
  const [first, second] = forward ? [there, here] : [here, there]
  const stack = found.at.stacks[bit] ?? null
  lockReport(lockdep, {
    kind: 'lockdep.irq-inversion',
    header: 'WARNING: possible irq lock inversion dependency detected',
    body: [
      `${holderName(holder)} just changed the state of lock:`,
      lockLine(machine, lock),
      forward
        ? `but this lock took another, ${irqName(bit)}-unsafe lock in the past:`
        : `but this lock was taken by another, ${irqName(bit)}-safe lock in the past:`,
      ` ${classText(found.at)}`,
      '',
      '',
      'and interrupts could create inverse lock ordering between them.',
      '',
      '',
      'other info that might help us debug this:',
      ' Possible interrupt unsafe locking scenario:',
      '',
      ...interruptScenario(first, second),
      ...heldLines(machine, holder),
    ],
    stacks: stack ? [{ role: usageName(bit), stack }] : [],
    objects: [lockOfMap(lock.map)],
    rules: ['LD-R04'],
  })
}

function interruptScenario(unsafe: string, safe: string): string[] {
  return scenario([
    [`lock(${unsafe});`, ''],
    ['', 'local_irq_disable();'],
    ['', `lock(${safe});`],
    ['', `lock(${unsafe});`],
    ['<Interrupt>', ''],
    [`  lock(${safe});`, ''],
  ])
}

/** A new order leads from something used in interrupts to something held with them enabled. */
export function safeToUnsafe(
  lockdep: Lockdep,
  holder: Holder,
  prev: HeldLock,
  next: HeldLock,
  safe: Node,
  unsafe: Node,
  bits: [number, number],
): void {
  const { machine } = lockdep
  const [inBit, onBit] = bits
  const registered = (c: LockClass, bit: number): string[] => stackLines(machine, c.stacks[bit])
  const stacks = []
  for (const [c, bit] of [[safe.at, inBit], [unsafe.at, onBit]] as const) {
    const stack = c.stacks[bit]
    if (stack) stacks.push({ role: `${className(c)} ${usageName(bit)}`, stack })
  }
  lockReport(lockdep, {
    kind: 'lockdep.irq-safe-unsafe',
    header: `WARNING: ${irqName(inBit)}-safe -> ${irqName(onBit)}-unsafe lock order detected`,
    body: [
      `${contextText(holder)} is trying to acquire:`,
      lockLine(machine, next),
      '',
      'and this task is already holding:',
      lockLine(machine, prev),
      'which would create a new lock dependency:',
      ` ${classText(prev.class)} -> ${classText(next.class)}`,
      '',
      `but this new dependency connects a ${irqName(inBit)}-irq-safe lock:`,
      ` ${classText(safe.at)}`,
      '',
      `... which became ${irqName(inBit)}-irq-safe at:`,
      ...registered(safe.at, inBit),
      '',
      `to a ${irqName(onBit)}-irq-unsafe lock:`,
      ` ${classText(unsafe.at)}`,
      '',
      `... which became ${irqName(onBit)}-irq-unsafe at:`,
      ...registered(unsafe.at, onBit),
      '',
      'other info that might help us debug this:',
      '',
      ' Possible interrupt unsafe locking scenario:',
      '',
      ...interruptScenario(className(unsafe.at), className(safe.at)),
      ...heldLines(machine, holder),
    ],
    stacks,
    objects: [lockOfMap(next.map), lockOfMap(prev.map)],
    rules: ['LD-R03'],
  })
}
