import { kernelCall } from '../kernel/api'
import type { Sim } from '../engine/suspend'
import * as s from '../kernel/dma-buf/sync-file'

/** Fences as files: `linux/sync_file`, and what programs ask of them. */

export { sync_file } from '../kernel/dma-buf/sync-file'
export type {
  sync_fence_info,
  sync_file_info,
  sync_merge_data,
  sync_set_deadline,
} from '../kernel/dma-buf/sync-file'

/** Calls of programs; their argument is the structure itself. */
export const SYNC_IOC_MERGE = s.SYNC_IOC_MERGE
export const SYNC_IOC_FILE_INFO = s.SYNC_IOC_FILE_INFO
export const SYNC_IOC_SET_DEADLINE = s.SYNC_IOC_SET_DEADLINE

/** A file for a fence (`->file`, for `fd_install`), with a reference of its own; or null. */
export const sync_file_create = kernelCall('sync_file_create', s.createSyncFile)
/** The fence behind a descriptor of the running process, with a reference; or null. */
export const sync_file_get_fence = kernelCall('sync_file_get_fence', s.fenceOfFd)
/**
 * Its name: a program's, or `driver-timelineCONTEXT-SEQNO`. Answers it, and writes it to `buf` with
 * a NUL behind at most `len` - 1 letters.
 */
export const sync_file_get_name = kernelCall('sync_file_get_name', function* (
  sync: s.sync_file,
  buf: Uint8Array | null,
  len: number,
): Sim<string> {
  const name = (yield* s.nameOf(sync)).slice(0, len - 1)
  if (buf !== null) for (let i = 0; i <= name.length; i++) buf[i] = name.charCodeAt(i) || 0
  return name
})
