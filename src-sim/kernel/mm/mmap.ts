import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { point, type Sim } from '../../engine/suspend'
import {
  EACCES, EAGAIN, EEXIST, EINVAL, ENODEV, ENOMEM, EOPNOTSUPP, EOVERFLOW,
} from '../errno'
import { getFile, mmapFile, type file } from '../fs/file'
import { fput } from '../fs/file-table'
import { warn } from '../printk/warn'
import { zeroFile } from './shmem'
import { memlockAllows, populate } from './mlock'
import { mmapLock, mmapUnlock, type mm_struct } from './mm-struct'
import { removeVma, unmapRange } from './unmap'
import { TASK_SIZE } from './user-access'
import { VM, vm_area_struct } from './vma'
import { announce, insertVma, linkFile, mergeAround, pagesIn, vmaAt, vmasIn } from './vma-list'

export const PROT = { NONE: 0, READ: 1, WRITE: 2, EXEC: 4 } as const
export const MAP = {
  SHARED: 0x1,
  PRIVATE: 0x2,
  SHARED_VALIDATE: 0x3,
  FIXED: 0x10,
  ANONYMOUS: 0x20,
  LOCKED: 0x2000,
  NORESERVE: 0x4000,
  POPULATE: 0x8000,
  FIXED_NOREPLACE: 0x100000,
} as const
const MAP_TYPE = 0xf
const MAP_KNOWN = 0x1fffff

/** Where the kernel begins to look for room, downwards. */
const MMAP_TOP = 0x7fff_f7ff_f000
const MMAP_LOWEST = 0x10000
const MAX_MAP_COUNT = 65530
const PROT_BITS = VM.READ | VM.WRITE | VM.EXEC
const MAY_BITS = VM.MAYREAD | VM.MAYWRITE | VM.MAYEXEC
const ACCESS_MODE = 3
const WRITE_ONLY = 1

/** What a program asks for. */
export interface MapRequest {
  addr: number
  length: number
  prot: number
  flags: number
  /** Null for anonymous memory. */
  file: file | null
  pgoff: number
}

export const pageAlign = (length: number): number => Math.ceil(length / PAGE_SIZE) * PAGE_SIZE

/** The highest free place of so many bytes, at a wanted address if that is free; -ENOMEM. */
export function findRoom(mm: mm_struct, wanted: number, length: number): number {
  if (wanted > 0) {
    const at = Math.floor(wanted / PAGE_SIZE) * PAGE_SIZE
    if (at + length <= TASK_SIZE && vmasIn(mm, at, at + length).length === 0) return at
  }
  let top = MMAP_TOP
  for (let i = mm.$vmas.length - 1; i >= 0; i--) {
    const vma = mm.$vmas[i]!
    if (vma.vm_start >= top) continue
    if (vma.vm_end + length <= top) break
    top = vma.vm_start
  }
  return top - length >= MMAP_LOWEST ? top - length : -ENOMEM
}

/** `vm_flags` as file and request make them, or -errno. */
function flagsFor(mm: mm_struct, { prot, flags, file }: MapRequest): number {
  const type = flags & MAP_TYPE
  let vmFlags = (prot & PROT_BITS) | MAY_BITS | mm.def_flags
  if (flags & MAP.LOCKED) vmFlags |= VM.LOCKED
  if (flags & MAP.NORESERVE) vmFlags |= VM.NORESERVE
  if (type === MAP.SHARED || type === MAP.SHARED_VALIDATE) {
    if (type === MAP.SHARED_VALIDATE && file && flags & ~MAP_KNOWN) return -EOPNOTSUPP
    vmFlags |= VM.SHARED | VM.MAYSHARE
  } else if (type !== MAP.PRIVATE) return -EINVAL
  if (file === null) return vmFlags
  const mode = file.f_flags & ACCESS_MODE
  if (vmFlags & VM.SHARED && mode === 0) {
    if (prot & PROT.WRITE) return -EACCES
    vmFlags &= ~(VM.MAYWRITE | VM.SHARED)
  }
  if (mode === WRITE_ONLY) return -EACCES
  return canMap(file) ? vmFlags : -ENODEV
}

/** A file has one of two functions for it; both at once are a mistake. */
function canMap(file: file): boolean {
  const mmap = Boolean(file.f_op?.mmap)
  const prepare = Boolean(file.f_op?.mmap_prepare)
  if (mmap && prepare) warn(machine(), 'mmap-ops', 'include/linux/fs.h at can_mmap_file', null)
  return mmap !== prepare
}

/** The place for a mapping, or -errno. */
function placeFor(mm: mm_struct, { addr, length, flags }: MapRequest): number {
  if (!(flags & (MAP.FIXED | MAP.FIXED_NOREPLACE))) return findRoom(mm, addr, length)
  if (addr + length > TASK_SIZE) return -ENOMEM
  if (addr % PAGE_SIZE !== 0) return -EINVAL
  if (flags & MAP.FIXED_NOREPLACE && vmasIn(mm, addr, addr + length).length > 0) return -EEXIST
  return addr
}

/** `do_mmap`: with the lock held for writing. The address, or -errno. */
function* mapLocked(mm: mm_struct, asked: MapRequest): Sim<number> {
  if (asked.length <= 0) return -EINVAL
  const request = { ...asked, length: pageAlign(asked.length) }
  if (request.length > TASK_SIZE) return -ENOMEM
  if (request.pgoff + request.length / PAGE_SIZE > 2 ** 52) return -EOVERFLOW
  if (mm.map_count > MAX_MAP_COUNT) return -ENOMEM
  const start = placeFor(mm, request)
  if (start < 0) return start
  const vmFlags = flagsFor(mm, request)
  if (vmFlags < 0) return vmFlags
  if (vmFlags & VM.LOCKED && !memlockAllows(mm, request.length / PAGE_SIZE)) return -EAGAIN
  return yield* mapRegion(mm, request, start, vmFlags)
}

/** Makes the mapping where others may have to make room. */
function* mapRegion(
  mm: mm_struct, { length, file, pgoff }: MapRequest, start: number, vmFlags: number,
): Sim<number> {
  const error = yield* unmapRange(mm, start, start + length)
  if (error) return error
  const vma = new vm_area_struct()
  vma.vm_start = start
  vma.vm_end = start + length
  vma.vm_pgoff = file ? pgoff : start / PAGE_SIZE
  vma.vm_flags = vmFlags
  vma.vm_page_prot = vmFlags & (PROT_BITS | VM.SHARED)
  vma.vm_mm = mm
  if (file !== null) vma.vm_file = getFile(file)
  else if (vmFlags & VM.SHARED) {
    vma.vm_file = zeroFile(length)
    vma.vm_pgoff = 0
  } else vma.vm_ops = null
  if (vma.vm_file) {
    const failed = yield* mmapFile(vma.vm_file, vma)
    if (failed) {
      mm.$table.free(start, start + length)
      fput(vma.vm_file)
      return failed
    }
  }
  insertVma(mm, vma)
  linkFile(vma)
  announce(vma)
  yield* dropMerged(mergeAround(mm, vma.vm_start, vma.vm_end))
  return start
}

/** What merging has made superfluous. */
export function* dropMerged(gone: vm_area_struct[]): Sim {
  for (const vma of gone) yield* removeVma(vma)
}

/** `mmap`: the address, or -errno. */
export function* mapMemory(mm: mm_struct, request: MapRequest): Sim<number> {
  yield point(mapMemory, request.file ?? mm)
  yield* mmapLock(mm, true)
  const at = yield* mapLocked(mm, request)
  mmapUnlock(mm, true)
  if (at < 0) return at
  const locked = vmaAt(mm, at)
  const flags = locked?.vm_flags ?? 0
  if (request.flags & MAP.POPULATE || (flags & VM.LOCKED && pagesIn(locked!) > 0))
    yield* populate(mm, at, at + pageAlign(request.length))
  return at
}

/** `munmap`: 0 or -errno. */
export function* unmapMemory(mm: mm_struct, start: number, length: number): Sim<number> {
  const end = start + pageAlign(length)
  if (start % PAGE_SIZE !== 0 || start > TASK_SIZE || length > TASK_SIZE - start || end === start)
    return -EINVAL
  yield* mmapLock(mm, true)
  const error = yield* unmapRange(mm, start, end, true)
  mmapUnlock(mm, false)
  return error
}
