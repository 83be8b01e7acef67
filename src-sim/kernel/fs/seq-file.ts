import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { call, type Sim } from '../../engine/suspend'
import { isErr, ptrErr } from '../err'
import { EINVAL, ENOMEM } from '../errno'
import { initMutex, mutex, mutexLock, mutexUnlock } from '../locking/mutex'
import { allocate, slab } from '../mm/slab'
import { symbolOf } from '../printk/symbols'
import { kernelLog } from '../printk/log'
import { warn } from '../printk/warn'
import type { file } from './file'

/** How the records of a file are walked: `start` ... `next` ... `stop`, and `show` for each. */
export interface seq_operations {
  start: (m: seq_file, pos: { value: number }) => any
  stop: (m: seq_file, v: any) => void
  next: (m: seq_file, v: any, pos: { value: number }) => any
  show: (m: seq_file, v: any) => number
}

/** `show` answers it to leave a record out. */
export const SEQ_SKIP = 1
/** What `start` answers for a line before the first record. */
export const SEQ_START_TOKEN = Object.freeze({ $type: 'SEQ_START_TOKEN' })

/**
 * A file whose text is made record by record. What `show` prints is collected in a buffer and
 * handed out from there; a record that does not fit is printed again into a larger one.
 */
export class seq_file extends KernelObject {
  buf: Uint8Array | null = null
  size = 0
  from = 0
  count = 0
  pad_until = 0
  index = 0
  read_pos = 0
  lock = new mutex()
  op: seq_operations | null = null
  file: file | null = null
  private: any = null
  /** @internal `index` as the pointer that the operations are given. */
  readonly $pos: { value: number }

  constructor() {
    super()
    this.$pos = indexOf(this)
  }

  get $label(): string {
    return this.file?.$path ?? ''
  }
}

const indexOf = (m: seq_file): { value: number } => ({
  get value() {
    return m.index
  },
  set value(v: number) {
    m.index = v
  },
})

export const hasOverflowed = (m: seq_file): boolean => m.count === m.size

/** Appends a text; one that does not fit marks the buffer as too small. */
export function appendText(m: seq_file, text: string): void {
  if (m.count + text.length >= m.size) {
    m.count = m.size
    return
  }
  for (let i = 0; i < text.length; i++) m.buf![m.count + i] = text.charCodeAt(i)
  m.count += text.length
}

export function seqOpen(f: file, op: seq_operations): number {
  if (f.private_data) warn(machine(), 'seq-open', 'fs/seq_file.c at seq_open', null)
  const m = allocate(seq_file, true)
  if (m === null) return -ENOMEM
  f.private_data = m
  initMutex(m.lock, '&p->lock', seqOpen)
  m.op = op
  m.file = f
  return 0
}

export function seqRelease(f: file): number {
  const m = f.private_data as seq_file
  slab(machine()).free(m)
  return 0
}

/** Makes room for `size` bytes, forgetting what was collected. */
function room(m: seq_file, size: number): void {
  m.size = size
  m.buf = new Uint8Array(size)
  m.count = 0
}

const failed = (p: unknown): boolean => p === null || p === undefined || isErr(p)

type Ops = seq_operations
const start = (m: seq_file, op: Ops): Sim<unknown> => call(() => op.start(m, m.$pos) as unknown)
const show = (m: seq_file, op: Ops, p: unknown): Sim<number> => call(() => op.show(m, p))
const stop = (m: seq_file, op: Ops, p: unknown): Sim => call(() => op.stop(m, p))

function* next(m: seq_file, op: Ops, p: unknown): Sim<unknown> {
  const before = m.index
  const after = yield* call(() => op.next(m, p, m.$pos) as unknown)
  if (m.index === before) {
    const name = symbolOf(machine(), op.next, false)
    const text = `seq_file: buggy .next function ${name} did not update position index\n`
    kernelLog(machine()).print(6, text)
    m.index++
  }
  return after
}

/** Walks to byte `offset` of the text: where a reader goes on that has moved. 0 or -errno. */
function* traverse(m: seq_file, op: Ops, offset: number): Sim<number> {
  m.index = 0
  m.count = m.from = 0
  if (offset === 0) return 0
  if (m.buf === null) room(m, PAGE_SIZE)
  let pos = 0
  let p = yield* start(m, op)
  let error = 0
  let again = false
  while (!failed(p)) {
    error = yield* show(m, op, p)
    if (error < 0) break
    if (error > 0) {
      error = 0
      m.count = 0
    }
    if (hasOverflowed(m)) {
      again = true
      break
    }
    p = yield* call(() => op.next(m, p, m.$pos) as unknown)
    if (pos + m.count > offset) {
      m.from = offset - pos
      m.count -= m.from
      break
    }
    pos += m.count
    m.count = 0
    if (pos === offset) break
  }
  if (error === 0) error = ptrErr(p)
  yield* stop(m, op, p)
  if (!again) return error
  room(m, m.size * 2)
  return yield* traverse(m, op, offset)
}

/** The first record that prints something, whole; null (and `error`) at the end of all. */
function* firstRecord(m: seq_file, op: Ops): Sim<{ p: unknown; error: number; filled: boolean }> {
  let p = yield* start(m, op)
  for (;;) {
    if (failed(p)) return { p, error: ptrErr(p), filled: false }
    const error = yield* show(m, op, p)
    if (error < 0) return { p, error, filled: false }
    if (error > 0) m.count = 0
    if (m.count === 0) p = yield* call(() => op.next(m, p, m.$pos) as unknown)
    else if (!hasOverflowed(m)) return { p, error: 0, filled: true }
    else {
      yield* stop(m, op, p)
      room(m, m.size * 2)
      p = yield* start(m, op)
    }
  }
}

/** More records behind the first, while the reader wants more and they fit. */
function* fill(m: seq_file, op: Ops, first: unknown, wanted: number): Sim<unknown> {
  let p = first
  for (;;) {
    const before = m.count
    p = yield* next(m, op, p)
    if (failed(p) || m.count >= wanted) return p
    const error = yield* show(m, op, p)
    if (error > 0) m.count = before
    else if (error < 0 || hasOverflowed(m)) {
      m.count = before
      return p
    }
  }
}

/** Hands out what is in the buffer, as far as it goes. */
function handOut(m: seq_file, to: Uint8Array, at: number, wanted: number): number {
  const n = Math.min(wanted, m.count)
  to.set(m.buf!.subarray(m.from, m.from + n), at)
  m.count -= n
  m.from += n
  return n
}

function* readLocked(
  m: seq_file, op: Ops, to: Uint8Array, size: number, ppos: { value: number },
): Sim<number> {
  let error = 0
  if (ppos.value === 0) m.index = m.count = 0
  if (ppos.value !== m.read_pos) {
    error = yield* traverse(m, op, ppos.value)
    m.read_pos = error === 0 ? ppos.value : 0
    if (error !== 0) {
      m.index = m.count = 0
      return error
    }
  }
  if (m.buf === null) room(m, PAGE_SIZE)
  let copied = m.count > 0 ? handOut(m, to, 0, size) : 0
  if (m.count === 0) {
    m.from = 0
    const first = yield* firstRecord(m, op)
    error = first.error
    const last = first.filled ? yield* fill(m, op, first.p, size - copied) : first.p
    yield* stop(m, op, last)
    if (first.filled) copied += handOut(m, to, copied, size - copied)
    else m.count = 0
  }
  if (copied === 0) return error
  ppos.value += copied
  m.read_pos += copied
  return copied
}

export function* seqRead(
  f: file, to: Uint8Array, size: number, ppos: { value: number },
): Sim<number> {
  if (size === 0) return 0
  const m = f.private_data as seq_file
  yield* call(() => mutexLock(m.lock))
  const ret = yield* readLocked(m, m.op!, to, size, ppos)
  mutexUnlock(m.lock)
  return ret
}

const SEEK_CUR = 1

/** Moves the reader to a byte: the records before it are printed again. */
export function* seqSeek(f: file, offset: number, whence: number): Sim<number> {
  const m = f.private_data as seq_file
  yield* call(() => mutexLock(m.lock))
  const to = whence === SEEK_CUR ? offset + f.f_pos : offset
  let ret = -EINVAL
  if (whence <= SEEK_CUR && to >= 0) {
    ret = to
    const error = to === m.read_pos ? 0 : yield* traverse(m, m.op!, to)
    if (error !== 0) {
      ret = error
      f.f_pos = m.read_pos = m.index = m.count = 0
    } else f.f_pos = m.read_pos = to
  }
  mutexUnlock(m.lock)
  return ret
}
