import type { Exec, Task } from '../../engine/exec'
import type { Machine } from '../../engine/machine'
import { hidden } from '../../engine/object'
import { mutex } from './mutex'
import { rw_semaphore } from './rwsem'
import { rwlock_t } from './rwlock'
import { semaphore } from './semaphore'
import { raw_spinlock_t } from './spinlock'

/** Whoever holds the lock, as far as it is known. */
export function holderOf(lock: unknown): Exec | null {
  if (lock instanceof mutex || lock instanceof raw_spinlock_t) return lock.$owner
  if (lock instanceof rw_semaphore)
    return lock.$writer ?? (lock.$readers > 0 ? lock.$lastReader : null)
  if (lock instanceof rwlock_t) return lock.$writer
  if (lock instanceof semaphore) return lock.$lastHolder
  return null
}

const nameOf = (exec: Exec): string => `${exec.name}:${(exec as { pid?: number }).pid ?? 0}`

/** The line under a stuck task that says who is in its way; null when nobody can be named. */
export function blockerLine(task: Task): string | null {
  const lock = task.waitObject
  const holder = holderOf(lock)
  const me = `INFO: task ${nameOf(task)}`
  if (lock instanceof mutex) {
    if (holder === null) return `${me} is blocked on a mutex, but the owner is not found.`
    return `${me} is blocked on a mutex likely owned by task ${nameOf(holder)}.`
  }
  if (lock instanceof semaphore) {
    if (holder === null) return `${me} is blocked on a semaphore, but the last holder is not found.`
    return `${me} blocked on a semaphore likely last held by task ${nameOf(holder)}`
  }
  if (!(lock instanceof rw_semaphore)) return null
  const role = task.waitsFor?.includes('writer') ? 'writer' : 'reader'
  if (holder === null)
    return `${me} ${role} is blocked on an rw-semaphore, but the owner is not found.`
  const other = lock.$writer !== null ? 'writer' : 'reader'
  return `${me} <${role}> blocked on an rw-semaphore likely owned by task ${nameOf(holder)} <${other}>`
}

/** In words for people: `mutex demo.lock`. */
export function describeWait(machine: Machine, task: Exec): string {
  const object = task.spinningOn ?? (task as Task).waitObject ?? null
  const what = (task as Task).waitsFor ?? (task.spinningOn ? 'lock' : 'nothing known')
  if (object === null) return what
  const h = hidden(object)
  const label = (object as { $label?: string }).$label
  const owner = h.$parent ? `${h.$parent.constructor.name}.${h.$field}` : ''
  const map = (object as { dep_map?: { name?: string } | null }).dep_map
  const name = owner || label || map?.name || `${object.constructor.name} #${machine.idOf(object)}`
  return `${what} (${name})`
}
