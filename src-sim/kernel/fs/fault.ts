import { PAGE_SIZE, type PhysAddr } from '../../base/units'
import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { page_fault_user } from '../../trace/events'
import { emit } from '../emit'
import { EINVAL } from '../errno'
import { physicalMemory } from '../mm/physical'
import { memoryAccess } from '../mm/watch'
import { allOnes, busSpace } from '../platform/bus-space'
import type { vm_area_struct, vm_fault } from './mapping'
import { ProcessExit, type Process } from './process'

/** What a fault handler answers. */
export const FAULT = { OOM: 1, SIGBUS: 2, NOPAGE: 0x100, LOCKED: 0x200, RETRY: 0x400 } as const
export const FAULT_FLAG_WRITE = 1

/** Exit codes of a program that touched what it must not: 128 and the number of the signal. */
const KILLED_BY_SIGBUS = 135
const KILLED_BY_SIGSEGV = 139

const pageOf = (vma: vm_area_struct, address: number): number =>
  Math.floor((address - vma.vm_start) / PAGE_SIZE)

/** `remap_pfn_range`: puts frames behind a part of a mapping. 0 or -EINVAL. */
export function remapFrames(vma: vm_area_struct, address: number, pfn: number, size: number): number {
  const pages = Math.ceil(size / PAGE_SIZE)
  if (address < vma.vm_start || address + pages * PAGE_SIZE > vma.vm_end) return -EINVAL
  for (let i = 0; i < pages; i++) vma.$pages.set(pageOf(vma, address) + i, pfn + i)
  return 0
}

/** `vmf_insert_pfn`: the answer of a fault handler that has put a frame there itself. */
export function insertFrame(vma: vm_area_struct, address: number, pfn: number): number {
  if (address < vma.vm_start || address >= vma.vm_end) return FAULT.SIGBUS
  vma.$pages.set(pageOf(vma, address), pfn)
  return FAULT.NOPAGE
}

/** The frame behind a page, asking the driver for it if need be; the program dies without one. */
function* frameAt(p: Process, vma: vm_area_struct, offset: number, write: boolean): Sim<number> {
  if (!p.mappings.includes(vma) || offset < 0 || vma.vm_start + offset >= vma.vm_end)
    return failed(vma, offset, write, 'SIGSEGV')
  const page = Math.floor(offset / PAGE_SIZE)
  const known = vma.$pages.get(page)
  if (known !== undefined) return known
  const address = vma.vm_start + page * PAGE_SIZE
  const ops = vma.vm_ops
  if (ops) memoryAccess(machine()).touch(ops, 'fault', false)
  const handler = ops?.fault
  if (!handler) return failed(vma, offset, write, 'SIGBUS')
  const flags = write ? FAULT_FLAG_WRITE : 0
  const vmf: vm_fault = { vma, address, pgoff: vma.vm_pgoff + page, flags, page: null }
  const ret = Number(yield* call(() => handler(vmf)))
  const phys = vmf.page && physicalMemory(machine()).addressOf(vmf.page)
  if (phys) vma.$pages.set(page, phys / PAGE_SIZE)
  const frame = vma.$pages.get(page)
  if (ret & (FAULT.SIGBUS | FAULT.OOM) || frame === undefined)
    return failed(vma, offset, write, 'SIGBUS')
  emit(page_fault_user, vma, address, write, 'mapped')
  return frame
}

function failed(
  vma: vm_area_struct,
  offset: number,
  write: boolean,
  signal: 'SIGBUS' | 'SIGSEGV',
): never {
  emit(page_fault_user, vma, vma.vm_start + offset, write, signal)
  throw new ProcessExit(signal === 'SIGBUS' ? KILLED_BY_SIGBUS : KILLED_BY_SIGSEGV)
}

/** A program reads 32 bits of a mapping, as `*(uint32_t *)(p + offset)` does. */
export function* loadWord(p: Process, vma: vm_area_struct, offset: number): Sim<number> {
  const phys = (yield* frameAt(p, vma, offset, false)) * PAGE_SIZE + (offset % PAGE_SIZE)
  const region = busSpace(machine()).find(phys)
  if (region) return region.answers() ? region.read(phys - region.start, 4) : allOnes(4)
  const bytes = physicalMemory(machine()).view(phys as PhysAddr, 4)
  return bytes ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) : allOnes(4)
}

/** A program writes 32 bits of a mapping. */
export function* storeWord(p: Process, vma: vm_area_struct, offset: number, value: number): Sim {
  const phys = (yield* frameAt(p, vma, offset, true)) * PAGE_SIZE + (offset % PAGE_SIZE)
  const region = busSpace(machine()).find(phys)
  if (region) {
    if (region.answers()) region.write(phys - region.start, 4, value)
    return
  }
  const bytes = physicalMemory(machine()).view(phys as PhysAddr, 4)
  if (bytes) new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, value >>> 0, true)
}
