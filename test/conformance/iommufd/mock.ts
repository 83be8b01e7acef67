import type { Sim } from '../../../src-sim/engine/suspend'
import {
  IOMMU_DOMAIN_BLOCKED, IOMMU_DOMAIN_UNMANAGED, iommu_domain, type iommu_domain_ops,
} from '../../../src-sim/kernel/iommu/domain'
import {
  IOMMU_CAP_CACHE_COHERENCY, IOMMU_CAP_DIRTY_TRACKING, iommu_device, iommu_resv_region,
  type iommu_ops,
} from '../../../src-sim/kernel/iommu/ops'
import { genericDeviceGroup } from '../../../src-sim/kernel/iommu/pci-group'
import { registerUnit } from '../../../src-sim/kernel/iommu/register'
import type { iommu_dirty_bitmap } from '../../../src-sim/kernel/iommufd/dirty'
import { bindDevice, type iommufd_device } from '../../../src-sim/kernel/iommufd/device'
import type { iommufd_ctx } from '../../../src-sim/kernel/iommufd/objects'
import type { Viommu, ViommuDriver } from '../../../src-sim/kernel/iommufd/viommu'
import * as d from '../../../src-sim/linux/device'
import { EINVAL, EOPNOTSUPP } from '../../../src-sim/linux/errno'
import { ERR_PTR } from '../../../src-sim/linux/err'
import { ptr } from '../../../src-sim/linux/types'
import { sim } from '../../sim/harness'
import type { Kit } from '../device-model/kit'

/** An IOMMU made for tests: pages of 2 KiB and 1 MiB, addresses from 16 MiB to 2 GiB. */

export const MOCK_PAGE = 2048
export const APERTURE_START = 0x100_0000
export const APERTURE_LAST = 0x7fff_ffff
export const IOTLBS = 4
const HUGE = 0x10_0000

export class MockDomain extends iommu_domain {
  /** Physical addresses by page number. */
  readonly table = new Map<number, { phys: number; dirty: boolean }>()
  tracking = false
  /** Devices to be refused. */
  refuse = 0
}

/** A table of a program's own: what its data says, and its cache. */
export class MockNested extends iommu_domain {
  readonly iotlb = Array.from({ length: IOTLBS }, () => 0)
}

const pageOf = (iova: number): number => Math.floor(iova / MOCK_PAGE)

function map(domain: MockDomain, iova: number, paddr: number, pgsize: number, count: number,
  _prot: number, _gfp: number, mapped: { value: number }): number {
  for (let at = 0; at < pgsize * count; at += MOCK_PAGE) {
    if (domain.table.has(pageOf(iova + at))) throw new Error(`mapped twice: ${iova + at}`)
    domain.table.set(pageOf(iova + at), { phys: paddr + at, dirty: false })
    mapped.value += MOCK_PAGE
  }
  return 0
}

function unmap(domain: MockDomain, iova: number, pgsize: number, count: number): number {
  let done = 0
  for (let at = 0; at < pgsize * count; at += MOCK_PAGE) {
    if (!domain.table.delete(pageOf(iova + at))) break
    done += MOCK_PAGE
  }
  return done
}

export const findPhys = (domain: iommu_domain, iova: number): number => {
  const entry = (domain as MockDomain).table.get(pageOf(iova))
  return entry ? entry.phys + (iova % MOCK_PAGE) : 0
}

const PAGING: iommu_domain_ops = {
  attach_dev: (domain: MockDomain) => (domain.refuse ? -domain.refuse : 0),
  set_dev_pasid: () => 0,
  map_pages: map,
  unmap_pages: unmap,
  iova_to_phys: findPhys,
  free: () => {},
}

const DIRTY = {
  set_dirty_tracking(domain: MockDomain, enabled: boolean): number {
    domain.tracking = enabled
    return 0
  },
  read_and_clear_dirty(
    domain: MockDomain, iova: number, size: number, flags: number, dirty: iommu_dirty_bitmap,
  ): number {
    if (!domain.tracking && dirty.record) return -EINVAL
    for (let at = 0; at < size; at += MOCK_PAGE) {
      const entry = domain.table.get(pageOf(iova + at))
      if (!entry?.dirty) continue
      if (!(flags & 1)) entry.dirty = false
      dirty.record?.(iova + at, MOCK_PAGE)
    }
    return 0
  },
}

const BLOCKING: iommu_domain_ops = { attach_dev: () => 0, set_dev_pasid: () => 0 }

export const IOMMU_VIOMMU_TYPE_SELFTEST = 0xdeadbeef
export const IOMMU_HWPT_DATA_SELFTEST = 0xdead
export const IOMMU_VEVENTQ_TYPE_SELFTEST = 0xbeefbeef

function nested(parent: iommu_domain, flags: number, data: { type: number; uptr: unknown } | null): iommu_domain {
  if (flags || data?.type !== IOMMU_HWPT_DATA_SELFTEST) return ERR_PTR(-EOPNOTSUPP)
  const iotlb = (data.uptr as { iotlb?: number } | null)?.iotlb ?? 0
  const made = new MockNested({ owner: parent.owner })
  made.iotlb.fill(iotlb)
  made.ops = {
    attach_dev: () => 0,
    set_dev_pasid: () => 0,
    free: () => {},
    cache_invalidate_user: (d2: MockNested, array) => invalidate(d2.iotlb, array),
  }
  return made
}

/** Entries are `{ flags, iotlb_id }`: 1 drops everything. */
function invalidate(iotlb: number[], array: { uptr: any; entryNum: number; type: number }): number {
  const count = array.entryNum
  array.entryNum = 0
  if (array.type !== IOMMU_HWPT_DATA_SELFTEST) return -EINVAL
  for (let i = 0; i < count; i++) {
    const { flags, iotlb_id: id } = array.uptr[i]
    if (flags & ~1) return -EOPNOTSUPP
    if (id >= IOTLBS) return -EINVAL
    if (flags) iotlb.fill(0)
    else iotlb[id] = 0
    array.entryNum++
  }
  return 0
}

class MockOps implements iommu_ops {
  readonly blocked_domain = new iommu_domain({ type: IOMMU_DOMAIN_BLOCKED, ops: BLOCKING })
  readonly default_domain: iommu_domain
  readonly default_domain_ops = PAGING
  readonly unit: iommu_device
  readonly dirty: boolean
  readonly made: MockDomain[] = []
  resv: iommu_resv_region[] = []
  coherent = true
  /** Set by tests about page requests. */
  page_response?: iommu_ops['page_response']

  constructor(unit: iommu_device, dirty: boolean) {
    this.unit = unit
    this.dirty = dirty
    this.default_domain = this.blocked_domain
  }

  capable = (_dev: d.device, cap: number): boolean =>
    cap === IOMMU_CAP_CACHE_COHERENCY ? this.coherent : cap === IOMMU_CAP_DIRTY_TRACKING && this.dirty

  probe_device = (): iommu_device => this.unit
  device_group = genericDeviceGroup
  get_resv_regions = (_dev: d.device, list: iommu_resv_region[]): void => void list.push(...this.resv)

  domain_alloc_paging_flags = (_dev: d.device, flags: number, data: unknown): iommu_domain => {
    if (data || flags & ~(1 | 2 | 8)) return ERR_PTR(-EOPNOTSUPP)
    if (flags & 2 && !this.dirty) return ERR_PTR(-EOPNOTSUPP)
    const domain = new MockDomain({
      type: IOMMU_DOMAIN_UNMANAGED,
      ops: PAGING,
      pgsize_bitmap: MOCK_PAGE | HUGE,
      geometry: {
        aperture_start: APERTURE_START, aperture_end: APERTURE_LAST, force_aperture: true,
      },
    })
    if (flags & 2) domain.dirty_ops = DIRTY
    this.made.push(domain)
    return domain
  }

  domain_alloc_nested = (_dev: d.device, parent: iommu_domain, flags: number, data: any): iommu_domain =>
    nested(parent, flags, data)

  hw_info = (_dev: d.device, length: { value: number }, type: { value: number }): any => {
    if (type.value !== 0 && type.value !== 0xfeedbeef) return ERR_PTR(-EOPNOTSUPP)
    type.value = 0xfeedbeef
    length.value = 8
    return Uint8Array.of(0, 0, 0, 0, 0xef, 0xbe, 0xad, 0xde)
  }
}

const VIOMMU: ViommuDriver = {
  get_viommu_size: (_dev, type) => (type === IOMMU_VIOMMU_TYPE_SELFTEST ? 64 : 0),
  viommu_init(viommu: Viommu) {
    viommu.ops = {
      alloc_domain_nested: (v, flags, data) => nested(v.hwpt.domain!, flags, data),
      supports_veventq: (_v, type) => type === IOMMU_VEVENTQ_TYPE_SELFTEST,
      cache_invalidate: (v, array) => {
        const caches = [...v.vdevices.values()].map((one) => cacheOf(one))
        const count = array.entryNum
        array.entryNum = 0
        for (let i = 0; i < count; i++) {
          const { flags, vdev_id, cache_id } = (array.uptr as any)[i]
          if (flags & ~1) return -EOPNOTSUPP
          const vdev = v.vdevices.get(vdev_id)
          if (!vdev) return -EINVAL
          if (cache_id >= 4) return -EINVAL
          if (flags) cacheOf(vdev).fill(0)
          else cacheOf(vdev)[cache_id] = 0
          array.entryNum++
        }
        return caches.length < 0 ? -1 : 0
      },
      get_hw_queue_size: () => 64,
      hw_queue_init_phys: (_queue, index) => (index > 1 ? -EINVAL : 0),
    }
    return 0
  },
}

const caches = new WeakMap<object, number[]>()
/** What a mock virtual device remembers. */
export function cacheOf(vdev: object): number[] {
  const known = caches.get(vdev) ?? [0, 0, 0, 0]
  caches.set(vdev, known)
  return known
}

/** The mock hardware of one machine, on a bus of its own. */
export class Mock {
  readonly kit: Kit
  readonly ops: MockOps
  #count = 0

  constructor(kit: Kit, dirty = true) {
    this.kit = kit
    const unit = new iommu_device()
    unit.max_pasids = 1 << 20
    unit.name = 'mock'
    this.ops = Object.assign(new MockOps(unit, dirty), VIOMMU)
  }

  *start(): Sim {
    yield* sim(d.bus_register(this.kit.bus))
    yield* registerUnit(this.ops.unit, this.ops, null, [this.kit.bus])
  }

  /** A device of the mock, not bound to anything. */
  *device(): Sim<d.device> {
    const dev = new d.device()
    d.device_initialize(dev)
    dev.bus = this.kit.bus
    dev.release = () => {}
    d.dev_set_name(dev, `iommufd_mock${this.#count++}`)
    const ret = yield* sim(d.device_add(dev))
    if (ret) throw new Error(`device_add: ${ret}`)
    if (dev.iommu) dev.iommu.max_pasids = 1 << 20
    return dev
  }

  /** A device bound to a context. */
  *bound(ictx: iommufd_ctx): Sim<iommufd_device> {
    const idev = yield* bindDevice(ictx, yield* this.device(), ptr(0))
    if (typeof idev === 'number') throw new Error(`bind: ${idev}`)
    return idev
  }
}

