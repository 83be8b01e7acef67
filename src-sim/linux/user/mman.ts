import type { Sim } from '../../engine/suspend'
import { kernelCall } from '../../kernel/api'
import { EINVAL } from '../../kernel/errno'
import { currentProcess, installFd } from '../../kernel/fs/process'
import { adviseMemory } from '../../kernel/mm/madvise'
import { lockMemory } from '../../kernel/mm/mlock'
import { MAP, mapMemory, unmapMemory } from '../../kernel/mm/mmap'
import { protectMemory } from '../../kernel/mm/mprotect'
import { remapMemory } from '../../kernel/mm/mremap'
import {
  addSeals, allocateShmem, getSeals, MFD, newMemfd, SEAL, truncateShmem,
} from '../../kernel/mm/shmem'
import { VM } from '../../kernel/mm/vma'
import { enter, withFile } from './syscall'

/**
 * Memory of a program: `user/mman`. Addresses are numbers, to be computed with as in C; what is
 * behind them is read and written with the functions of `user/memory`.
 */

export {
  MADV_COLD, MADV_DODUMP, MADV_DOFORK, MADV_DONTDUMP, MADV_DONTFORK, MADV_DONTNEED, MADV_FREE,
  MADV_HUGEPAGE, MADV_KEEPONFORK, MADV_NOHUGEPAGE, MADV_NORMAL, MADV_PAGEOUT, MADV_POPULATE_READ,
  MADV_POPULATE_WRITE, MADV_RANDOM, MADV_REMOVE, MADV_SEQUENTIAL, MADV_WILLNEED,
  MADV_WIPEONFORK, MAP_ANON, MAP_ANONYMOUS, MAP_FIXED, MAP_FIXED_NOREPLACE, MAP_LOCKED,
  MAP_NORESERVE, MAP_POPULATE, MAP_PRIVATE, MAP_SHARED, MAP_SHARED_VALIDATE, MREMAP_DONTUNMAP,
  MREMAP_FIXED, MREMAP_MAYMOVE, PROT_EXEC, PROT_NONE, PROT_READ, PROT_WRITE,
} from '../mman'
export * from './memory'

/** What `mmap` and `mremap` answer when they fail. */
export const MAP_FAILED = -1

const PAGE_SIZE = 4096
const mine = () => currentProcess().mm!

/**
 * Maps a file, or (MAP_ANONYMOUS, `fd` -1) memory of the program's own, at `addr` (null or 0: where
 * the kernel likes). The address, or MAP_FAILED.
 */
export const mmap = kernelCall(
  'mmap',
  function* (
    addr: number | null, length: number, prot: number, flags: number, fd: number, offset: number,
  ): Sim<number> {
    if (offset % PAGE_SIZE !== 0) return yield* enter('mmap', length, () => fail(-EINVAL))
    const at = { addr: addr ?? 0, length, prot, flags, pgoff: offset / PAGE_SIZE }
    if (flags & MAP.ANONYMOUS)
      return yield* enter('mmap', length, () => mapMemory(mine(), { ...at, file: null }))
    return yield* withFile('mmap', fd, length, (file) => mapMemory(mine(), { ...at, file }))
  },
)

 
function* fail(error: number): Sim<number> {
  return error
}

/** Ends mappings, or parts of them: 0 or -1. */
export const munmap = kernelCall('munmap', (addr: number, length: number) =>
  enter('munmap', addr, () => unmapMemory(mine(), addr, length)),
)
/** What may be done with a range from now on: 0 or -1. */
export const mprotect = kernelCall('mprotect', (addr: number, length: number, prot: number) =>
  enter('mprotect', addr, () => protectMemory(mine(), addr, length, prot)),
)
/** Makes a mapping larger, smaller, or another place's. The address, or MAP_FAILED. */
export const mremap = kernelCall(
  'mremap',
  (from: number, oldLength: number, newLength: number, flags: number, to: number = 0) =>
    enter('mremap', from, () => remapMemory(mine(), { from, oldLength, newLength, flags, to })),
)
/** Says how a range will be used: 0 or -1. */
export const madvise = kernelCall('madvise', (addr: number, length: number, advice: number) =>
  enter('madvise', addr, () => adviseMemory(mine(), addr, length, advice)),
)
/** Brings a range in and keeps it: 0 or -1. */
export const mlock = kernelCall('mlock', (addr: number, length: number) =>
  enter('mlock', addr, () => lockMemory(mine(), addr, length, VM.LOCKED)),
)
export const munlock = kernelCall('munlock', (addr: number, length: number) =>
  enter('munlock', addr, () => lockMemory(mine(), addr, length, 0)),
)

export const MFD_CLOEXEC = MFD.CLOEXEC
export const MFD_ALLOW_SEALING = MFD.ALLOW_SEALING
export const MFD_NOEXEC_SEAL = MFD.NOEXEC_SEAL
export const MFD_EXEC = MFD.EXEC
export const F_ADD_SEALS = 1033
export const F_GET_SEALS = 1034
export const F_SEAL_SEAL = SEAL.SEAL
export const F_SEAL_SHRINK = SEAL.SHRINK
export const F_SEAL_GROW = SEAL.GROW
export const F_SEAL_WRITE = SEAL.WRITE
export const F_SEAL_FUTURE_WRITE = SEAL.FUTURE_WRITE
export const FALLOC_FL_KEEP_SIZE = 1
export const FALLOC_FL_PUNCH_HOLE = 2

/** A file in memory, with no name; a descriptor, or -1. */
export const memfd_create = kernelCall('memfd_create', (name: string, flags: number = 0) =>
   
  enter('memfd_create', flags, function* () {
    const f = newMemfd(name, flags)
    if (typeof f === 'number') return f
    const process = currentProcess()
    const fd = installFd(process, f)
    if (flags & MFD.CLOEXEC && fd >= 0) process.files!.cloexec.add(fd)
    return fd
  }),
)
/** Sets the size of a file in memory: 0 or -1. */
export const ftruncate = kernelCall('ftruncate', (fd: number, length: number) =>
  withFile('ftruncate', fd, length, (f) => truncateShmem(f, length)),
)
/** Makes room, or a hole, in a file in memory: 0 or -1. */
export const fallocate = kernelCall(
  'fallocate',
  (fd: number, mode: number, offset: number, length: number) =>
    withFile('fallocate', fd, mode, (f) => allocateShmem(f, mode, offset, length)),
)
/** Adds to or answers the seals of a file in memory; marks descriptors for exec. */
export const fcntl = kernelCall('fcntl', (fd: number, cmd: number, arg: number = 0) =>
   
  withFile('fcntl', fd, cmd, function* (f) {
    const { files } = currentProcess()
    switch (cmd) {
      case F_ADD_SEALS:
        return addSeals(f, arg)
      case F_GET_SEALS:
        return getSeals(f)
      case F_GETFD:
        return files!.cloexec.has(fd) ? FD_CLOEXEC : 0
      case F_SETFD:
        if (arg & FD_CLOEXEC) files!.cloexec.add(fd)
        else files!.cloexec.delete(fd)
        return 0
      case F_GETFL:
        return f.f_flags
      default:
        return -EINVAL
    }
  }),
)
export const F_GETFD = 1
export const F_SETFD = 2
export const F_GETFL = 3
export const FD_CLOEXEC = 1
