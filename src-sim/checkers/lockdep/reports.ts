import { lockOfMap, type lockdep_map } from '../../kernel/locking/map'
import { whereText } from '../../kernel/report'
import { className, classText, type LockClass } from './classes'
import { path, type Node } from './graph'
import { holderName, type HeldLock, type Holder } from './held'
import type { Lockdep } from './lockdep'
import { heldLines, lockLine, lockReport, scenario, stackLines } from './text'

const verb = (lock: HeldLock): string => (lock.sync ? 'sync' : lock.read ? 'rlock' : 'lock')
const objects = (...locks: HeldLock[]): object[] => locks.map((lock) => lockOfMap(lock.map))

/** The task already holds a lock of this class. */
export function recursive(lockdep: Lockdep, holder: Holder, prev: HeldLock, next: HeldLock): void {
  const { machine } = lockdep
  lockReport(lockdep, {
    kind: 'lockdep.recursive',
    header: 'WARNING: possible recursive locking detected',
    body: [
      `${holderName(holder)} is trying to acquire lock:`,
      lockLine(machine, next),
      '',
      'but task is already holding lock:',
      lockLine(machine, prev),
      '',
      'other info that might help us debug this:',
      ' Possible unsafe locking scenario:',
      '',
      '       CPU0',
      '       ----',
      `  ${verb(prev)}(${className(prev.class)});`,
      `  ${verb(next)}(${className(next.class)});`,
      '',
      ' *** DEADLOCK ***',
      '',
      ' May be due to missing lock nesting notation',
      '',
      ...heldLines(machine, holder),
    ],
    objects: objects(next, prev),
    rules: ['LD-R01'],
  })
}

/** The new order closes a circle. */
export function circular(
  lockdep: Lockdep,
  holder: Holder,
  prev: HeldLock,
  next: HeldLock,
  found: Node,
): void {
  const { machine } = lockdep
  const nodes = path(found)
  const chain: string[] = []
  const stacks = []
  for (let i = nodes.length - 1; i > 0; i--) {
    const { edge, at } = nodes[i]!
    chain.push(`-> #${i} ${classText(at)}:`, ...stackLines(machine, edge!.stack), '')
    stacks.push(
      { role: `${className(at)} taken after ${className(nodes[i - 1]!.at)}`, stack: edge!.stack },
    )
  }
  chain.push(`-> #0 ${classText(next.class)}:`, ...stackLines(machine, lockdep.stack()), '')
  lockReport(lockdep, {
    kind: 'lockdep.circular',
    header: 'WARNING: possible circular locking dependency detected',
    body: [
      `${holderName(holder)} is trying to acquire lock:`,
      lockLine(machine, next),
      '',
      'but task is already holding lock:',
      lockLine(machine, prev),
      '',
      'which lock already depends on the new lock.',
      '',
      '',
      'the existing dependency chain (in reverse order) is:',
      '',
      ...chain,
      'other info that might help us debug this:',
      '',
      ...circleScenario(nodes, prev, next),
      ...heldLines(machine, holder),
    ],
    stacks,
    objects: objects(next, prev),
    rules: ['LD-R02'],
  })
}

function circleScenario(nodes: Node[], prev: HeldLock, next: HeldLock): string[] {
  const middle = nodes.length > 2 ? nodes[nodes.length - 2]!.at : next.class
  const lines: string[] = []
  if (nodes.length > 2)
    lines.push(
      'Chain exists of:',
      `  ${className(next.class)} --> ${className(middle)} --> ${className(prev.class)}`,
      '',
    )
  const name = (c: LockClass): string => className(c)
  lines.push(
    ' Possible unsafe locking scenario:',
    '',
    ...scenario([
      [`${verb(prev)}(${name(prev.class)});`, ''],
      ['', `lock(${name(middle)});`],
      ['', `lock(${name(prev.class)});`],
      [`${verb(next)}(${name(next.class)});`, ''],
    ]),
  )
  return lines
}

/** The lock that was to allow the nesting is not held. */
export function nestNotHeld(lockdep: Lockdep, holder: Holder, lock: HeldLock): void {
  const { machine } = lockdep
  lockReport(lockdep, {
    kind: 'lockdep.nest-lock',
    header: 'WARNING: Nested lock was not taken',
    body: [
      `${holderName(holder)} is trying to lock:`,
      lockLine(machine, lock),
      '',
      'but this task is not holding:',
      lock.nest!.name,
      '',
      ...stackLines(machine, lockdep.stack()),
      '',
      'other info that might help us debug this:',
      ...heldLines(machine, holder),
    ],
    objects: objects(lock),
    rules: ['LD-R06'],
  })
}

/** A lock that may sleep (or spin longer than here allowed) is taken. */
export function invalidWaitContext(
  lockdep: Lockdep,
  holder: Holder,
  lock: HeldLock,
  context: number,
): void {
  const { machine } = lockdep
  lockReport(lockdep, {
    kind: 'lockdep.wait-context',
    header: '[ BUG: Invalid wait context ]',
    body: [
      `${holderName(holder)} is trying to lock:`,
      lockLine(machine, lock),
      'other info that might help us debug this:',
      `context-{${context}:${context}}`,
      ...heldLines(machine, holder),
    ],
    objects: objects(lock),
    rules: ['LD-R08'],
  })
}

/** A lock is released that the task does not hold. */
export function unlockImbalance(lockdep: Lockdep, holder: Holder, map: lockdep_map): void {
  const { machine } = lockdep
  lockReport(lockdep, {
    kind: 'lockdep.unlock-balance',
    header: 'WARNING: bad unlock balance detected!',
    body: [
      `${holderName(holder)} is trying to release lock (${map.name}) at:`,
      whereText(machine, lockdep.stack()),
      'but there are no more locks to release!',
      '',
      'other info that might help us debug this:',
      ...heldLines(machine, holder),
    ],
    objects: [lockOfMap(map)],
    rules: ['LD-R09'],
  })
}

/** Memory with a held lock in it is freed or made ready for use again. */
export function heldLockFreed(
  lockdep: Lockdep,
  holder: Holder,
  lock: HeldLock,
  range: string,
): void {
  const { machine } = lockdep
  lockReport(lockdep, {
    kind: 'lockdep.held-freed',
    header: 'WARNING: held lock freed!',
    body: [
      `${holderName(holder)} is freeing memory ${range}, with a lock still held there!`,
      lockLine(machine, lock),
      ...heldLines(machine, holder),
    ],
    objects: objects(lock),
    rules: ['LD-R10', 'LOCK-13'],
  })
}

export function heldAtExit(lockdep: Lockdep, holder: Holder): void {
  lockReport(lockdep, {
    kind: 'lockdep.held-at-exit',
    header: `WARNING: ${holderName(holder)} still has locks held!`,
    body: heldLines(lockdep.machine, holder),
    objects: objects(...holder.locks),
    rules: ['LD-R11'],
  })
}

export function heldAtUser(lockdep: Lockdep, holder: Holder): void {
  lockReport(lockdep, {
    kind: 'lockdep.held-at-user',
    header: 'WARNING: lock held when returning to user space!',
    body: [
      `${holderName(holder)} is leaving the kernel with locks still held!`,
      ...heldLines(lockdep.machine, holder),
    ],
    objects: objects(...holder.locks),
    rules: ['LD-R12'],
  })
}
