import type { Sim } from '../../engine/suspend'
import { anonFile, giveFdBack, installFile, reserveFd } from '../fs/anon'
import { getFile, putFile, type file_operations } from '../fs/file'
import { POLLIN, POLLOUT } from '../fs/poll'
import { EFAULT, EINVAL } from '../errno'
import { copyUserFaulting } from '../mm/uaccess'
import { wait_queue_head, wakeUpQueue } from '../sched/wait-queue'
import { TASK_INTERRUPTIBLE } from '../sched/states'
import { abortObject, finalizeObject, IommufdObject, type iommufd_ctx } from './objects'
import type { Ucmd } from './ucmd'

/** An object that a program reads events from, through a descriptor of its own. */
export abstract class EventQueue extends IommufdObject {
  readonly waiters = new wait_queue_head()

  /** Fills the buffer with whole events. How many bytes, or -errno. */
  abstract readEvents(buffer: Uint8Array, count: number): number
  abstract readonly pending: boolean

  /** The program's answers. How many bytes were taken, or -errno. */
  *writeAnswers(_buffer: Uint8Array, _count: number): Sim<number> {
    return -EINVAL
  }

  wake(): void {
    wakeUpQueue(this.waiters, TASK_INTERRUPTIBLE, 0)
  }
}

const queueOf = (f: { private_data: unknown }): EventQueue => f.private_data as EventQueue

const OPERATIONS: file_operations = {
  read: ((f: { private_data: unknown }, buf: unknown, count: number) =>
    readOut(queueOf(f), buf, count)) as unknown as file_operations['read'],
  write: ((f: { private_data: unknown }, buf: unknown, count: number) =>
    writeIn(queueOf(f), buf, count)) as unknown as file_operations['write'],
  poll: (f, table) => {
    const queue = queueOf(f)
    table?.queues.push(queue.waiters)
    return (queue.pending ? POLLIN : 0) | (queue.type === 'fault' ? POLLOUT : 0)
  },
  release: ((_node: never, f: { private_data: unknown }) => closeQueue(queueOf(f))) as unknown as
    file_operations['release'],
}

function* readOut(queue: EventQueue, buf: unknown, count: number): Sim<number> {
  const bytes = new Uint8Array(count)
  const done = queue.readEvents(bytes, count)
  if (done <= 0) return done
  return (yield* copyUserFaulting(buf, bytes.subarray(0, done), done)) ? -EFAULT : done
}

function* writeIn(queue: EventQueue, buf: unknown, count: number): Sim<number> {
  const bytes = new Uint8Array(count)
  if (yield* copyUserFaulting(bytes, buf, count)) return -EFAULT
  return yield* queue.writeAnswers(bytes, count)
}

function* closeQueue(queue: EventQueue): Sim<number> {
  queue.users--
  yield* dropContext(queue.ictx)
  return 0
}

function* dropContext(ictx: iommufd_ctx): Sim {
  if (ictx.file) yield* putFile(ictx.file)
}

/** Opens a queue for the calling program and tells it the numbers. 0 or -errno. */
export function* openQueue(
  { cmd, ictx, respond }: Ucmd, name: string, queue: EventQueue, out: { id: string; fd: string },
): Sim<number> {
  const f = anonFile(name, OPERATIONS, queue, 2)
  const fd = typeof f === 'number' ? f : reserveFd()
  if (fd < 0 || typeof f === 'number') {
    yield* abortObject(queue)
    return fd
  }
  cmd[out.id] = queue.id
  cmd[out.fd] = fd
  const error = respond()
  if (error) {
    giveFdBack(fd)
    yield* abortObject(queue)
    return error
  }
  queue.users++
  if (ictx.file) getFile(ictx.file)
  finalizeObject(queue)
  installFile(fd, f)
  return 0
}

