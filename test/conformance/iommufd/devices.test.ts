import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { claimDevice } from '../../../src-sim/kernel/iommu/owner'
import { iommu_resv_region, IOMMU_RESV_DIRECT_RELAXABLE } from '../../../src-sim/kernel/iommu/ops'
import {
  attachDevice, bindDevice, detachDevice, iommufdSettings, replaceDevice, unbindDevice,
  type iommufd_device,
} from '../../../src-sim/kernel/iommufd/device'
import { newGroup } from '../../../src-sim/kernel/iommu/groups'
import * as d from '../../../src-sim/linux/device'
import {
  EADDRINUSE, EBUSY, EINVAL, ENOENT, ENOMEM, EOPNOTSUPP, EPERM,
} from '../../../src-sim/linux/errno'
import * as u from '../../../src-sim/linux/iommufd/uapi'
import { ptr } from '../../../src-sim/linux/types'
import { PAGE, withIommu, type Iommu } from './iommufd-kit'
import { APERTURE_START as IOVA, findPhys, IOMMU_HWPT_DATA_SELFTEST } from './mock'
import { sim } from '../../sim/harness'

function* bind(t: Iommu, dev: d.device): Sim<iommufd_device | number> {
  return yield* bindDevice(t.ctx, dev, ptr(0))
}

/** Two devices of one group. */
function* pair(t: Iommu): Sim<[iommufd_device, iommufd_device]> {
  let group: ReturnType<typeof newGroup> | null = null
  t.mock.ops.device_group = () => (group ??= newGroup(null))
  const a = yield* t.mock.bound(t.ctx)
  const b = yield* t.mock.bound(t.ctx)
  expect(a.igroup).toBe(b.igroup)
  return [a, b]
}

test('IOMMUFD-03: what a bind refuses, in its order', () => {
  const k = withIommu(function* (t, kit) {
    const plain = kit.create('alone', { bus: null })
    yield* sim(d.device_add(plain))
    expect(yield* bind(t, plain)).toBe(-EINVAL)
    const dev = yield* t.mock.device()
    t.mock.ops.coherent = false
    expect(yield* bind(t, dev)).toBe(-EINVAL)
    t.mock.ops.coherent = true
    iommufdSettings(kit.machine).isolatedMsi = false
    expect(yield* bind(t, dev)).toBe(-EPERM)
    iommufdSettings(kit.machine).allowUnsafeInterrupts = true
    const idev = (yield* bind(t, dev)) as iommufd_device
    expect([idev.id, dev.iommu_group!.owner]).toEqual([1, t.ctx])
    expect(yield* bind(t, dev)).not.toBeTypeOf('number')
    const other = yield* t.mock.device()
    yield* claimDevice(other, kit)
    expect(yield* bind(t, other)).toBe(-EPERM)

  })
  expect(k.dmesg.filter((l) => l.includes('MSI interrupts are not secure')).length).toBe(3)
})

test('IOMMUFD-03: from the bind on everything is blocked, and given back at the unbind', () => {
  const k = withIommu(function* (t) {
    const dev = yield* t.mock.device()
    const idev = (yield* bind(t, dev)) as iommufd_device
    const group = dev.iommu_group!
    expect([group.domain, group.owner_cnt]).toEqual([t.mock.ops.blocked_domain, 1])
    yield* unbindDevice(idev)
    expect([group.owner, group.owner_cnt, t.object(idev.id)]).toEqual([null, 0, undefined])
  })
  expect(k.kinds).toEqual([])
})

test('IOMMUFD-04 hwpt_attach: what can be attached to, and how often', () => {
  withIommu(function* (t) {
    const idev = yield* t.mock.bound(t.ctx)
    const ioas = yield* t.ioas()
    expect(yield* attachDevice(idev, ptr(99))).toBe(-ENOENT)
    expect(yield* attachDevice(idev, ptr(idev.id))).toBe(-EINVAL)
    const id = ptr(ioas)
    expect(yield* attachDevice(idev, id)).toBe(0)
    expect(t.object(id.value).type).toBe('hwpt-paging')
    expect(yield* attachDevice(idev, ptr(ioas))).toBe(-EBUSY)
    const second = yield* t.mock.bound(t.ctx)
    const again = ptr(ioas)
    expect(yield* attachDevice(second, again)).toBe(0)
    expect(again.value).toBe(id.value)
  })
})

test('IOMMUFD-04: an auto domain that does not fit is passed over, other errors are not', () => {
  withIommu(function* (t) {
    const ioas = yield* t.ioas()
    const first = yield* t.mock.bound(t.ctx)
    const id = ptr(ioas)
    yield* attachDevice(first, id)
    t.mock.ops.made[0]!.refuse = EINVAL
    const second = yield* t.mock.bound(t.ctx)
    const other = ptr(ioas)
    expect(yield* attachDevice(second, other)).toBe(0)
    expect(other.value).not.toBe(id.value)
    t.mock.ops.made[0]!.refuse = ENOMEM
    const third = yield* t.mock.bound(t.ctx)
    expect(yield* attachDevice(third, ptr(ioas))).toBe(-ENOMEM)
  })
})

test('IOMMUFD-04: a group sees one table; its hardware is attached once', () => {
  withIommu(function* (t) {
    const [a, b] = yield* pair(t)
    const ioas = yield* t.ioas()
    const other = yield* t.ioas()
    const id = ptr(ioas)
    expect(yield* attachDevice(a, id)).toBe(0)
    const hwpt = yield* t.hwpt({ dev_id: b.id, pt_id: other })
    expect(yield* attachDevice(b, ptr(hwpt))).toBe(-EINVAL)
    expect(yield* attachDevice(b, ptr(id.value))).toBe(0)
    yield* detachDevice(a)
    expect(b.igroup.hwptOf(0)?.id).toBe(id.value)
    yield* detachDevice(b)
    expect(b.igroup.group.domain).toBe(t.mock.ops.blocked_domain)
  })
})

test('IOMMUFD-04: reserved regions of a device, but not those that may be relaxed', () => {
  withIommu(function* (t, _kit, memory) {
    const region = new iommu_resv_region({ start: IOVA, length: PAGE })
    t.mock.ops.resv = [region]
    const ioas = yield* t.ioas()
    expect(yield* t.map(ioas, memory, PAGE, IOVA)).toBe(0)
    const idev = yield* t.mock.bound(t.ctx)
    expect(yield* attachDevice(idev, ptr(ioas))).toBe(-EADDRINUSE)
    region.type = IOMMU_RESV_DIRECT_RELAXABLE
    expect(yield* attachDevice(idev, ptr(ioas))).toBe(0)
    yield* detachDevice(idev)
    region.type = 2
    expect(yield* t.unmap(ioas, IOVA, PAGE)).toBe(PAGE)
    expect(yield* attachDevice(idev, ptr(ioas))).toBe(0)
    expect(yield* t.map(ioas, memory, PAGE, IOVA)).toBe(-EINVAL)
  })
})

test('IOMMUFD-05 replace: from one address space to another, refused the old one stays', () => {
  const k = withIommu(function* (t, _kit, memory) {
    const idev = yield* t.mock.bound(t.ctx)
    const a = yield* t.ioas()
    const b = yield* t.ioas()
    expect(yield* replaceDevice(idev, ptr(a))).toBe(-EINVAL)
    const id = ptr(a)
    yield* attachDevice(idev, id)
    expect(yield* replaceDevice(idev, ptr(id.value))).toBe(0)
    expect(yield* t.map(b, memory, PAGE, IOVA)).toBe(0)
    const old = idev.igroup.hwptOf(0)!
    const next = yield* t.hwpt({ dev_id: idev.id, pt_id: b })
    t.object(next).domain.refuse = EINVAL
    expect(yield* replaceDevice(idev, ptr(next))).toBe(-EINVAL)
    expect([idev.igroup.hwptOf(0), idev.igroup.group.domain]).toEqual([old, old.domain])
    t.object(next).domain.refuse = 0
    expect(yield* replaceDevice(idev, ptr(next))).toBe(0)
    expect(idev.igroup.group.domain).toBe(t.object(next).domain)
    expect(findPhys(t.object(next).domain, IOVA)).not.toBe(0)
    expect(t.object(old.id)).toBe(undefined)
    expect(yield* t.destroy(a)).toBe(0)
    yield* detachDevice(idev)
    expect(yield* t.destroy(next)).toBe(0)
    expect(yield* t.destroy(b)).toBe(0)
    yield* unbindDevice(idev)
  })
  expect(k.kinds).toEqual([])
})

test('IOMMUFD-12 alloc_hwpt: what a table cannot be made of', () => {
  withIommu(function* (t) {
    const idev = yield* t.mock.bound(t.ctx)
    const ioas = yield* t.ioas()
    const make = (more: object) => t.hwpt({ dev_id: idev.id, pt_id: ioas, ...more })
    expect(yield* make({ data_type: 1 })).toBe(-EINVAL)
    expect(yield* make({ data_len: 8 })).toBe(-EINVAL)
    expect(yield* make({ dev_id: 99 })).toBe(-ENOENT)
    expect(yield* make({ pt_id: 99 })).toBe(-EINVAL)
    expect(yield* make({ pt_id: idev.id })).toBe(-EINVAL)
    expect(yield* make({ flags: 16 })).toBe(-EOPNOTSUPP)
    expect(yield* make({ flags: 1 | 4 })).toBe(-EOPNOTSUPP)
    expect(yield* make({ flags: 4, fault_id: 99 })).toBe(-ENOENT)
    const plain = yield* make({})
    expect(yield* t.hwpt({ dev_id: idev.id, pt_id: plain })).toBe(-EOPNOTSUPP)
    const data = { data_type: IOMMU_HWPT_DATA_SELFTEST, data_len: 8, data_uptr: { iotlb: 1 } }
    expect(yield* t.hwpt({ dev_id: idev.id, pt_id: plain, ...data })).toBe(-EINVAL)
    const parent = yield* make({ flags: u.IOMMU_HWPT_ALLOC_NEST_PARENT })
    const nested = yield* t.hwpt({ dev_id: idev.id, pt_id: parent, ...data })
    expect(t.object(nested).type).toBe('hwpt-nested')
    expect(yield* t.destroy(parent)).toBe(-EBUSY)
    expect(yield* attachDevice(idev, ptr(nested))).toBe(0)
    expect(yield* t.destroy(nested)).toBe(-EBUSY)
    yield* detachDevice(idev)
    expect(yield* t.destroy(nested)).toBe(0)
    expect(yield* t.destroy(parent)).toBe(0)
  })
})

test('IOMMUFD-13 dirty tracking: exact bits, cleared unless they are to be kept', () => {
  withIommu(function* (t, _kit, memory) {
    const idev = yield* t.mock.bound(t.ctx)
    const ioas = yield* t.ioas()
    const id = yield* t.hwpt({
      dev_id: idev.id, pt_id: ioas, flags: u.IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
    })
    yield* attachDevice(idev, ptr(id))
    yield* t.map(ioas, memory, 8 * PAGE, IOVA)
    const domain = t.object(id).domain
    const write = (page: number): void => {
      domain.table.get(IOVA / 2048 + 2 * page).dirty = true
    }
    const set = (flags: number) =>
      t.call(u.IOMMU_HWPT_SET_DIRTY_TRACKING, new u.iommu_hwpt_set_dirty_tracking({ hwpt_id: id, flags }))
    const read = function* (more: object = {}): Sim<number[] | number> {
      const data = new Uint8Array(2)
      const cmd = new u.iommu_hwpt_get_dirty_bitmap({
        hwpt_id: id, iova: IOVA, length: 8 * PAGE, page_size: PAGE, data, ...more,
      })
      return (yield* t.call(u.IOMMU_HWPT_GET_DIRTY_BITMAP, cmd)) || [...data]
    }
    write(3)
    expect(yield* set(2)).toBe(-EOPNOTSUPP)
    expect(yield* set(u.IOMMU_HWPT_DIRTY_TRACKING_ENABLE)).toBe(0)
    expect(yield* read()).toEqual([0, 0])
    write(0)
    write(5)
    const keep = { flags: u.IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR }
    expect(yield* read(keep)).toEqual([0x21, 0])
    expect(yield* read()).toEqual([0x21, 0])
    expect(yield* read()).toEqual([0, 0])
    expect(yield* read({ page_size: 0 })).toBe(-EINVAL)
    expect(yield* read({ iova: IOVA + 100 })).toBe(-EINVAL)
    expect(yield* read({ data: null })).toBe(-ENOMEM)
    write(7)
    expect(yield* read({ iova: IOVA - PAGE, length: 16 * PAGE })).toEqual([0, 0])
    expect(yield* set(0)).toBe(0)
  })
})

test('IOMMUFD-13 enforce_dirty: only hardware that can, and tables that were made for it', () => {
  withIommu(
    function* (t) {
      const idev = yield* t.mock.bound(t.ctx)
      const ioas = yield* t.ioas()
      const flags = u.IOMMU_HWPT_ALLOC_DIRTY_TRACKING
      expect(yield* t.hwpt({ dev_id: idev.id, pt_id: ioas, flags })).toBe(-EOPNOTSUPP)
      const id = yield* t.hwpt({ dev_id: idev.id, pt_id: ioas })
      const set = new u.iommu_hwpt_set_dirty_tracking({ hwpt_id: id, flags: 1 })
      expect(yield* t.call(u.IOMMU_HWPT_SET_DIRTY_TRACKING, set)).toBe(-EOPNOTSUPP)
      const none = new u.iommu_hwpt_set_dirty_tracking({ hwpt_id: 99, flags: 1 })
      expect(yield* t.call(u.IOMMU_HWPT_SET_DIRTY_TRACKING, none)).toBe(-ENOENT)
    },
    { dirty: false },
  )
})

test('get_hw_info: as much as fits, the rest of the room zeroed', () => {
  withIommu(function* (t) {
    const idev = yield* t.mock.bound(t.ctx)
    const info = (data: Uint8Array, more: object = {}) =>
      new u.iommu_hw_info({ dev_id: idev.id, data_len: data.length, data_uptr: data, ...more })
    const big = info(new Uint8Array(12).fill(0xff))
    expect(yield* t.call(u.IOMMU_GET_HW_INFO, big)).toBe(0)
    expect([...big.data_uptr]).toEqual([0, 0, 0, 0, 0xef, 0xbe, 0xad, 0xde, 0, 0, 0, 0])
    expect([big.data_len, big.out_data_type, big.out_capabilities]).toEqual([8, 0xfeedbeef, 1])
    const small = info(new Uint8Array(4).fill(0xff))
    expect(yield* t.call(u.IOMMU_GET_HW_INFO, small)).toBe(0)
    expect([small.data_len, [...small.data_uptr]]).toEqual([8, [0, 0, 0, 0]])
    expect(yield* t.call(u.IOMMU_GET_HW_INFO, info(new Uint8Array(0), { flags: 2 }))).toBe(-EOPNOTSUPP)
    expect(yield* t.call(u.IOMMU_GET_HW_INFO, info(new Uint8Array(0), { dev_id: 9 }))).toBe(-ENOENT)
  })
})

test('IOMMUFD-12 pasid_attach: tables must be made for PASIDs, both of them', () => {
  withIommu(function* (t) {
    const idev = yield* t.mock.bound(t.ctx)
    const ioas = yield* t.ioas()
    const plain = yield* t.hwpt({ dev_id: idev.id, pt_id: ioas })
    const flags = u.IOMMU_HWPT_ALLOC_PASID
    const able = yield* t.hwpt({ dev_id: idev.id, pt_id: ioas, flags })
    const other = yield* t.hwpt({ dev_id: idev.id, pt_id: ioas, flags })
    expect(yield* attachDevice(idev, ptr(plain), 100)).toBe(-EINVAL)
    expect(yield* attachDevice(idev, ptr(plain))).toBe(0)
    expect(yield* attachDevice(idev, ptr(able), 100)).toBe(-EINVAL)
    expect(yield* replaceDevice(idev, ptr(able))).toBe(0)
    expect(yield* attachDevice(idev, ptr(able), 100)).toBe(0)
    expect(yield* attachDevice(idev, ptr(other), 100)).toBe(-EBUSY)
    expect(yield* replaceDevice(idev, ptr(other), 100)).toBe(0)
    expect(yield* replaceDevice(idev, ptr(plain))).toBe(-EINVAL)
    expect(yield* replaceDevice(idev, ptr(other), 101)).toBe(-EINVAL)
    yield* detachDevice(idev, 100)
    expect(yield* replaceDevice(idev, ptr(plain))).toBe(0)

  })
})
