import { PAGE_SIZE } from '../../base/units'
import { machine } from '../../engine/current'
import { EBUSY, EFAULT, EINVAL } from '../errno'
import { kernelBug } from '../printk/oops'
import { FAULT } from './fault-codes'
import { pfnToPage, zeroPage, type page } from './page'
import { getPage } from './page-alloc'
import { pageNumber, type Pte } from './page-table'
import { isCow, VM, type vm_area_struct } from './vma'

/** Putting pages and frames behind mappings. */

/** An entry as this mapping allows it to be. */
export function makePte(vma: vm_area_struct, more: Partial<Pte> & Pick<Pte, 'pfn'>): Pte {
  return {
    kind: 'page',
    page: null,
    read: (vma.vm_flags & (VM.READ | VM.WRITE | VM.EXEC)) !== 0,
    write: false,
    dirty: false,
    softDirty: true,
    young: true,
    ...more,
  }
}

/** Shows a page; the entry takes over the caller's reference. */
export function setPagePte(
  vma: vm_area_struct, address: number, p: page, write: boolean, dirty = write,
): void {
  p.$mapcount++
  vma.vm_mm!.$table.set(pageNumber(address), makePte(vma, { page: p, pfn: p.$pfn, write, dirty }))
}

/** A page of its own for a private mapping. */
export function setAnonPte(vma: vm_area_struct, address: number, p: page, write: boolean): void {
  p.$isAnon = true
  p.$exclusive = true
  p.index = vma.vm_pgoff + pageNumber(address - vma.vm_start)
  vma.$anon = true
  setPagePte(vma, address, p, write)
}

export function setZeroPte(vma: vm_area_struct, address: number): void {
  const pte = makePte(vma, { kind: 'zero', pfn: zeroPage().$pfn })
  vma.vm_mm!.$table.set(pageNumber(address), pte)
}

/** Whether a shared mapping must be asked before each page becomes writable. */
export const wantsNotice = (vma: vm_area_struct): boolean =>
  Boolean(vma.vm_ops?.page_mkwrite ?? vma.vm_ops?.pfn_mkwrite)

/** What may be written at once, without another fault. */
export const writableAtOnce = (vma: vm_area_struct): boolean =>
  (vma.vm_flags & (VM.SHARED | VM.WRITE)) === (VM.SHARED | VM.WRITE) && !wantsNotice(vma)

/** `remap_pfn_range`: puts frames behind a part of a mapping. 0 or -EINVAL. */
export function remapFrames(vma: vm_area_struct, address: number, pfn: number, size: number): number {
  const pages = Math.ceil(size / PAGE_SIZE)
  const end = address + pages * PAGE_SIZE
  if (address % PAGE_SIZE !== 0 || address < vma.vm_start || end > vma.vm_end) return -EINVAL
  if (isCow(vma.vm_flags)) {
    if (address !== vma.vm_start || end !== vma.vm_end) return -EINVAL
    vma.vm_pgoff = pfn
  }
  vma.vm_flags |= VM.IO | VM.PFNMAP | VM.DONTEXPAND | VM.DONTDUMP
  for (let i = 0; i < pages; i++) setFrame(vma, address + i * PAGE_SIZE, pfn + i)
  return 0
}

function setFrame(vma: vm_area_struct, address: number, pfn: number, write = writableAtOnce(vma)): void {
  const pte = makePte(vma, { kind: 'special', pfn, write, dirty: write })
  vma.vm_mm!.$table.set(pageNumber(address), pte)
}

/**
 * `vmf_insert_pfn`: the answer of a fault handler that has put a frame there itself. A mapping
 * that was not announced as one of frames is a mistake that ends the task.
 */
export function insertFrame(vma: vm_area_struct, address: number, pfn: number): number {
  const { vm_flags: flags } = vma
  if (!(flags & (VM.PFNMAP | VM.MIXEDMAP))) return frameBug('!(vma->vm_flags & (VM_PFNMAP|VM_MIXEDMAP))')
  if (flags & VM.PFNMAP && flags & VM.MIXEDMAP) return frameBug('(vma->vm_flags & VM_PFNMAP)')
  if (flags & VM.PFNMAP && isCow(flags)) return frameBug('is_cow_mapping(vma->vm_flags)')
  if (address < vma.vm_start || address >= vma.vm_end) return FAULT.SIGBUS
  if (vma.vm_mm!.$table.get(pageNumber(address)) === null) setFrame(vma, address, pfn)
  return FAULT.NOPAGE
}

function frameBug(_condition: string): never {
  kernelBug(machine(), 'mm/memory.c', 'vmf_insert_pfn_prot', ['MM-08'])
}

/** `vm_insert_page`: a counted page; the mapping takes a reference of its own. 0 or -errno. */
export function insertPage(vma: vm_area_struct, address: number, p: page): number {
  if (address < vma.vm_start || address >= vma.vm_end) return -EFAULT
  if (p.$refs === 0 || p.$isAnon) return -EINVAL
  if (vma.vm_mm!.$table.get(pageNumber(address)) !== null) return -EBUSY
  vma.vm_flags |= VM.MIXEDMAP
  getPage(p)
  setPagePte(vma, address, p, writableAtOnce(vma))
  return 0
}

/** `vm_map_pages`: all pages that the mapping asks for, by its place in the file. */
export function mapPages(vma: vm_area_struct, pages: page[], offset: number): number {
  const count = (vma.vm_end - vma.vm_start) / PAGE_SIZE
  if (offset >= pages.length || count > pages.length - offset) return -6
  for (let i = 0; i < count; i++) {
    const error = insertPage(vma, vma.vm_start + i * PAGE_SIZE, pages[offset + i]!)
    if (error) return error
  }
  return 0
}

/** `vmf_insert_mixed`: a frame that may or may not be a counted page. */
export function insertMixed(vma: vm_area_struct, address: number, pfn: number): number {
  if (address < vma.vm_start || address >= vma.vm_end) return FAULT.SIGBUS
  if (vma.vm_mm!.$table.get(pageNumber(address)) === null) {
    const p = pfnToPage(pfn)
    if (p.$refs > 0) {
      getPage(p)
      setPagePte(vma, address, p, writableAtOnce(vma))
    } else setFrame(vma, address, pfn)
  }
  return FAULT.NOPAGE
}
