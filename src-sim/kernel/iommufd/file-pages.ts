import { PAGE_SIZE } from '../../base/units'
import type { Sim } from '../../engine/suspend'
import { isErr, ptrErr } from '../err'
import { EBADF, EINVAL, ENOMEM, EOVERFLOW } from '../errno'
import { bufferOfFd, putBuffer } from '../dma-buf/export'
import { getFile, putFile, type file } from '../fs/file'
import { currentProcess } from '../fs/process'
import type { mm_struct } from '../mm/mm-struct'
import type { page } from '../mm/page'
import { pinPage } from '../mm/page-alloc'
import { shmemOf, shmemPage } from '../mm/shmem'
import { importBuffer } from './dma-buf-source'
import type { AccountMode } from './objects'
import { makePages, type IoptPages, type PageSource } from './pages'
import { overflows } from './ranges'
import { unpinAll } from './sources'

/** Pages of a file in memory: only memfds have them; others fail when they are pinned. */
function memfdSource(f: file, start: number): PageSource {
  const base = Math.floor(start / PAGE_SIZE)
  getFile(f)
  return {
    kind: 'file',
    *pin(first, count) {
      const state = shmemOf(f)
      const end = (base + first + count) * PAGE_SIZE
      if (!state || end > Math.ceil(state.size / PAGE_SIZE) * PAGE_SIZE) return -EINVAL
      const pages: page[] = []
      for (let i = 0; i < count; i++) {
        const p = shmemPage(f, base + first + i)
        if (!p) {
          yield* unpinAll(pages, false)
          return -ENOMEM
        }
        pinPage(p)
        pages.push(p)
      }
      return pages
    },
    unpin: unpinAll,
    release: () => putFile(f),
  }
}

/** IOMMUFD-15: what is behind a descriptor, a shared buffer before anything else. Or -errno. */
export function* filePages(
  fd: number, mm: mm_struct, start: number, length: number, writable: boolean, mode: AccountMode,
): Sim<IoptPages | number> {
  if (length === 0) return -EINVAL
  if (overflows(start, length)) return -EOVERFLOW
  const dmabuf = bufferOfFd(fd)
  if (!isErr(dmabuf)) {
    const pages = yield* importBuffer(dmabuf, mm, start, length, writable)
    if (typeof pages === 'number') putBuffer(dmabuf)
    return pages
  }
  if (ptrErr(dmabuf) === -EBADF) return -EBADF
  const f = currentProcess().files?.open.get(fd)
  if (!f) return -EBADF
  return makePages(memfdSource(f, start), mm, start, length, writable, mode)
}
