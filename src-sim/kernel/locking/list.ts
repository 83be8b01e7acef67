import { hidden, KernelObject } from '../../engine/object'
import { machine } from '../../engine/current'
import { memoryAccess } from '../mm/watch'
import { warn } from '../printk/warn'
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

/** What `list_del` leaves behind. */
const POISON_NEXT = 'dead000000000100'
const POISON_PREV = 'dead000000000122'

/** DEBUG_LIST: the ring is not as it should be, and the operation is left undone. */
function corrupt(text: string, entry: list_head, where: string): void {
  warn(machine(), 'list-corruption', `lib/list_debug.c at ${where}`, text, {
    kind: 'list.corruption',
    objects: [entry],
    once: false,
    help: 'lists',
  })
}

const at = (entry: list_head | null): string =>
  entry === null ? POISON_NEXT : hex16(addressOf(machine(), entry))

/** `a->b should be X, but was Y. (a=Z)` */
const wrongLink = (link: string, should: list_head, was: list_head | null, of: list_head): string =>
  `${link} should be ${at(should)}, but was ${at(was)}. (${link.slice(0, 4)}=${at(of)})`

function addAllowed(entry: list_head, prev: list_head, next: list_head): boolean {
  let text: string
  if (next.prev !== prev)
    text =
      `list_add corruption. next->prev should be prev (${at(prev)}), but was ${at(next.prev)}. ` +
      `(next=${at(next)}).`
  else if (prev.next !== next)
    text =
      `list_add corruption. prev->next should be next (${at(next)}), but was ${at(prev.next)}. ` +
      `(prev=${at(prev)}).`
  else if (entry === prev || entry === next)
    text = `list_add double add: new=${at(entry)}, prev=${at(prev)}, next=${at(next)}.`
  else return true
  corrupt(text, entry, '__list_add_valid_or_report')
  return false
}

function delAllowed(entry: list_head): boolean {
  const { next, prev } = entry
  const begin = 'list_del corruption'
  let text: string
  if (next === null) text = `${begin}, ${at(entry)}->next is LIST_POISON1 (${POISON_NEXT})`
  else if (prev === null) text = `${begin}, ${at(entry)}->prev is LIST_POISON2 (${POISON_PREV})`
  else if (touch(prev, 'next', false).next !== entry)
    text = `${begin}. ${wrongLink('prev->next', entry, prev.next, prev)}`
  else if (touch(next, 'prev', false).prev !== entry)
    text = `${begin}. ${wrongLink('next->prev', entry, next.prev, next)}`
  else return true
  corrupt(text, entry, '__list_del_entry_valid_or_report')
  return false
}

export function initListHead(list: list_head): void {
  touch(list, 'next', true)
  list.next = list
  list.prev = list
}

export function insert(entry: list_head, prev: list_head, next: list_head): void {
  touch(next, 'prev', true)
  touch(prev, 'next', true)
  if (!addAllowed(entry, prev, next)) return
  next.prev = entry
  entry.next = next
  entry.prev = prev
  prev.next = entry
}

/** Takes an entry out; `keepNext` leaves its way forward to readers that are at it. */
export function unlinkEntry(entry: list_head, keepNext: boolean): void {
  touch(entry, 'next', false)
  if (!delAllowed(entry)) return
  const next = entry.next!
  const prev = entry.prev!
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
