import { fasyncHelper, killFasync, type FasyncHead } from '../../kernel/fs/fasync'
import type { file } from '../../kernel/fs/file'

/** Signals about files. Part of `linux/fs`. */
export { FASYNC, fasync_struct } from '../../kernel/fs/fasync'
export { SIGIO } from '../sched'
export const POLL_IN = 1
export const POLL_OUT = 2

/**
 * What a driver's `fasync` does: adds or removes the file. The list is `ptr<fasync_struct | null>`.
 * 1 when it changed, 0 when not, or -errno. May sleep. `release` has to remove the file as well.
 */
export function fasync_helper(fd: number, filp: file, on: number, fapp: FasyncHead): number {
  return fasyncHelper(fd, filp, on, fapp)
}
/** Sends a signal to the owners of all files on the list. Any context. */
export function kill_fasync(fp: FasyncHead, sig: number, _band: number): void {
  killFasync(fp, sig)
}
