import { machine } from '../../engine/current'
import { call, point, type Sim } from '../../engine/suspend'
import { PAGE_SIZE } from '../../base/units'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EINVAL } from '../errno'
import { memoryAccess } from '../mm/watch'
import { getFile, mmapFile, type file } from './file'
import { vm_area_struct } from './mapping'
import { mmapLock, mmapUnlock, newMm } from './mm-struct'
import { fput } from './file-table'
import type { Process } from './process'

const MMAP_BASE = 0x7000_0000_0000

/** Maps a file: the driver's `mmap` decides what is behind it. The mapping, or -errno. */
export function* mapFile(
  p: Process, f: file, length: number, pgoff: number, flags: number,
): Sim<vm_area_struct | number> {
  if (length <= 0) return -EINVAL
  const vma = new vm_area_struct()
  const top = p.mappings.reduce((max, v) => Math.max(max, v.vm_end), MMAP_BASE)
  vma.vm_start = top + PAGE_SIZE
  vma.vm_end = vma.vm_start + Math.ceil(length / PAGE_SIZE) * PAGE_SIZE
  vma.vm_pgoff = pgoff
  vma.vm_flags = flags
  vma.vm_file = getFile(f)
  vma.vm_mm = p.mm ??= newMm(() => closeMappings(p))
  yield point(mapFile, f)
  yield* mmapLock(vma.vm_mm, true)
  const ret = yield* mmapFile(f, vma)
  if (ret === 0) p.mappings.push(vma)
  mmapUnlock(vma.vm_mm, true)
  if (ret) {
    fput(f)
    return ret
  }
  emit(ev.mmap, vma, p, f, vma.vm_start, vma.vm_end - vma.vm_start)
  return vma
}

/** `munmap` of one whole mapping. */
export function* unmapArea(p: Process, vma: vm_area_struct): Sim {
  if (!p.mappings.includes(vma)) return
  const mm = vma.vm_mm!
  yield* mmapLock(mm, true)
  yield* removeArea(p, vma)
  mmapUnlock(mm, true)
}

/** `vm_ops->close`, then the mapping's hold on the file goes. */
function* removeArea(p: Process, vma: vm_area_struct): Sim {
  p.mappings.splice(p.mappings.indexOf(vma), 1)
  const ops = vma.vm_ops
  if (ops) memoryAccess(machine()).touch(ops, 'close', false)
  const close = ops?.close
  if (close) yield* call(() => close(vma))
  emit(ev.munmap, vma, p, vma.vm_file)
  if (vma.vm_file) fput(vma.vm_file)
}

/** `exit_mmap`: nobody uses the address space any more. */
function* closeMappings(p: Process): Sim {
  const { mm } = p
  yield* mmapLock(mm!, true)
  for (let vma = p.mappings[0]; vma; vma = p.mappings[0]) yield* removeArea(p, vma)
  mmapUnlock(mm!, true)
}
