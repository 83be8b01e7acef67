import type { iommu_domain } from './domain'

/** What a transaction of a device says about itself. */
export interface Requester {
  /** Bus, device and function. */
  readonly source: number
  /** 0: without one. */
  readonly pasid: number
}

/** Why a transaction was refused. */
export interface FaultRecord {
  requester: Requester
  /** Of the page. */
  address: number
  write: boolean
  reason: number
}

/** One leaf of a page table. */
export interface Leaf {
  phys: number
  /** Bytes: the page size at its level. */
  size: number
  prot: number
}

/** A page table as hardware walks it: always the newest contents. */
export interface Walkable {
  /** The entry that an address lies in. */
  walk(iova: number): { leaf: Leaf; start: number } | null
}

/** What the tables of the unit say about a device, or one of its PASIDs. */
export type ContextEntry =
  | { kind: 'translate'; domain: iommu_domain; id: number; table: Walkable }
  | { kind: 'pass' }
  | { kind: 'blocked'; silent: boolean }
  | {
      kind: 'process'
      domain: iommu_domain
      id: number
      /** Physical address of a user page, or null: not there, or not so. */
      lookup(address: number, write: boolean): number | null
    }

/** Where a transaction goes: physical pieces, or nowhere. */
export type Translated =
  { pieces: { phys: number; length: number }[] } | { fault: FaultRecord | null }

/** A device asks for a page. */
export interface PageRequest {
  source: number
  pasid: number
  address: number
  read: boolean
  write: boolean
  execute: boolean
  privileged: boolean
  /** Requests with the same number are answered together, after the last one. */
  group: number
  last: boolean
}

/** The registers and tables of the hardware, as its driver in the kernel sees them. */
export interface IommuUnit {
  setContext(source: number, pasid: number, entry: ContextEntry | null): void
  translate(requester: Requester, address: number, length: number, write: boolean): Translated
  /** Drops what the TLB holds of a domain from `first` to `last`. */
  invalidate(domain: number, first: number, last: number): void
  invalidateDomain(domain: number): void
  invalidateAll(): void
  /** What devices hold themselves (ATC); false when the device did not answer in time. */
  invalidateDevice(source: number, pasid: number | null, first: number, last: number): boolean
  /** It translates for itself from now on, as long as it answers; null: no more. */
  enableAts(source: number, answers: (() => boolean) | null): void
  /** A device has lost what it kept: it was reset. */
  forget(source: number): void
  /** Records that wait for the driver, oldest first. */
  readonly faults: FaultRecord[]
  /** Called when the first record is there. */
  onFault: (() => void) | null
  /** Page requests that wait for the driver, oldest first. */
  readonly requests: PageRequest[]
  /** Requests were lost: the queue was full. */
  overflow: boolean
  onRequest: (() => void) | null
  /** A device asks; `answered` gets the code for its group. False: the queue is full. */
  request(request: PageRequest, answered: (group: number, code: number) => void): boolean
  respond(source: number, pasid: number, group: number, code: number): void
}
