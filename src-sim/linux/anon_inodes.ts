import { kernelCall } from '../kernel/api'
import { anonFile, installFile, reserveFd } from '../kernel/fs/anon'
import type { file, file_operations } from '../kernel/fs/file'
import { ERR_PTR } from './err'

/** Files without a node: `linux/anon_inodes`. */

/** A file with these operations and this `private_data`, or ERR_PTR. It keeps their module. */
export const anon_inode_getfile = kernelCall(
  'anon_inode_getfile',
  (name: string, fops: file_operations, priv: unknown, flags: number): file => {
    const made = anonFile(name, fops, priv, flags)
    return typeof made === 'number' ? ERR_PTR<file>(made) : made
  },
)
/** The same as a descriptor of the running process. Or -errno. */
export const anon_inode_getfd = kernelCall(
  'anon_inode_getfd',
  (name: string, fops: file_operations, priv: unknown, flags: number): number => {
    const made = anonFile(name, fops, priv, flags)
    if (typeof made === 'number') return made
    const fd = reserveFd()
    if (fd >= 0) installFile(fd, made)
    return fd
  },
)
