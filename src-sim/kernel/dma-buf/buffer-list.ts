import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import type { Sim } from '../../engine/suspend'
import { getFile } from '../fs/file'
import { fput } from '../fs/file-table'
import { initListHead, insert, list_head, ListWalk, ownerOf, unlinkEntry } from '../locking/list'
import { defineMutex, mutexLock, mutexUnlock } from '../locking/mutex'
import type { dma_buf } from './buffer'
import { createBufinfo } from './bufinfo'

/** All shared buffers of a machine. */
export class Buffers {
  /** Newest first: from export until the file is released. */
  readonly list = new list_head()
  readonly lock = defineMutex('dmabuf_list_mutex')
  /** `CONFIG_DMABUF_DEBUG`: importers get tables without pages (DBUF-17). */
  debug = false
  ino = 0

  constructor() {
    initListHead(this.list)
  }
}

export const buffers = service(() => {
  createBufinfo(forEachBuffer)
  return new Buffers()
})

/** Calls `each` for all buffers, newest first, with the lock of the list held. */
function* forEachBuffer(each: (dmabuf: dma_buf) => Sim): Sim {
  const { lock, list } = buffers(machine())
  const waits = mutexLock(lock)
  if (typeof waits !== 'number') yield* waits
  for (const dmabuf of new ListWalk(list, false, true, owner)) yield* each(dmabuf)
  mutexUnlock(lock)
}

/** Runs `body` with the lock of the list held. */
function* underLock<T>(body: (list: list_head) => T): Sim<T> {
  const { lock, list } = buffers(machine())
  const waits = mutexLock(lock)
  if (typeof waits !== 'number') yield* waits
  const result = body(list)
  mutexUnlock(lock)
  return result
}

export const addBuffer = (dmabuf: dma_buf): Sim =>
  underLock((list) => insert(dmabuf.list_node, list, list.next!))

export const removeBuffer = (dmabuf: dma_buf): Sim =>
  underLock(() => unlinkEntry(dmabuf.list_node, false))

/** A reference, unless the last one has gone. */
function tryGet(dmabuf: dma_buf): boolean {
  if (dmabuf.file!.$count <= 0) return false
  getFile(dmabuf.file!)
  return true
}

const owner = (entry: list_head): dma_buf => ownerOf(entry, 'list_node')

function firstBehind(list: list_head, start: list_head): dma_buf | null {
  for (const dmabuf of new ListWalk(list, false, true, owner, start))
    if (tryGet(dmabuf)) return dmabuf
  return null
}

/** The newest buffer that is in use, with a reference; null when there is none (DBUF-46). */
export const firstBuffer = (): Sim<dma_buf | null> => underLock((list) => firstBehind(list, list))

/** The next older one; drops the reference of the one before. */
export function* nextBuffer(dmabuf: dma_buf): Sim<dma_buf | null> {
  const next = yield* underLock((list) => firstBehind(list, dmabuf.list_node))
  fput(dmabuf.file!)
  return next
}
