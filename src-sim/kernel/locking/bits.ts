import { machine, now } from '../../engine/current'
import { spinOn, type Sim } from '../../engine/suspend'
import { frame } from '../api'
import { EAGAIN, EINTR } from '../errno'
import { preemptDisable, preemptEnable } from '../sched/schedule'
import { waitEvent } from '../sched/wait-event'
import { wait_queue_head, wakeUpQueue } from '../sched/wait-queue'
import { TASK_NORMAL } from '../sched/states'
import { service } from '../../engine/service'
import { acquireOn, markAccess, releaseOn } from './access'

/** `unsigned long *`: an array of words, or a box with one word. Words have 32 bits here. */
export type Bitmap = { [index: number]: number; length: number } | { value: number }

const WORD = 32

export function readWord(map: Bitmap, index: number): number {
  return 'length' in map ? map[index]! : map.value
}

function writeWord(map: Bitmap, index: number, word: number): void {
  if ('length' in map) map[index] = word
  else map.value = word
}

export function testBit(nr: number, map: Bitmap): boolean {
  markAccess(map, `word ${Math.floor(nr / WORD)}`, false)
  return ((readWord(map, Math.floor(nr / WORD)) >>> nr % WORD) & 1) === 1
}

/** Changes one bit and answers what it was. */
export function changeBit(nr: number, map: Bitmap, to: boolean | null): boolean {
  const index = Math.floor(nr / WORD)
  markAccess(map, `word ${index}`, true)
  const word = readWord(map, index)
  const mask = 1 << nr % WORD
  const was = (word & mask) !== 0
  const set = to ?? !was
  writeWord(map, index, (set ? word | mask : word & ~mask) >>> 0)
  return was
}

/** One that orders: taking a bit as a lock, giving it back. */
export function changeBitOrdered(nr: number, map: Bitmap, to: boolean | null): boolean {
  acquireOn(map)
  const was = changeBit(nr, map, to)
  releaseOn(map)
  return was
}

/** Spins until the bit was clear, and sets it. */
export function bitSpinLock(nr: number, map: Bitmap): void | Sim {
  preemptDisable()
  if (!changeBitOrdered(nr, map, true)) return undefined
  return frame('bit_spin_lock', spinForBit(nr, map))
}

function* spinForBit(nr: number, map: Bitmap): Sim {
  do yield spinOn(map)
  while (changeBitOrdered(nr, map, true))
}

export function bitSpinTrylock(nr: number, map: Bitmap): number {
  preemptDisable()
  if (!changeBitOrdered(nr, map, true)) return 1
  preemptEnable()
  return 0
}

export function bitSpinUnlock(nr: number, map: Bitmap): void {
  changeBitOrdered(nr, map, false)
  machine().unspin(map)
  preemptEnable()
}

class BitWaits {
  readonly #queues = new Map<object, wait_queue_head>()

  queue(word: object): wait_queue_head {
    let head = this.#queues.get(word)
    if (!head) this.#queues.set(word, (head = new wait_queue_head()))
    return head
  }
}

/** Wait queues for bits and variables, by address. */
export const bitWaits = service(() => new BitWaits())

/** 0, -EINTR after a signal, -EAGAIN when a timeout (in jiffies) is over. */
export function* waitOnBit(
  nr: number,
  map: Bitmap,
  bits: number,
  what: string,
  timeout?: number,
): Sim<number> {
  const head = bitWaits(machine()).queue(map)
  const options = timeout === undefined ? { bits, what } : { bits, what, timeout }
  const ret = yield* waitEvent(head, () => !testBit(nr, map), options)
  if (ret < 0) return -EINTR
  return timeout !== undefined && ret === 0 ? -EAGAIN : 0
}

export function* waitOnBitLock(nr: number, map: Bitmap, bits: number): Sim<number> {
  const head = bitWaits(machine()).queue(map)
  const free = (): boolean => !changeBitOrdered(nr, map, true)
  const ret = yield* waitEvent(head, free, { bits, exclusive: true, what: 'wait_on_bit_lock' })
  return ret === 0 ? 0 : -EINTR
}

export const wakeUpAddress = (word: object): void | Sim =>
  now.machine === null ? undefined : wakeUpQueue(bitWaits(machine()).queue(word), TASK_NORMAL, 0)
