import { hidden, KernelObject } from '../../engine/object'
import { machine } from '../../engine/current'
import { memoryAccess } from '../mm/watch'
import { report } from '../report'
import { addressOf, hex16 } from '../printk/format'

/** A place in a doubly linked ring; also the head of one. */
export class list_head extends KernelObject {
  /** Itself when alone; null after `list_del`, where C leaves poison. */
  next: list_head | null = this
  prev: list_head | null = this
}

/** Like following a pointer: what lies in freed memory shows itself. */
export function touchEntry<E extends object>(entry: E, field: string, write: boolean): E {
  if (hidden(entry).$dead !== undefined) memoryAccess(machine()).touch(entry, field, write)
  return entry
}
const touch: (entry: list_head, field: string, write: boolean) => list_head = touchEntry

function corrupt(what: string, entry: list_head): boolean {
  const m = machine()
  report(m, {
    kind: 'list.corruption',
    title: `list_${what}, but is poisoned or not linked (entry=${hex16(addressOf(m, entry))})`,
    details: ['kernel BUG at lib/list_debug.c!'],
    objects: [entry],
    help: 'lists',
  })
  return true
}

export function initListHead(list: list_head): void {
  touch(list, 'next', true)
  list.next = list
  list.prev = list
}

export function insert(entry: list_head, prev: list_head, next: list_head): void {
  touch(next, 'prev', true)
  touch(prev, 'next', true)
  if (prev.next !== next || next.prev !== prev) {
    corrupt('add corruption. next->prev should be prev', prev)
    return
  }
  if (entry === prev || entry === next) {
    corrupt('add double add', entry)
    return
  }
  next.prev = entry
  entry.next = next
  entry.prev = prev
  prev.next = entry
}

/** Takes an entry out; `keepNext` leaves its way forward to readers that are at it. */
export function unlinkEntry(entry: list_head, keepNext: boolean): void {
  touch(entry, 'next', false)
  const { next, prev } = entry
  if (next === null || prev === null) {
    corrupt('del corruption, entry was deleted already', entry)
    return
  }
  touch(next, 'prev', true).prev = prev
  touch(prev, 'next', true).next = next
  entry.prev = null
  if (!keepNext) entry.next = null
}

export const isEmpty = (head: list_head): boolean => touch(head, 'next', false).next === head

/** Walks from entry to entry as C does: the way on is read when the body is through. */
export class ListWalk<T extends object> implements Iterable<T>, Iterator<T> {
  #head: list_head
  #at: list_head
  #saved: list_head | null
  #forward: boolean
  #owner: (entry: list_head) => T

  /** Begins behind `start`, which is the head unless a walk is to go on from somewhere. */
  constructor(
    head: list_head,
    safe: boolean,
    forward: boolean,
    owner: (entry: list_head) => T,
    start: list_head = head,
  ) {
    this.#head = head
    this.#at = start
    this.#forward = forward
    this.#owner = owner
    this.#saved = safe ? this.#step(start) : null
  }

  #step(from: list_head): list_head {
    touch(from, this.#forward ? 'next' : 'prev', false)
    const to = this.#forward ? from.next : from.prev
    if (to === null) throw new TypeError("Cannot read properties of null (reading 'next')")
    return to
  }

  [Symbol.iterator](): Iterator<T> {
    return this
  }

  next(): IteratorResult<T> {
    this.#at = this.#saved ?? this.#step(this.#at)
    if (this.#at === this.#head) return { done: true, value: undefined }
    if (this.#saved !== null) this.#saved = this.#step(this.#at)
    return { done: false, value: this.#owner(this.#at) }
  }
}

/** The structure around an entry that is its member `member`. */
export function ownerOf<T extends object>(entry: list_head, member: string): T {
  let object: object = entry
  for (let parts = member.split('.').length; parts > 0; parts--) object = hidden(object).$parent!
  return object as T
}
