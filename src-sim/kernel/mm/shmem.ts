import { PAGE_SIZE } from '../../base/units'
import type { Sim } from '../../engine/suspend'
import { EBUSY, EFAULT, EFBIG, EINVAL, ENOMEM, EPERM } from '../errno'
import { inode } from '../fs/devnodes'
import { file, type file_operations } from '../fs/file'
import { FAULT } from './fault-codes'
import { bytesOf, PG, setFlag, type page } from './page'
import {
  getPage, maybePinned, pinPage, putPage, takeZeroed, unpinPage,
} from './page-alloc'
import { copyUser } from './uaccess'
import { VM, type vm_area_struct, type vm_operations_struct } from './vma'
import { zapMappings } from './zap'

/** Files that live in memory: memfds, and what shared anonymous memory is made of. */

export const SEAL = {
  SEAL: 0x1,
  SHRINK: 0x2,
  GROW: 0x4,
  WRITE: 0x8,
  FUTURE_WRITE: 0x10,
  EXEC: 0x20,
} as const
const ALL_SEALS = 0x3f
export const MFD = { CLOEXEC: 1, ALLOW_SEALING: 2, HUGETLB: 4, NOEXEC_SEAL: 8, EXEC: 16 } as const

/** What a file in memory has besides its pages. */
export class ShmemFile {
  size: number
  seals: number
  constructor(size: number, seals: number) {
    this.size = size
    this.seals = seals
  }
}

/** The state of a file in memory; null for any other file (`shmem_file`). */
export const shmemOf = (f: file): ShmemFile | null =>
  f.private_data instanceof ShmemFile && f.f_op === OPERATIONS ? f.private_data : null

/** A page of the file, made when it is not there yet; null without memory. Not counted again. */
export function shmemPage(f: file, index: number): page | null {
  const pages = f.f_mapping.$pages
  const known = pages.get(index)
  if (known) return known
  const p = takeZeroed()
  if (p === null) return null
  p.mapping = f.f_mapping
  p.index = index
  setFlag(p, PG.uptodate)
  setFlag(p, PG.swapbacked)
  pages.set(index, p)
  return p
}

const AREA: vm_operations_struct = {
  fault(vmf) {
    const f = vmf.vma.vm_file!
    if (vmf.pgoff >= Math.ceil(shmemOf(f)!.size / PAGE_SIZE)) return FAULT.SIGBUS
    const p = shmemPage(f, vmf.pgoff)
    if (p === null) return FAULT.OOM
    getPage(p)
    vmf.page = p
    return 0
  },
}

/** Sealed against writing: no new mapping may ever be written through. */
function mapShmem(f: file, vma: vm_area_struct): number {
  const sealed = shmemOf(f)!.seals & (SEAL.WRITE | SEAL.FUTURE_WRITE)
  if (sealed && (vma.vm_flags & (VM.SHARED | VM.MAYSHARE)) !== 0) {
    if (vma.vm_flags & VM.WRITE) return -EPERM
    vma.vm_flags &= ~VM.MAYWRITE
  }
  vma.vm_ops = AREA
  return 0
}

/** Goes through bytes of the file page by page; how many of them were reached. */
function* transfer(
  f: file, at: number, count: number, copy: (bytes: Uint8Array, done: number) => number | Sim<number>,
): Sim<number> {
  for (let done = 0; done < count; ) {
    const offset = (at + done) % PAGE_SIZE
    const size = Math.min(count - done, PAGE_SIZE - offset)
    const p = shmemPage(f, Math.floor((at + done) / PAGE_SIZE))
    if (p === null) return done
    const copied = copy(bytesOf(p)!.subarray(offset, offset + size), done)
    const left = typeof copied === 'number' ? copied : yield* copied
    done += size - left
    if (left > 0) return done || -EFAULT
  }
  return count
}

const part = (buffer: Uint8Array | number, from: number, size: number): Uint8Array | number =>
  typeof buffer === 'number' ? buffer + from : buffer.subarray(from, from + size)

function* readShmem(
  f: file, buf: Uint8Array | number, count: number, ppos: { value: number },
): Sim<number> {
  const left = Math.max(0, shmemOf(f)!.size - ppos.value)
  const n = yield* transfer(f, ppos.value, Math.min(count, left), (bytes, done) =>
    copyUser(part(buf, done, bytes.length), bytes, bytes.length),
  )
  if (n > 0) ppos.value += n
  return n
}

function* writeShmem(
  f: file, buf: Uint8Array | number, count: number, ppos: { value: number },
): Sim<number> {
  const state = shmemOf(f)!
  if (state.seals & (SEAL.WRITE | SEAL.FUTURE_WRITE)) return -EPERM
  if (state.seals & SEAL.GROW && ppos.value + count > state.size) return -EPERM
  const n = yield* transfer(f, ppos.value, count, (bytes, done) =>
    copyUser(bytes, part(buf, done, bytes.length), bytes.length),
  )
  if (n > 0) ppos.value += n
  state.size = Math.max(state.size, ppos.value)
  return n
}

const OPERATIONS: file_operations = {
  mmap: mapShmem,
  read: readShmem as unknown as NonNullable<file_operations['read']>,
  write: writeShmem as unknown as NonNullable<file_operations['write']>,
  llseek(f, offset, whence) {
    const base = whence === 1 ? f.f_pos : whence === 2 ? shmemOf(f)!.size : 0
    f.f_pos = base + offset
    return f.f_pos
  },
  release(_node, f) {
    for (const p of f.f_mapping.$pages.values()) {
      p.mapping = null
      putPage(p)
    }
    f.f_mapping.$pages.clear()
    return 0
  },
}

export function newShmemFile(name: string, size: number, seals: number): file {
  const f = new file(new inode())
  f.f_op = OPERATIONS
  f.private_data = new ShmemFile(size, seals)
  f.f_flags = 2
  f.$path = name
  return f
}

/** What shared anonymous memory is: a file nobody has a descriptor of. Its count is the mapping's. */
export const zeroFile = (size: number): file => newShmemFile('/dev/zero', size, SEAL.SEAL)

/** A file with no name; sealing must have been asked for. */
export function newMemfd(name: string, flags: number): file | number {
  if (flags & ~(MFD.CLOEXEC | MFD.ALLOW_SEALING | MFD.HUGETLB | MFD.NOEXEC_SEAL | MFD.EXEC)) return -EINVAL
  if (name.length > 249) return -EINVAL
  if (flags & MFD.EXEC && flags & MFD.NOEXEC_SEAL) return -EINVAL
  let seals: number = flags & MFD.ALLOW_SEALING ? 0 : SEAL.SEAL
  if (flags & MFD.NOEXEC_SEAL) seals = SEAL.EXEC
  return newShmemFile(`memfd:${name}`, 0, seals)
}

/**
 * `memfd_pin_folios`: pins the pages of a stretch of a file in memory, up to a maximum. How many,
 * or -errno.
 */
export function pinShmem(
  f: file | null, start: number, end: number, folios: (page | null)[] | null, max: number,
): number {
  if (start > end || !folios || max <= 0) return -EINVAL
  if (f === null || shmemOf(f) === null) return -EINVAL
  let count = 0
  for (let index = Math.floor(start / PAGE_SIZE); index <= Math.floor(end / PAGE_SIZE); index++) {
    if (count === max) break
    const p = shmemPage(f, index)
    if (p === null) {
      for (const got of folios.slice(0, count)) unpinPage(got!)
      return -ENOMEM
    }
    pinPage(p)
    folios[count++] = p
  }
  return count
}

/** Pages of [first, end) leave the file and all mappings of it. */
function* dropPages(f: file, begin: number, end: number): Sim {
  const first = Math.ceil(begin / PAGE_SIZE)
  const last = Math.ceil(end / PAGE_SIZE)
  if (last > first) yield* zapMappings(f.f_mapping, first * PAGE_SIZE, (last - first) * PAGE_SIZE)
  for (const [index, p] of [...f.f_mapping.$pages])
    if (index >= first && index < last) {
      f.f_mapping.$pages.delete(index)
      p.mapping = null
      putPage(p)
    }
}

/** `ftruncate`: what lies behind the new end is gone, for mappings too. */
export function* truncateShmem(f: file, size: number): Sim<number> {
  const state = shmemOf(f)
  if (state === null || size < 0) return -EINVAL
  if (size > 2 ** 52) return -EFBIG
  if (size < state.size && state.seals & SEAL.SHRINK) return -EPERM
  if (size > state.size && state.seals & SEAL.GROW) return -EPERM
  const before = state.size
  state.size = size
  if (size >= before) return 0
  const partial = f.f_mapping.$pages.get(Math.floor(size / PAGE_SIZE))
  if (partial && size % PAGE_SIZE) bytesOf(partial)!.fill(0, size % PAGE_SIZE)
  yield* dropPages(f, size, before)
  return 0
}

const KEEP_SIZE = 1
const PUNCH_HOLE = 2

/** `fallocate`: makes pages, or punches a hole. */
export function* allocateShmem(f: file, mode: number, offset: number, length: number): Sim<number> {
  const state = shmemOf(f)
  if (state === null || offset < 0 || length <= 0) return -EINVAL
  if (mode & PUNCH_HOLE) {
    if (!(mode & KEEP_SIZE)) return -95
    if (state.seals & (SEAL.WRITE | SEAL.FUTURE_WRITE)) return -EPERM
    const whole = Math.floor((offset + length) / PAGE_SIZE) * PAGE_SIZE
    yield* dropPages(f, offset, whole)
    return 0
  }
  if (state.seals & SEAL.GROW && offset + length > state.size) return -EPERM
  for (let at = offset; at < offset + length; at += PAGE_SIZE)
    if (shmemPage(f, Math.floor(at / PAGE_SIZE)) === null) return -28
  if (!(mode & KEEP_SIZE)) state.size = Math.max(state.size, offset + length)
  return 0
}

/** F_ADD_SEALS: 0 or -errno. */
export function addSeals(f: file, seals: number): number {
  const state = shmemOf(f)
  if ((f.f_flags & 3) === 0) return -EPERM
  if (state === null || seals & ~ALL_SEALS) return -EINVAL
  if (state.seals & SEAL.SEAL) return -EPERM
  if (seals & SEAL.WRITE && !(state.seals & SEAL.WRITE)) {
    if (f.f_mapping.$writable > 0) return -EBUSY
    if ([...f.f_mapping.$pages.values()].some(maybePinned)) return -EBUSY
  }
  state.seals |= seals
  return 0
}

export const getSeals = (f: file): number => shmemOf(f)?.seals ?? -EINVAL
