import type { Sim } from '../../engine/suspend'
import { ESPIPE } from '../errno'
import { call } from '../../engine/suspend'
import { CLEAR_REFS, openClearRefs } from '../mm/clear-refs'
import { DEBUGFS_ROOT, openDebugfs } from './debugfs/open'
import { openPath, readFile, writeFile, type file } from './file'
import { fput } from './file-table'
import { KMSG, openKmsg } from './kmsg'
import { loadForNode } from './late-nodes'
import { openProc, PROC_ROOT } from './proc/open'
import { openSysfs } from './sysfs-file'

/** Opens whatever a path leads to: the file, or -errno. */
export function* openAny(path: string, flags: number): Sim<file | number> {
  if (path === KMSG) return openKmsg(flags)
  if (path.startsWith(`${DEBUGFS_ROOT}/`)) return yield* openDebugfs(path, flags)
  if (path === CLEAR_REFS) return openClearRefs(flags)
  if (path.startsWith(`${PROC_ROOT}/`)) return yield* openProc(path, flags)
  if (path.startsWith('/sys/')) return openSysfs(path, flags)
  loadForNode(path)
  return yield* openPath(path, flags)
}

export function* seekFile(f: file, offset: number, whence: number): Sim<number> {
  const seek = f.f_op?.llseek
  return seek ? Number(yield* call(() => seek(f, offset, whence))) : -ESPIPE
}

const CHUNK = 4096

/** `cat path`: the text, or the -errno of the call that failed. */
export function* readWhole(path: string): Sim<string | number> {
  const f = yield* openAny(path, 0)
  if (typeof f === 'number') return f
  let text = ''
  let n = 0
  do {
    const buffer = new Uint8Array(CHUNK)
    n = yield* readFile(f, buffer, CHUNK)
    text += String.fromCharCode(...buffer.subarray(0, Math.max(0, n)))
  } while (n > 0)
  fput(f)
  return n < 0 ? n : text
}

/** `echo text > path`: bytes, or the -errno of the call that failed. */
export function* writeWhole(path: string, text: string): Sim<number> {
  const f = yield* openAny(path, 1)
  if (typeof f === 'number') return f
  const ret = yield* writeFile(f, Uint8Array.from(text, (c) => c.charCodeAt(0)), text.length)
  fput(f)
  return ret
}
