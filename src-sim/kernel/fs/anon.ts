import { tryModuleGet } from '../base/module'
import { EBADF, ENOENT } from '../errno'
import { inode } from './devnodes'
import { file, fopsOf, type file_operations } from './file'
import { currentProcess, fdInstalled } from './process'

/** Files without a node: descriptors for objects of the kernel. */

/** A file with these operations, or -ENOENT when their module is on its way out. */
export function anonFile(
  name: string,
  ops: file_operations,
  priv: unknown,
  flags: number,
): file | number {
  const f = new file(new inode())
  if (!tryModuleGet(ops.owner ?? null, fopsOf(f))) return -ENOENT
  f.f_op = ops
  f.$pinned = ops.owner ?? null
  f.private_data = priv
  f.f_flags = flags
  f.$path = `anon_inode:${name}`
  return f
}

/** A descriptor that nothing is behind yet; the running process cannot use it. Or -errno. */
export function reserveFd(): number {
  const { files } = currentProcess()
  if (files === null) return -EBADF
  const fd = files.freeNumber()
  if (fd >= 0) files.reserved.add(fd)
  return fd
}

export function giveFdBack(fd: number): void {
  currentProcess().files?.reserved.delete(fd)
}

/** From now on the process can use it; the reference on the file is the descriptor's. */
export function installFile(fd: number, f: file): void {
  const process = currentProcess()
  process.files?.reserved.delete(fd)
  process.files?.open.set(fd, f)
  fdInstalled(process, fd, f)
}
