import { kernelCall } from '../kernel/api'
import { flushDelayedFput } from '../kernel/fs/file-table'
import { giveFdBack, installFile, reserveFd } from '../kernel/fs/anon'

/** Descriptors of the running process: `linux/file`. */

export { fget, fput } from './fs'

/** A number that nothing is behind yet. Pair: `fd_install` or `put_unused_fd`. Or -errno. */
export const get_unused_fd_flags = kernelCall(
  'get_unused_fd_flags',
  (_flags: number): number => reserveFd(),
)
export const put_unused_fd = kernelCall('put_unused_fd', giveFdBack)
/** Puts the file behind it: programs can use it at once, and the reference is theirs now. */
export const fd_install = kernelCall('fd_install', installFile)
/** Waits until files whose last reference went in a kernel thread or an interrupt are released. */
export const flush_delayed_fput = kernelCall('flush_delayed_fput', flushDelayedFput)
