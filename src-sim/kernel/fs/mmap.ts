import { machine } from '../../engine/current'
import { call, point, type Sim } from '../../engine/suspend'
import { PAGE_SIZE } from '../../base/units'
import * as ev from '../../trace/events'
import { emit } from '../emit'
import { EINVAL } from '../errno'
import { memoryAccess } from '../mm/watch'
import { getFile, mmapFile, type file } from './file'
import { vm_area_struct } from './mapping'
import { fput, type Process } from './process'

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
  yield point(mapFile, f)
  const ret = yield* mmapFile(f, vma)
  if (ret) {
    fput(f)
    return ret
  }
  p.mappings.push(vma)
  emit(ev.mmap, vma, p, f, vma.vm_start, vma.vm_end - vma.vm_start)
  return vma
}

/** `vm_ops->close`, then the mapping's hold on the file goes. */
export function* unmapArea(p: Process, vma: vm_area_struct): Sim {
  const at = p.mappings.indexOf(vma)
  if (at < 0) return
  p.mappings.splice(at, 1)
  const ops = vma.vm_ops
  if (ops) memoryAccess(machine()).touch(ops, 'close', false)
  const close = ops?.close
  if (close) yield* call(() => close(vma))
  emit(ev.munmap, vma, p, vma.vm_file)
  if (vma.vm_file) fput(vma.vm_file)
}

export function* closeMappings(p: Process): Sim {
  for (let vma = p.mappings[0]; vma; vma = p.mappings[0]) yield* unmapArea(p, vma)
}
