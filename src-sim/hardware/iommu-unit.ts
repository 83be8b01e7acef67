import { PAGE_SIZE } from '../base/units'
import { IOMMU_READ, IOMMU_WRITE } from '../kernel/iommu/domain'
import type {
  ContextEntry, FaultRecord, IommuUnit, PageRequest, Requester, Translated,
} from '../kernel/iommu/unit'

/** Numbers that the hardware gives for what went wrong. */
const NO_CONTEXT = 0x02
const BEYOND_WIDTH = 0x04
const NO_WRITE = 0x05
const NO_READ = 0x06
const NO_PASID_ENTRY = 0x59
const NO_FIRST_LEVEL = 0x71

const WIDTH_BITS = 39
/** Records that fit into the registers: more are lost until some are read. */
const RECORDS = 8
/** Page requests that fit into the queue. */
const REQUESTS = 1024

/** A translation that was looked up once and is kept until somebody invalidates it. */
interface Cached {
  phys: number
  prot: number
}

/** Translations by page. */
type PageCache = Map<number, Cached>

export interface UnitOptions {
  /** It also remembers that nothing was there, as virtual ones do. */
  cachesMissing: boolean
}

/**
 * The IOMMU between all cards and memory: tables by bus, device and function, a TLB whose entries
 * stay until they are invalidated, and what devices with ATS keep themselves. It knows nothing of
 * drivers: whatever they forget to invalidate goes on working.
 */
export class iommu_unit implements IommuUnit {
  readonly faults: FaultRecord[] = []
  onFault: (() => void) | null = null
  readonly requests: PageRequest[] = []
  overflow = false
  onRequest: (() => void) | null = null
  readonly #options: UnitOptions
  readonly #contexts = new Map<string, ContextEntry>()
  /** By domain number; PASIDs have numbers of their own. */
  readonly #tlb = new Map<number, PageCache>()
  /** By source and PASID. */
  readonly #deviceTlb = new Map<string, PageCache>()
  /** Devices that translate for themselves, and whether they still answer. */
  readonly #ats = new Map<number, () => boolean>()
  /** Who waits for an answer, by source, PASID and group. */
  readonly #asked = new Map<string, (group: number, code: number) => void>()

  constructor(options: Partial<UnitOptions> = {}) {
    this.#options = { cachesMissing: false, ...options }
  }

  setContext(source: number, pasid: number, entry: ContextEntry | null): void {
    const key = keyOf(source, pasid)
    if (entry) this.#contexts.set(key, entry)
    else this.#contexts.delete(key)
  }

  enableAts(source: number, answers: (() => boolean) | null): void {
    if (answers) this.#ats.set(source, answers)
    else {
      this.#ats.delete(source)
      this.forget(source)
    }
  }

  /** The device was reset or has gone: what it kept is lost. */
  forget(source: number): void {
    for (const key of [...this.#deviceTlb.keys()])
      if (key.startsWith(`${source}/`)) this.#deviceTlb.delete(key)
  }

  translate(requester: Requester, address: number, length: number, write: boolean): Translated {
    const pieces: { phys: number; length: number }[] = []
    for (let at = address; at < address + length; ) {
      const page = Math.floor(at / PAGE_SIZE) * PAGE_SIZE
      const part = Math.min(page + PAGE_SIZE, address + length) - at
      const phys = this.#page(requester, page, write)
      if (typeof phys !== 'number') return { fault: phys }
      pieces.push({ phys: phys + (at - page), length: part })
      at += part
    }
    return { pieces }
  }

  /** Where a page leads to; a record, or null when the access vanishes without one. */
  #page(requester: Requester, page: number, write: boolean): number | FaultRecord | null {
    const { source, pasid } = requester
    const own = this.#ats.has(source) ? this.#ownCache(source, pasid) : null
    const need = write ? IOMMU_WRITE : IOMMU_READ
    const kept = own?.get(page)
    if (kept && kept.prot & need) return kept.phys
    const found = this.#lookUp(requester, page, write)
    if (typeof found === 'number') {
      // A translation request that finds nothing is answered, not recorded.
      return own || found === 0 ? null : this.#record(requester, page, write, found)
    }
    own?.set(page, found)
    return found.phys
  }

  /** The translation, or the reason why there is none (0: not to be told). */
  #lookUp({ source, pasid }: Requester, page: number, write: boolean): Cached | number {
    const context = this.#contexts.get(keyOf(source, pasid))
    if (!context) return pasid ? NO_PASID_ENTRY : NO_CONTEXT
    switch (context.kind) {
      case 'blocked':
        return context.silent ? 0 : pasid ? NO_PASID_ENTRY : NO_CONTEXT
      case 'pass':
        return { phys: page, prot: IOMMU_READ | IOMMU_WRITE }
      case 'process':
        return this.#inProcess(context, page, write)
      case 'translate':
        return this.#inTable(context, page, write)
    }
  }

  #inTable(
    { id, table }: Extract<ContextEntry, { kind: 'translate' }>, page: number, write: boolean,
  ): Cached | number {
    if (page >= 2 ** WIDTH_BITS) return BEYOND_WIDTH
    const cache = this.#cacheOf(id)
    const need = write ? IOMMU_WRITE : IOMMU_READ
    const missing = write ? NO_WRITE : NO_READ
    const kept = cache.get(page)
    if (kept && kept.prot & need) return kept
    if (kept?.prot === 0) return missing
    const found = table.walk(page)
    if (!found) {
      if (this.#options.cachesMissing) cache.set(page, { phys: 0, prot: 0 })
      return missing
    }
    const { leaf, start } = found
    if (!(leaf.prot & need)) return missing
    const fresh = { phys: leaf.phys + (page - start), prot: leaf.prot }
    cache.set(page, fresh)
    return fresh
  }

  #inProcess(
    { id, lookup }: Extract<ContextEntry, { kind: 'process' }>, page: number, write: boolean,
  ): Cached | number {
    const cache = this.#cacheOf(id)
    const need = write ? IOMMU_WRITE : IOMMU_READ
    const kept = cache.get(page)
    if (kept && kept.prot & need) return kept
    const phys = lookup(page, write)
    if (phys === null) return NO_FIRST_LEVEL
    const fresh = { phys, prot: write ? IOMMU_READ | IOMMU_WRITE : IOMMU_READ }
    cache.set(page, fresh)
    return fresh
  }

  #record(requester: Requester, address: number, write: boolean, reason: number): FaultRecord {
    const record = { requester, address, write, reason }
    if (this.faults.length < RECORDS) this.faults.push(record)
    this.onFault?.()
    return record
  }

  invalidate(domain: number, first: number, last: number): void {
    drop(this.#tlb.get(domain), first, last)
  }

  invalidateDomain(domain: number): void {
    this.#tlb.delete(domain)
  }

  invalidateAll(): void {
    this.#tlb.clear()
  }

  invalidateDevice(source: number, pasid: number | null, first: number, last: number): boolean {
    const answers = this.#ats.get(source)
    if (!answers) return true
    if (!answers()) return false
    // Without a PASID, entries of every PASID go too.
    for (const [key, cache] of this.#deviceTlb)
      if (pasid === null ? key.startsWith(`${source}/`) : key === keyOf(source, pasid))
        drop(cache, first, last)
    return true
  }

  request(request: PageRequest, answered: (group: number, code: number) => void): boolean {
    if (this.requests.length >= REQUESTS) {
      this.overflow = true
      this.onRequest?.()
      return false
    }
    this.requests.push(request)
    const { source, pasid, group } = request
    if (request.last) this.#asked.set(`${keyOf(source, pasid)}/${group}`, answered)
    this.onRequest?.()
    return true
  }

  respond(source: number, pasid: number, group: number, code: number): void {
    const key = `${keyOf(source, pasid)}/${group}`
    const answered = this.#asked.get(key)
    this.#asked.delete(key)
    answered?.(group, code)
  }

  #cacheOf(domain: number): PageCache {
    let cache = this.#tlb.get(domain)
    if (!cache) this.#tlb.set(domain, (cache = new Map()))
    return cache
  }

  #ownCache(source: number, pasid: number): PageCache {
    const key = keyOf(source, pasid)
    let cache = this.#deviceTlb.get(key)
    if (!cache) this.#deviceTlb.set(key, (cache = new Map()))
    return cache
  }
}

const keyOf = (source: number, pasid: number): string => `${source}/${pasid}`

function drop(cache: PageCache | undefined, first: number, last: number): void {
  if (!cache) return
  if (first === 0 && last === Infinity) cache.clear()
  else for (const page of cache.keys()) if (page + PAGE_SIZE > first && page <= last) cache.delete(page)
}
