import { currentTask, machine } from '../../engine/current'
import type { Task } from '../../engine/exec'
import { KernelObject } from '../../engine/object'
import { ENOMEM } from '../errno'
import { allocate, slab } from '../mm/slab'
import { memoryAccess } from '../mm/watch'
import { sendSignal } from '../sched/signal'
import type { file } from './file'

/** The flag of a file whose owner wants signals. */
export const FASYNC = 0o20000

/** One file in a driver's list of those who want signals; the driver holds the first one. */
export class fasync_struct extends KernelObject {
  fa_fd = -1
  fa_file: file | null = null
  fa_next: fasync_struct | null = null
  /** @internal Who asked: the owner of the file, as F_SETOWN makes it. */
  $owner: Task | null = null
}

/** Where the driver keeps the head of its list. */
export interface FasyncHead {
  value: fasync_struct | null
}

/** Adds or removes a file: 1 when that changed the list, else 0; -ENOMEM. */
export function fasyncHelper(fd: number, f: file, on: number, head: FasyncHead): number {
  return on ? add(fd, f, head) : remove(f, head)
}

function add(fd: number, f: file, head: FasyncHead): number {
  for (let at = head.value; at; at = at.fa_next) {
    if (at.fa_file !== f) continue
    at.fa_fd = fd
    return 0
  }
  const entry = allocate(fasync_struct, true)
  if (!entry) return -ENOMEM
  entry.fa_fd = fd
  entry.fa_file = f
  entry.$owner = currentTask()
  entry.fa_next = head.value
  head.value = entry
  f.f_flags |= FASYNC
  return 1
}

function remove(f: file, head: FasyncHead): number {
  let previous: fasync_struct | null = null
  for (let at = head.value; at; previous = at, at = at.fa_next) {
    if (at.fa_file !== f) continue
    if (previous) previous.fa_next = at.fa_next
    else head.value = at.fa_next
    f.f_flags &= ~FASYNC
    slab(machine()).free(at)
    return 1
  }
  return 0
}

/** `kill_fasync`: a signal to the owner of every file on the list. */
export function killFasync(head: FasyncHead, signal: number): void {
  for (let at = head.value; at; at = at.fa_next) {
    memoryAccess(machine()).touch(at, 'fa_file', false, 'kill_fasync')
    if (at.$owner) sendSignal(at.$owner, signal)
  }
}
