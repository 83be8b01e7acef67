import { Hook } from '../../base/disposable'
import type { Machine } from '../../engine/machine'
import { service } from '../../engine/service'
import { lock_acquire, lock_acquired, lock_contended, lock_release } from '../../trace/events'
import type { KernelObject } from '../../engine/object'
import type { Exec } from '../../engine/exec'
import { now } from '../../engine/current'
import { emit, recorder, type Recorder } from '../emit'
import type { lockdep_map } from './map'

/** 0 exclusive, 1 shared, 2 shared and recursive. */
export type ReadMode = 0 | 1 | 2

/** A lock with a map through which lock checkers know it. */
export interface Lock {
  dep_map: lockdep_map | null
}

/**
 * What all locks of a machine announce. `acquire` comes before the lock is taken (so that a
 * checker speaks before the deadlock), `acquired` once it is held.
 */
export class Locking {
  readonly on = {
    acquire: new Hook<
      [
        map: lockdep_map,
        subclass: number,
        trylock: boolean,
        read: ReadMode,
        nest: lockdep_map | null,
        lock: object,
      ]
    >(),
    release: new Hook<[map: lockdep_map, lock: object]>(),
    /** Checked as if taken, but never held: waiting for whoever is inside. */
    sync: new Hook<[map: lockdep_map, read: ReadMode]>(),
    acquired: new Hook<[lock: object, read: ReadMode]>(),
    released: new Hook<[lock: object, read: ReadMode]>(),
    contended: new Hook<[lock: object]>(),
    /** A lock that has been used is made ready for use again. */
    init: new Hook<[map: lockdep_map]>(),
    /** A lock without a map is used: it was never initialised. */
    unkeyed: new Hook<[lock: Lock & object]>(),
    destroy: new Hook<[lock: object]>(),
    /** Class, subclass or other properties of a map were changed. */
    changed: new Hook<[map: lockdep_map]>(),
    downgrade: new Hook<[map: lockdep_map]>(),
    /** A held lock must stay held (1), or may be given back again (-1). */
    pin: new Hook<[map: lockdep_map, by: 1 | -1]>(),
  }
  /** The debug versions of the locks (magic numbers, owners). */
  debug = true
  /** Treats every read of an rwlock as recursive, as kernels without queued rwlocks do. */
  recursiveReads = false
  /** Lets ww_mutex_lock fail now and then with -EDEADLK, as debug kernels do. */
  wwInjection = false
  /** Keeps checking after the first report; Linux does not. */
  keepOn = false
  readonly #machine: Machine
  readonly #recorder: Recorder
  #off = false
  readonly #unwatched = new Map<Exec, number>()
  #silentStep = -1

  constructor(machine: Machine) {
    this.#machine = machine
    this.#recorder = recorder(machine)
  }

  /** Whether lock checks still speak. */
  get debugLocks(): boolean {
    return !this.#off && this.#machine.steps !== this.#silentStep
  }

  /** Whether the checks still follow what is held (they may be silent for the moment). */
  get tracking(): boolean {
    return !this.#off
  }

  /**
   * Switches all lock checks off, as the kernel does at the first report. False when they were off
   * already: then nothing may be reported. With `keepOn` they are only silent for the rest of the
   * operation in progress.
   */
  debugLocksOff(): boolean {
    if (!this.debugLocks) return false
    if (this.keepOn) this.#silentStep = this.#machine.steps
    else this.#off = true
    return true
  }

  /** The running context takes locks that nobody is to follow, or ends that: calls nest. */
  lookAway(by: 1 | -1): void {
    const { exec } = now
    if (exec === null) return
    const depth = (this.#unwatched.get(exec) ?? 0) + by
    if (depth === 0) this.#unwatched.delete(exec)
    else this.#unwatched.set(exec, depth)
  }

  #blind(): boolean {
    return this.#unwatched.size > 0 && now.exec !== null && this.#unwatched.has(now.exec)
  }

  /** Switches the checks on again. */
  rearm(): void {
    this.#off = false
    this.#silentStep = -1
  }

  /**
   * Whether `acquire` has anything to do. The first use of a lock gives it its identity, with or
   * without a trace, so that identities are the same in both.
   */
  watches(lock: KernelObject): boolean {
    return lock.$id === 0 || this.on.acquire.listened || this.traced
  }

  get traced(): boolean {
    return this.#recorder.writer !== null
  }

  acquire(
    lock: Lock & object,
    subclass: number,
    trylock: boolean,
    read: ReadMode,
    nest: lockdep_map | null,
  ): void {
    const { acquire } = this.on
    if (lock.dep_map === null) this.on.unkeyed.emit(lock)
    if (!this.#blind() && acquire.listened && lock.dep_map !== null)
      acquire.emit(lock.dep_map, subclass, trylock, read, nest, lock)
    emit(lock_acquire, lock, read === 0 ? 'exclusive' : 'shared', trylock)
  }

  acquired(lock: object, read: ReadMode): void {
    if (this.on.acquired.listened) this.on.acquired.emit(lock, read)
    if (this.traced) emit(lock_acquired, lock, read === 0 ? 'exclusive' : 'shared')
  }

  contended(lock: object, owner: Exec | null): void {
    if (this.on.contended.listened) this.on.contended.emit(lock)
    if (this.traced) emit(lock_contended, lock, owner === null ? 0 : owner.id)
  }

  release(lock: Lock & object): void {
    const { release } = this.on
    if (!this.#blind() && release.listened && lock.dep_map !== null) release.emit(lock.dep_map, lock)
  }

  released(lock: object, read: ReadMode): void {
    if (this.on.released.listened) this.on.released.emit(lock, read)
    if (this.traced) emit(lock_release, lock)
  }
}

export const locking = service((machine) => new Locking(machine))

/** The context that takes a lock now; set-up code outside every context shares a stand-in. */
export const lockOwner = (): Exec | null => now.exec
