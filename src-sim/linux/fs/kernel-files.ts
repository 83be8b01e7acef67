import type { Sim } from '../../engine/suspend'
import { kernelCall } from '../../kernel/api'
import { flushFile, readFile, writeFile, type file } from '../../kernel/fs/file'
import { fput } from '../../kernel/fs/file-table'
import { openAny } from '../../kernel/fs/open'
import { ERR_PTR } from '../err'
import { EBADF } from '../errno'
import type { ptr } from '../types'

/** Files that the kernel itself opens. Part of `linux/fs`. */

const ACCMODE = 3

/** Opens what is at a path, without a descriptor: the file, or an error pointer. May sleep. */
export const filp_open = kernelCall(
  'filp_open',
  function* (filename: string, flags: number, _mode: number): Sim<file> {
    const opened = yield* openAny(filename, flags)
    return typeof opened === 'number' ? ERR_PTR<file>(opened) : opened
  },
)
/** Flushes the file and gives its reference up. What the flush answered. May sleep. */
export const filp_close = kernelCall(
  'filp_close',
  function* (filp: file, _id: unknown): Sim<number> {
    const ret = yield* flushFile(filp)
    fput(filp)
    return ret
  },
)

/** Reads with the file's own function, at `*pos`, which moves on. Bytes, or -errno. */
export const kernel_read = kernelCall(
  'kernel_read',
  function* (f: file, buf: Uint8Array, count: number, pos: ptr<number> | null): Sim<number> {
    if ((f.f_flags & ACCMODE) === 1) return -EBADF
    return yield* at(f, pos, readFile(f, buf, count))
  },
)
/** Writes in the same way. */
export const kernel_write = kernelCall(
  'kernel_write',
  function* (f: file, buf: Uint8Array, count: number, pos: ptr<number> | null): Sim<number> {
    if ((f.f_flags & ACCMODE) === 0) return -EBADF
    return yield* at(f, pos, writeFile(f, buf, count))
  },
)

/** With the position of the caller instead of that of the file. */
function* at(f: file, pos: ptr<number> | null, transfer: Sim<number>): Sim<number> {
  const own = f.f_pos
  if (pos) f.f_pos = pos.value
  const ret = yield* transfer
  if (pos) {
    pos.value = f.f_pos
    f.f_pos = own
  }
  return ret
}
