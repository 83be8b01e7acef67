import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { call, point, type Sim } from '../../engine/suspend'
import {
  ref_get,
  ref_put,
  revocable_denied,
  revocable_drop,
  revocable_revoke,
} from '../../trace/events'
import { emit } from '../emit'
import { ENODEV } from '../errno'
import { memoryAccess } from '../mm/watch'
import { mightSleep, WaitList } from '../sched/schedule'

/** Ends one thread of control for good: when it returns, the thread does not run nor ever will. */
export type StopFunction = () => unknown

/**
 * What all users of a driver's data have in common: those who come through the gate (system calls)
 * are counted, those who run by themselves (handlers, timers, works) are known by how to stop them.
 * Invariant: once `$closed`, `$inside` only falls; once `$over`, nobody uses what is behind it.
 */
export class gate extends KernelObject {
  name = ''
  /** @internal Callers that are inside. */
  $inside = 0
  /** @internal */
  $closed = false
  /** @internal */
  $over = false
  /** @internal Oldest first. */
  $stops: StopFunction[] = []
  /** @internal */
  readonly $waiters = new WaitList()

  get $label(): string {
    return this.name
  }
}

const touch = (g: gate, inside: string): void => memoryAccess(machine()).touch(g, 'state', true, inside)

export function initGate(g: gate, name: string): void {
  g.name = name
  g.$inside = 0
  g.$closed = false
  g.$over = false
  g.$stops = []
}

export function enterGate(g: gate): boolean {
  touch(g, 'gate_enter')
  if (g.$closed) {
    emit(revocable_denied, g)
    return false
  }
  g.$inside++
  emit(ref_get, g, g.$inside, null, 'inside the gate')
  return true
}

export function leaveGate(g: gate): void {
  touch(g, 'gate_exit')
  g.$inside--
  emit(ref_put, g, g.$inside, null, 'inside the gate')
  if (g.$inside === 0) g.$waiters.wakeAll()
}

/** 0, or -ENODEV with the thread stopped at once when the gate is closed already. */
export function* addStop(g: gate, stop: StopFunction): Sim<number> {
  touch(g, 'gate_add_stop')
  if (!g.$closed) {
    g.$stops.push(stop)
    return 0
  }
  yield* call(stop)
  return -ENODEV
}

/**
 * Nobody new comes in; waits for those inside, who may need the threads to make progress; then
 * stops the threads, newest first. Whoever else calls it meanwhile waits for the same end.
 */
export function* closeGate(g: gate): Sim {
  touch(g, 'gate_close')
  mightSleep('gate_close')
  if (g.$closed) return yield* g.$waiters.waitUntil(() => g.$over, g, `the end of ${g.name}`)
  g.$closed = true
  emit(revocable_revoke, g, true)
  yield point(closeGate, g)
  yield* g.$waiters.waitUntil(() => g.$inside === 0, g, `those inside ${g.name}`)
  for (let stop = g.$stops.pop(); stop; stop = g.$stops.pop()) {
    const end = stop
    yield point(closeGate, g)
    yield* call(end)
  }
  g.$over = true
  emit(revocable_drop, g)
  g.$waiters.wakeAll()
}
