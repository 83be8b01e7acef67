import { quiet } from '../kernel/api'
import type { wait_queue_head } from '../kernel/sched/wait-queue'
import type { file, poll_table } from '../kernel/fs/file'

/** Brought along, as by the C header. */
export * from './compiler'
export * from './fs'
export * from './string'
export * from './uaccess'
export * from './wait'

/** Readiness of files: `linux/poll`. */
export type { poll_table } from '../kernel/fs/file'

export const EPOLLIN = 0x1
export const EPOLLPRI = 0x2
export const EPOLLOUT = 0x4
export const EPOLLERR = 0x8
export const EPOLLHUP = 0x10
export const EPOLLRDNORM = 0x40
export const EPOLLWRNORM = 0x100
export const EPOLLRDHUP = 0x2000
export const POLLIN = EPOLLIN
export const POLLPRI = EPOLLPRI
export const POLLOUT = EPOLLOUT
export const POLLERR = EPOLLERR
export const POLLHUP = EPOLLHUP
export const POLLNVAL = 0x20
export const POLLRDNORM = EPOLLRDNORM
export const POLLWRNORM = EPOLLWRNORM
export type __poll_t = number

/** The events that the caller asks about; all of them without a table. */
export const poll_requested_events = quiet((p: poll_table | null): __poll_t =>
  p === null ? 0xffffffff : p._key,
)

/** Names a queue whose waking may change the answer of `poll`. Does not sleep. */
export function poll_wait(_filp: file, wait_address: wait_queue_head, p: poll_table | null): void {
  p?.queues.push(wait_address)
}
