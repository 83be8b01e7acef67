import type { Sim } from '../../engine/suspend'
import type { device } from '../base/device'
import type { file, file_operations } from '../fs/file'
import { appendText, seqOpen, seqRead, seqRelease, seqSeek, type seq_file, type seq_operations } from '../fs/seq-file'
import { createDirectory, createFile } from '../fs/debugfs/tree'
import { ListWalk, ownerOf, type list_head } from '../locking/list'
import type { dma_buf, dma_buf_attachment } from './buffer'
import { asReader, driverName, timelineName, type dma_fence } from './dma-fence'
import { isSignaled } from './fence-signal'
import { lockResv, unlockResv, USAGE_READ } from './resv'
import { beginIter, dma_resv_iter, firstLocked, nextLocked } from './resv-iter'

/** What debugfs tells of all shared buffers: `dma_buf/bufinfo`. */

const USAGES = ['kernel', 'write', 'read', 'bookkeep']
const MODE_OF_ALL = 0x4
const hex8 = (n: number): string => n.toString(16).padStart(8, '0')
const dec8 = (n: number): string => String(n).padStart(8, '0')
const left8 = (text: string): string => text.padEnd(8)

function* describeFence(fence: dma_fence): Sim<string> {
  return yield* asReader(function* () {
    const over = yield* isSignaled(fence)
    const timeline = over ? '' : yield* timelineName(fence)
    const driver = over ? '' : yield* driverName(fence)
    return `${fence.context}:${fence.seqno} ${timeline} ${driver} ${over ? '' : 'un'}signalled\n`
  })
}

function lineOf(dmabuf: dma_buf): string {
  const f = dmabuf.file!
  const mode = ((f.f_flags + 1) & 3) | MODE_OF_ALL
  const columns = [
    dec8(dmabuf.size), hex8(f.f_flags), hex8(mode), dec8(f.$count), dmabuf.exp_name,
    dec8(dmabuf.$ino), dmabuf.name ?? '<none>',
  ]
  return `${columns.join('\t')}\n`
}

const nameOf = (dev: device): string => dev.kobj.name ?? dev.init_name ?? ''

function* describe(s: seq_file, dmabuf: dma_buf): Sim {
  yield* lockResv(dmabuf.resv!)
  appendText(s, lineOf(dmabuf))
  const iter = new dma_resv_iter()
  beginIter(iter, dmabuf.resv!, USAGE_READ)
  for (let fence = firstLocked(iter); fence !== null; fence = nextLocked(iter))
    appendText(s, `\t${USAGES[iter.fence_usage]} fence:${yield* describeFence(fence)}`)
  appendText(s, '\tAttached Devices:\n')
  let attached = 0
  const owner = (entry: list_head): dma_buf_attachment => ownerOf(entry, 'node')
  for (const { dev } of new ListWalk(dmabuf.attachments, false, true, owner)) {
    appendText(s, `\t${nameOf(dev!)}\n`)
    attached++
  }
  unlockResv(dmabuf.resv!)
  appendText(s, `Total ${attached} devices attached\n\n`)
}

/** The text, made of the buffers that `withAll` hands over one by one. */
const showing = (withAll: (each: (dmabuf: dma_buf) => Sim) => Sim) =>
  function* (s: seq_file): Sim<number> {
    const heads = ['size', 'flags', 'mode', 'count'].map(left8).join('\t')
    appendText(s, `\nDma-buf Objects:\n${heads}\texp_name\t${left8('ino')}\tname\n`)
    let count = 0
    let size = 0
    yield* withAll(function* (dmabuf) {
      yield* describe(s, dmabuf)
      count++
      size += dmabuf.size
    })
    appendText(s, `\nTotal ${count} objects, ${size} bytes\n`)
    return 0
  }

/** Makes the file; `withAll` walks over all buffers with their list locked. */
export function createBufinfo(withAll: (each: (dmabuf: dma_buf) => Sim) => Sim): void {
  const once = {
    start: (_s: seq_file, pos: { value: number }) => (pos.value === 0 ? once : null),
    next: (_s: seq_file, _v: unknown, pos: { value: number }) => (pos.value++, null),
    stop: () => {},
    show: showing(withAll),
  }
  const fops = {
    open: (_node: unknown, f: file) => seqOpen(f, once as unknown as seq_operations),
    read: seqRead,
    llseek: seqSeek,
    release: (_node: unknown, f: file) => seqRelease(f),
  }
  const directory = createDirectory('dma_buf', null)
  createFile('bufinfo', 0o444, directory, null, fops as unknown as file_operations)
}
