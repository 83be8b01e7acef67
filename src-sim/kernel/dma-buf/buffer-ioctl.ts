import type { Sim } from '../../engine/suspend'
import { EFAULT, EINVAL, ENOMEM, ENOTTY } from '../errno'
import { giveFdBack, installFile, reserveFd } from '../fs/anon'
import type { file } from '../fs/file'
import { fput } from '../fs/file-table'
import { copyUserFaulting } from '../mm/uaccess'
import { textAt } from '../mm/user-text'
import { spinLock, spinUnlock } from '../locking/spinlock'
import type { dma_buf } from './buffer'
import { beginCpuAccess, endCpuAccess } from './cpu-access'
import type { dma_fence } from './dma-fence'
import { stubFence } from './fence-order'
import { putFence } from './fence-signal'
import { combineFences, dma_fence_unwrap, unwrapFirst, unwrapNext } from './fence-unwrap'
import { addFence, lockResv, reserveFences, unlockResv, USAGE_READ, USAGE_WRITE } from './resv'
import { getSingleton } from './resv-iter'
import { createSyncFile, fenceOfFd } from './sync-file'

/** Flags and numbers of the calls, as programs know them. */
export const SYNC = { READ: 1, WRITE: 2, RW: 3, END: 4 } as const
export const CALLS = {
  SYNC: 0x40086200,
  SET_NAME_A: 0x40046201,
  SET_NAME_B: 0x40086201,
  EXPORT_SYNC_FILE: 0xc0086202,
  IMPORT_SYNC_FILE: 0x40086203,
} as const

/** With the NUL at its end. */
const NAME_MAX = 32
const DIRECTIONS: Readonly<Record<number, number>> = {
  [SYNC.READ]: 2,
  [SYNC.WRITE]: 1,
  [SYNC.RW]: 0,
}

export interface dma_buf_sync {
  flags: number
}

/** For both ways of passing fences: `fd` is what comes out, or goes in. */
export interface dma_buf_sync_file {
  flags: number
  fd: number
}

/** Both structures have eight bytes: one number, or two. Null when there is nothing to read. */
function* readArgument(user: unknown): Sim<DataView | null> {
  const bytes = new Uint8Array(8)
  return (yield* copyUserFaulting(bytes, user, 8)) ? null : new DataView(bytes.buffer)
}

const isMemory = (user: unknown): boolean => typeof user === 'number' || user instanceof Uint8Array

function* readSync(user: unknown): Sim<dma_buf_sync | null> {
  if (isMemory(user)) {
    const view = yield* readArgument(user)
    return view && { flags: Number(view.getBigUint64(0, true)) }
  }
  const arg: dma_buf_sync = { flags: 0 }
  return (yield* copyUserFaulting(arg, user, 8)) ? null : arg
}

function* readSyncFile(user: unknown): Sim<dma_buf_sync_file | null> {
  if (isMemory(user)) {
    const view = yield* readArgument(user)
    return view && { flags: view.getUint32(0, true), fd: view.getInt32(4, true) }
  }
  const arg: dma_buf_sync_file = { flags: 0, fd: 0 }
  return (yield* copyUserFaulting(arg, user, 8)) ? null : arg
}

function* writeSyncFile(user: unknown, arg: dma_buf_sync_file): Sim<number> {
  if (!isMemory(user)) return yield* copyUserFaulting(user, arg, 8)
  const view = new DataView(new ArrayBuffer(8))
  view.setUint32(0, arg.flags, true)
  view.setInt32(4, arg.fd, true)
  return yield* copyUserFaulting(user, new Uint8Array(view.buffer), 8)
}

/** Flags that a 64-bit number may have above those that there are. */
const unknownFlags = (flags: number): boolean => flags > 7 || (flags & ~(SYNC.RW | SYNC.END)) !== 0

function* sync(dmabuf: dma_buf, user: unknown): Sim<number> {
  const arg = yield* readSync(user)
  if (arg === null) return -EFAULT
  if (unknownFlags(arg.flags)) return -EINVAL
  const dir = DIRECTIONS[arg.flags & SYNC.RW]
  if (dir === undefined) return -EINVAL
  return yield* arg.flags & SYNC.END
    ? endCpuAccess(dmabuf, dir)
    : beginCpuAccess(dmabuf, dir)
}

function* setName(dmabuf: dma_buf, user: unknown): Sim<number> {
  const text = yield* textAt(user, NAME_MAX + 1)
  if (text === null) return -EFAULT
  const end = text.indexOf(0)
  const length = end < 0 ? text.length : end
  if (length + 1 > NAME_MAX) return -EINVAL
  const waits = spinLock(dmabuf.name_lock)
  if (waits) yield* waits
  dmabuf.name = String.fromCharCode(...text.subarray(0, length))
  spinUnlock(dmabuf.name_lock)
  return 0
}

const isUsage = (flags: number): boolean =>
  (flags & ~SYNC.RW) === 0 && (flags & SYNC.RW) !== 0

/** The fences that a new access has to wait for, as a file (DBUF-40). */
function* exportSyncFile(dmabuf: dma_buf, user: unknown): Sim<number> {
  const arg = yield* readSyncFile(user)
  if (arg === null) return -EFAULT
  if (!isUsage(arg.flags)) return -EINVAL
  const fd = reserveFd()
  if (fd < 0) return fd
  const usage = arg.flags & SYNC.WRITE ? USAGE_READ : USAGE_WRITE
  const out: { value: dma_fence | null } = { value: null }
  let ret = yield* getSingleton(dmabuf.resv!, usage, out, combineFences)
  if (ret === 0) {
    const fence = out.value ?? (yield* stubFence())
    const made = createSyncFile(fence)
    yield* putFence(fence)
    if (made !== null) {
      if (!(yield* writeSyncFile(user, { ...arg, fd }))) {
        installFile(fd, made.file!)
        return 0
      }
      fput(made.file!)
      ret = -EFAULT
    } else ret = -ENOMEM
  }
  giveFdBack(fd)
  return ret
}

function* leavesOf(fence: dma_fence): Sim<dma_fence[]> {
  const cursor = new dma_fence_unwrap()
  const leaves: dma_fence[] = []
  for (let at = unwrapFirst(fence, cursor); at !== null; at = yield* unwrapNext(cursor))
    leaves.push(at)
  return leaves
}

/** Adds what is inside a sync file to the fences of the buffer. */
function* importSyncFile(dmabuf: dma_buf, user: unknown): Sim<number> {
  const arg = yield* readSyncFile(user)
  if (arg === null) return -EFAULT
  if (!isUsage(arg.flags)) return -EINVAL
  const fence = fenceOfFd(arg.fd)
  if (fence === null) return -EINVAL
  const usage = arg.flags & SYNC.WRITE ? USAGE_WRITE : USAGE_READ
  const leaves = yield* leavesOf(fence)
  let ret = 0
  if (leaves.length > 0) {
    yield* lockResv(dmabuf.resv!)
    ret = yield* reserveFences(dmabuf.resv!, leaves.length)
    if (ret === 0)
      for (const leaf of leaves) yield* addFence(dmabuf.resv!, leaf, usage, false)
    unlockResv(dmabuf.resv!)
  }
  yield* putFence(fence)
  return ret
}

/** What programs ask of a shared buffer. */
export function* ioctlBuffer(f: file, cmd: number, arg: unknown): Sim<number> {
  const dmabuf = f.private_data as dma_buf
  if (cmd === CALLS.SYNC) return yield* sync(dmabuf, arg)
  if (cmd === CALLS.SET_NAME_A || cmd === CALLS.SET_NAME_B) return yield* setName(dmabuf, arg)
  if (cmd === CALLS.EXPORT_SYNC_FILE) return yield* exportSyncFile(dmabuf, arg)
  if (cmd === CALLS.IMPORT_SYNC_FILE) return yield* importSyncFile(dmabuf, arg)
  return -ENOTTY
}
