import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import type { Sim } from '../../engine/suspend'
import { EINVAL, ENOENT, ENOMEM, ENOTTY } from '../errno'
import { anonFile, giveFdBack, installFile, reserveFd } from '../fs/anon'
import type { file, file_operations, poll_table } from '../fs/file'
import { currentProcess } from '../fs/process'
import { isEmpty } from '../locking/list'
import { initSpinlock } from '../locking/spinlock'
import { embedMembers } from '../mm/embed'
import { slab } from '../mm/slab'
import { TASK_NORMAL } from '../sched/states'
import { wait_queue_head, wakeUpQueue } from '../sched/wait-queue'
import {
  asReader,
  dma_fence_cb,
  driverName,
  setDeadline,
  timelineName,
  type dma_fence,
} from './dma-fence'
import {
  addCallback,
  getFence,
  isSignaled,
  putFence,
  removeCallback,
  status,
  timestampOf,
} from './fence-signal'
import { dma_fence_unwrap, mergeFences, unwrapFirst, unwrapNext } from './fence-unwrap'

const POLLIN = 1
const SYNC_FILE_BYTES = 256

/** A fence as a file that programs poll, pass on and merge (FENCE-18). */
export class sync_file extends KernelObject {
  file: file | null = null
  user_name = ''
  wq = new wait_queue_head()
  fence: dma_fence | null = null
  cb = new dma_fence_cb()
  /** @internal Somebody has polled: the callback was given to the fence. */
  $polled = false

  constructor() {
    super()
    embedMembers(this)
  }
}

/** What merging is asked and answers. */
export interface sync_merge_data {
  name: string
  fd2: number
  fence: number
  flags: number
  pad: number
}

export interface sync_fence_info {
  obj_name: string
  driver_name: string
  status: number
  flags: number
  timestamp_ns: number
}

export interface sync_file_info {
  name: string
  status: number
  flags: number
  num_fences: number
  pad: number
  sync_fence_info: sync_fence_info[]
}

export interface sync_set_deadline {
  deadline_ns: number
  pad: number
}

export const SYNC_IOC_MERGE = 0xc0303e03
export const SYNC_IOC_FILE_INFO = 0xc0383e04
export const SYNC_IOC_SET_DEADLINE = 0x40103e05

const objectOf = (f: file): sync_file => f.private_data as sync_file

function* release(_inode: unknown, f: file): Sim<number> {
  const sync = objectOf(f)
  if (sync.$polled) yield* removeCallback(sync.fence!, sync.cb)
  yield* putFence(sync.fence)
  slab(machine()).free(sync)
  return 0
}

const wake = (sync: sync_file): void | Sim => wakeUpQueue(sync.wq, TASK_NORMAL, 0)

function* poll(f: file, table: poll_table): Sim<number> {
  const sync = objectOf(f)
  table.queues.push(sync.wq)
  if (isEmpty(sync.cb.node) && !sync.$polled) {
    sync.$polled = true
    const func = function fence_check_cb_func(): void | Sim {
      return wake(sync)
    }
    if ((yield* addCallback(sync.fence!, sync.cb, func as () => void)) < 0) wake(sync)
  }
  return (yield* isSignaled(sync.fence!)) ? POLLIN : 0
}

function* ioctl(f: file, cmd: number, arg: unknown): Sim<number> {
  const sync = objectOf(f)
  if (cmd === SYNC_IOC_MERGE) return yield* merge(sync, arg as sync_merge_data)
  if (cmd === SYNC_IOC_FILE_INFO) return yield* fileInfo(sync, arg as sync_file_info)
  if (cmd !== SYNC_IOC_SET_DEADLINE) return -ENOTTY
  const { deadline_ns, pad } = arg as sync_set_deadline
  if (pad) return -EINVAL
  yield* setDeadline(sync.fence!, deadline_ns)
  return 0
}

const FOPS = { release, poll, unlocked_ioctl: ioctl } as unknown as file_operations

/** A file for the fence, with a reference of its own; null when it cannot be made. */
export function createSyncFile(fence: dma_fence): sync_file | null {
  const sync = slab(machine()).alloc(new sync_file(), SYNC_FILE_BYTES)
  if (sync === null) return null
  const made = anonFile('sync_file', FOPS, sync, 0)
  if (typeof made === 'number') {
    slab(machine()).free(sync)
    return null
  }
  sync.file = made
  initSpinlock(sync.wq.lock, '&sync_file->wq')
  sync.fence = getFence(fence)
  return sync
}

function openSyncFile(fd: number): sync_file | null {
  const f = currentProcess().files?.open.get(fd)
  return f?.f_op === FOPS ? objectOf(f) : null
}

/** The fence behind a descriptor, with a reference; null when that is no such file. */
export function fenceOfFd(fd: number): dma_fence | null {
  return getFence(openSyncFile(fd)?.fence ?? null)
}

/** The name that a program gave it, or one made from what the fence says of itself. */
export function* nameOf(sync: sync_file): Sim<string> {
  if (sync.user_name) return sync.user_name
  const fence = sync.fence!
  return yield* asReader(function* () {
    const [driver, timeline] = [yield* driverName(fence), yield* timelineName(fence)]
    return `${driver}-${timeline}${fence.context}-${fence.seqno}`
  })
}

function* merge(sync: sync_file, data: sync_merge_data): Sim<number> {
  const fd = reserveFd()
  if (fd < 0) return fd
  const ret = data.flags || data.pad ? -EINVAL : yield* mergeInto(fd, sync, data)
  if (ret) giveFdBack(fd)
  return ret
}

function* mergeInto(fd: number, sync: sync_file, data: sync_merge_data): Sim<number> {
  const other = openSyncFile(data.fd2)
  if (other === null) return -ENOENT
  const fence = yield* mergeFences([sync.fence, other.fence])
  if (fence === null) return -ENOMEM
  const merged = createSyncFile(fence)
  yield* putFence(fence)
  if (merged === null) return -ENOMEM
  merged.user_name = data.name.slice(0, 31)
  data.fence = fd
  installFile(fd, merged.file!)
  return 0
}

function* infoOf(fence: dma_fence): Sim<sync_fence_info> {
  return yield* asReader(function* () {
    const state = yield* status(fence)
    return {
      obj_name: yield* timelineName(fence),
      driver_name: yield* driverName(fence),
      status: state,
      flags: 0,
      timestamp_ns: state === 0 ? 0 : yield* timestampOf(fence),
    }
  })
}

function* leavesOf(sync: sync_file): Sim<dma_fence[]> {
  const cursor = new dma_fence_unwrap()
  const leaves: dma_fence[] = []
  for (let at = unwrapFirst(sync.fence, cursor); at !== null; at = yield* unwrapNext(cursor))
    leaves.push(at)
  return leaves
}

/** With no room for fences: how many there are, and the state of all of them together. */
function* fileInfo(sync: sync_file, info: sync_file_info): Sim<number> {
  if (info.flags || info.pad) return -EINVAL
  const leaves = yield* leavesOf(sync)
  if (info.num_fences === 0) info.status = yield* status(sync.fence!)
  else if (info.num_fences < leaves.length) return -EINVAL
  else {
    info.status = 1
    info.sync_fence_info = []
    for (const fence of leaves) {
      const one = yield* infoOf(fence)
      info.sync_fence_info.push(one)
      if (info.status > 0) info.status = one.status
    }
  }
  info.name = yield* nameOf(sync)
  info.num_fences = leaves.length
  return 0
}

