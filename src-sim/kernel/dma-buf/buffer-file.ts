import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EINVAL, EOVERFLOW } from '../errno'
import { getFile, type file, type file_operations } from '../fs/file'
import type { vm_area_struct } from '../mm/vma'
import { fput } from '../fs/file-table'
import { memoryAccess } from '../mm/watch'
import { useBuffer, warnBuffer, type dma_buf } from './buffer'
import { ioctlBuffer } from './buffer-ioctl'
import { pollBuffer } from './buffer-poll'
import { releaseBufferFile } from './buffer-release'

const SEEK_SET = 0
const SEEK_END = 2

/** Only for finding out the size (DBUF-41). */
function seek(f: file, offset: number, whence: number): number {
  const dmabuf = f.private_data as dma_buf
  if ((whence !== SEEK_END && whence !== SEEK_SET) || offset !== 0) return -EINVAL
  return whence === SEEK_END ? dmabuf.size : 0
}

const pagesOf = (vma: vm_area_struct): number =>
  Math.floor((vma.vm_end - vma.vm_start) / PAGE_SIZE)

const isBeyond = (dmabuf: dma_buf, pgoff: number, vma: vm_area_struct): boolean =>
  pgoff + pagesOf(vma) > Math.floor(dmabuf.size / PAGE_SIZE)

function* callMmap(dmabuf: dma_buf, vma: vm_area_struct): Sim<number> {
  const ops = dmabuf.ops!
  memoryAccess(machine()).touch(ops, 'mmap', false, 'dma_buf_mmap')
  return Number((yield* call(() => ops.mmap!(dmabuf, vma))) ?? 0)
}

/** A program maps the buffer; the exporter is asked when that can fit (DBUF-33). */
function* mmapFile(f: file, vma: vm_area_struct): Sim<number> {
  const dmabuf = f.private_data as dma_buf
  if (!dmabuf.ops!.mmap || isBeyond(dmabuf, vma.vm_pgoff, vma)) return -EINVAL
  emit(ev.dma_buf_mmap_internal, dmabuf, dmabuf.exp_name, dmabuf.size, dmabuf.$ino)
  return yield* callMmap(dmabuf, vma)
}

/** The same by a driver, in whose mapping the buffer takes the place of the driver's file. */
export function* mmapBuffer(
  dmabuf: dma_buf | null,
  vma: vm_area_struct | null,
  pgoff: number,
): Sim<number> {
  if (!dmabuf || !vma) {
    warnBuffer('null', ' at dma_buf_mmap', 'DBUF-33')
    return -EINVAL
  }
  useBuffer(dmabuf, 'ops', false, 'dma_buf_mmap')
  if (!dmabuf.ops!.mmap) return -EINVAL
  if (pgoff + pagesOf(vma) > Number.MAX_SAFE_INTEGER) return -EOVERFLOW
  if (isBeyond(dmabuf, pgoff, vma)) return -EINVAL
  const old = vma.vm_file
  vma.vm_file = getFile(dmabuf.file!)
  if (old) fput(old)
  vma.vm_pgoff = pgoff
  emit(ev.dma_buf_mmap, dmabuf, dmabuf.exp_name, dmabuf.size, dmabuf.$ino)
  return yield* callMmap(dmabuf, vma)
}

/** The operations by which the core knows its files. */
export const BUFFER_FOPS = {
  $name: 'dma_buf_fops',
  release: releaseBufferFile,
  mmap: mmapFile,
  llseek: seek,
  poll: pollBuffer,
  unlocked_ioctl: ioctlBuffer,
} as unknown as file_operations
