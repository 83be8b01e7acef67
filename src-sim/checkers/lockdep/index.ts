import { now } from '../../engine/current'
import type { Machine } from '../../engine/machine'
import { hidden, outermost } from '../../engine/object'
import { irqTrace } from '../../kernel/irq/irqflags'
import { heldChecker } from '../../kernel/locking/assert'
import { locking } from '../../kernel/locking/locking'
import { lockOfMap, type lockdep_map } from '../../kernel/locking/map'
import { slab, type Allocation } from '../../kernel/mm/slab'
import { hex16 } from '../../kernel/printk/format'
import { rcu } from '../../kernel/rcu/tree'
import { schedHooks } from '../../kernel/sched/schedule'
import { holderOn, locksOf, type HeldLock, type Holder } from './held'
import { Lockdep } from './lockdep'
import { attachResvOrder } from './resv-order'
import { attachIrqContexts, attachTimerMaps, attachWorkMaps } from './pseudo'
import * as reports from './reports'
import { nonStaticKey, suspiciousRcu } from './reports-misc'
import { heldLines } from './text'
import { ENABLED_SOFTIRQ } from './usage'

export { Lockdep } from './lockdep'

export interface LockdepOptions {
  /** Goes on after the first report; Linux does not. */
  keepOn?: boolean
}

/** The lock validator, as PROVE_LOCKING builds it in. */
export function attachLockdep(machine: Machine, options: LockdepOptions = {}): Lockdep {
  const lockdep = new Lockdep(machine)
  const { on } = locking(machine)
  locking(machine).keepOn = options.keepOn ?? false
  on.acquire.add((map, subclass, trylock, read, nest) =>
    lockdep.acquire(map, { subclass, trylock, read, nest }),
  )
  on.release.add((map) => lockdep.release(map))
  on.sync.add((map, read) => lockdep.acquire(map, { read, sync: true }))
  on.downgrade.add((map) => lockdep.downgrade(map))
  on.pin.add((map, by) => lockdep.pin(map, by))
  on.init.add((map) => reinitialised(lockdep, map))
  on.unkeyed.add((lock) => unkeyed(lockdep, lock))
  heldChecker(machine).lookUp = (map, how) => lockdep.isHeld(map, how)
  attachSwitches(lockdep)
  attachChecks(lockdep)
  attachWorkMaps(lockdep)
  attachTimerMaps(lockdep)
  attachIrqContexts(lockdep)
  attachResvOrder(lockdep)
  return lockdep
}

function attachSwitches(lockdep: Lockdep): void {
  irqTrace.whenUsed(lockdep.machine, ({ on }) => {
    on.irqsOn.add(() => {
      if (now.cpu !== null) lockdep.irqsOn(now.cpu)
    })
    on.bhOn.add(() => {
      if (now.cpu !== null && !now.cpu.irqsOff) lockdep.markHeld(now.cpu, ENABLED_SOFTIRQ)
    })
  })
}

function attachChecks(lockdep: Lockdep): void {
  const { machine } = lockdep
  slab.whenUsed(machine, ({ on }) => on.free.add((record) => freed(lockdep, record)))
  schedHooks(machine).taskExit.add((task) => {
    const holder: Holder = { task, cpu: task.cpu, locks: locksOf(task) }
    if (holder.locks.length > 0) reports.heldAtExit(lockdep, holder)
  })
  schedHooks(machine).returnToUser.add((task) => {
    const holder: Holder = { task, cpu: task.cpu, locks: locksOf(task) }
    if (holder.locks.length > 0) reports.heldAtUser(lockdep, holder)
  })
  schedHooks(machine).heldLocks.add((task, lines) => {
    if (!locking(machine).debugLocks) lines.push('INFO: lockdep is turned off.')
    else if (task !== null) {
      const holder: Holder = { task, cpu: task.cpu, locks: locksOf(task) }
      lines.push(...heldLines(machine, holder))
    }
  })
  rcu.whenUsed(machine, ({ on }) =>
    on.suspicious.add((text, source) => {
      if (now.cpu !== null) suspiciousRcu(lockdep, holderOn(now.cpu), text, source)
    }),
  )
}

/** Memory with a lock in it that the current task holds. */
function freed(lockdep: Lockdep, record: Allocation): void {
  if (now.cpu === null || !lockdep.on) return
  const holder = holderOn(now.cpu)
  const inside = (lock: HeldLock): boolean => outermost(lockOfMap(lock.map)) === record.object
  const lock = holder.locks.find(inside)
  if (lock === undefined) return
  const end = record.address + record.bytes - 1
  reports.heldLockFreed(lockdep, holder, lock, `${hex16(record.address)}-${hex16(end)}`)
}

function reinitialised(lockdep: Lockdep, map: lockdep_map): void {
  if (now.cpu === null || !lockdep.on) return
  const holder = holderOn(now.cpu)
  const lock = holder.locks.find((held) => held.map === map)
  if (lock === undefined) return
  reports.heldLockFreed(lockdep, holder, lock, 'of a lock being initialised')
  holder.locks.splice(holder.locks.indexOf(lock), 1)
}

/** Static locks are their own key; in allocated memory a lock needs its initialiser. */
function unkeyed(lockdep: Lockdep, lock: object): void {
  const record = hidden(outermost(lock)).$alloc as Allocation | undefined
  if (record !== undefined && record.module === '') nonStaticKey(lockdep, lock)
}
