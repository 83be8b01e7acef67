import { machine } from '../../engine/current'
import { KernelObject } from '../../engine/object'
import { service } from '../../engine/service'
import { call, type Sim } from '../../engine/suspend'
import type { device } from '../base/device'
import { EBUSY, ENODEV, ENOENT, ENOMEM, ENOSPC, EOPNOTSUPP, EOVERFLOW } from '../errno'
import { errPtr, isErr, ptrErr } from '../err'
import { defineMutex, mutexLock, mutexUnlock } from '../locking/mutex'
import { mmGrab, type mm_struct } from '../mm/mm-struct'
import { slab } from '../mm/slab'
import { memoryAccess } from '../mm/watch'
import { freeDomain } from './default-domain'
import { IOMMU_DOMAIN_SVA, type iommu_domain } from './domain'
import { iommu_attach_handle, type iommu_group } from './group'
import { opsOf } from './ops'
import {
  allocGlobalPasid, attachHandle, attachPasid, detachPasid, freeGlobalPasid, IOMMU_PASID_INVALID,
} from './pasid'
import { answerFromProcess } from './sva-fault'

/** Devices that use the addresses of a process: drivers/iommu/iommu-sva.c. */

const HANDLE_BYTES = 64

/** The bond of a device with an address space. */
export class iommu_sva extends KernelObject {
  readonly $type = 'iommu_sva'
  handle = new iommu_attach_handle()
  dev: device
  users = 1

  constructor(dev: device) {
    super()
    this.dev = dev
    this.handle.$parent = this
    this.handle.$field = 'handle'
  }

  get $label(): string {
    return `bond of ${this.dev.$label}`
  }
}

/** What an address space has with IOMMUs, from its first bond to the end of the structure. */
export class iommu_mm_data {
  readonly pasid: number
  /** Domains of its page table; one can serve several devices. */
  readonly domains: iommu_domain[] = []

  constructor(pasid: number) {
    this.pasid = pasid
  }

  /** The structure of the address space is freed: nobody can be bound any more (SVA-07). */
  drop(): void {
    freeGlobalPasid(this.pasid)
  }
}

/** One lock for all bonds. */
const svaLock = service(() => defineMutex('iommu_sva_lock'))

function* locked<T>(body: () => Sim<T>): Sim<T> {
  const lock = svaLock(machine())
  const taken = mutexLock(lock)
  if (typeof taken !== 'number') yield* taken
  const result = yield* body()
  mutexUnlock(lock)
  return result
}

/** The PASID of an address space: one for all devices, kept until its end (SVA-03). 0 or -errno. */
function givePasid(dev: device, mm: mm_struct): number {
  const known = mm.iommu_mm
  if (known) return known.pasid >= (dev.iommu?.max_pasids ?? 0) ? -EOVERFLOW : 0
  const pasid = allocGlobalPasid(dev)
  if (pasid === IOMMU_PASID_INVALID) return -ENOSPC
  mm.iommu_mm = new iommu_mm_data(pasid)
  return 0
}

/** The caller holds a user of the address space. An error pointer on failure. */
export function* bindDevice(dev: device, mm: mm_struct): Sim<iommu_sva> {
  const group = dev.iommu_group
  if (!group) return errPtr(-ENODEV)
  return yield* locked(() => bindLocked(group, dev, mm))
}

function* bindLocked(group: iommu_group, dev: device, mm: mm_struct): Sim<iommu_sva> {
  const error = givePasid(dev, mm)
  if (error) return errPtr(error)
  const data = mm.iommu_mm as iommu_mm_data
  const there = attachHandle(group, data.pasid, IOMMU_DOMAIN_SVA)
  if (!isErr(there)) {
    if (there.domain!.mm !== mm) return errPtr(-EBUSY)
    const bond = there.$parent as iommu_sva
    bond.users++
    return bond
  }
  if (ptrErr(there) !== -ENOENT) return errPtr(ptrErr(there))
  const bond = slab(machine()).alloc(new iommu_sva(dev), HANDLE_BYTES, 'iommu_sva')
  if (!bond) return errPtr(-ENOMEM)
  for (const domain of data.domains) {
    if (yield* attachPasid(domain, dev, data.pasid, bond.handle)) continue
    domain.users++
    return bond
  }
  const domain = yield* allocDomain(dev, mm)
  const failed = isErr(domain) ? ptrErr(domain) : yield* attachPasid(domain, dev, data.pasid, bond.handle)
  if (failed) {
    if (!isErr(domain)) yield* freeDomain(domain)
    slab(machine()).free(bond)
    return errPtr(failed)
  }
  domain.users = 1
  data.domains.unshift(domain)
  return bond
}

function* allocDomain(dev: device, mm: mm_struct): Sim<iommu_domain> {
  const ops = opsOf(dev)
  const make = ops?.domain_alloc_sva
  if (!make) return errPtr(-EOPNOTSUPP)
  const domain = yield* call(() => make(dev, mm))
  if (isErr(domain)) return domain
  domain.type = IOMMU_DOMAIN_SVA
  domain.$cookie = 'sva'
  mmGrab(mm)
  domain.mm = mm
  domain.owner = ops
  domain.iopf_handler = answerFromProcess
  return domain
}

/** The device must have stopped using the PASID before (SVA-06). */
export function* unbindDevice(bond: iommu_sva): Sim {
  memoryAccess(machine()).touch(bond, 'handle', false, 'iommu_sva_unbind_device')
  const domain = bond.handle.domain!
  const { dev } = bond
  const data = (domain.mm as mm_struct).iommu_mm as iommu_mm_data
  yield* locked(function* () {
    if (--bond.users > 0) return
    yield* detachPasid(domain, dev, data.pasid)
    if (--domain.users === 0) {
      data.domains.splice(data.domains.indexOf(domain), 1)
      yield* freeDomain(domain)
    }
    slab(machine()).free(bond)
  })
}

export function pasidOf(bond: iommu_sva): number {
  memoryAccess(machine()).touch(bond, 'handle', false, 'iommu_sva_get_pasid')
  const mm = bond.handle.domain!.mm as mm_struct
  return (mm.iommu_mm as iommu_mm_data | null)?.pasid ?? IOMMU_PASID_INVALID
}
