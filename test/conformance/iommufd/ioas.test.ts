import { expect, test } from 'vitest'
import {
  EADDRINUSE, EBUSY, EEXIST, EFAULT, EINVAL, EMSGSIZE, ENOENT, ENOMEM, ENOSPC, EOPNOTSUPP,
  EOVERFLOW, EPERM,
} from '../../../src-sim/linux/errno'
import { memlockLimit } from '../../../src-sim/kernel/mm/mlock'
import { pfnToPage } from '../../../src-sim/kernel/mm/page'
import { maybePinned } from '../../../src-sim/kernel/mm/page-alloc'
import { currentProcess } from '../../../src-sim/kernel/fs/process'
import * as u from '../../../src-sim/linux/iommufd/uapi'
import * as libc from '../../../src-sim/linux/user/libc'
import { attachDevice, detachDevice } from '../../../src-sim/kernel/iommufd/device'
import { sim } from '../../sim/harness'
import { FIXED, PAGE, RW, U64_MAX, withIommu, type Iommu } from './iommufd-kit'
import { APERTURE_LAST, APERTURE_START, findPhys } from './mock'
import type { Sim } from '../../../src-sim/engine/suspend'

const IOVA = APERTURE_START

/** A device that sees an address space; answers its table. */
function* attach(t: Iommu, ioas: number) {
  const idev = yield* t.mock.bound(t.ctx)
  const id = { value: ioas }
  const ret = yield* attachDevice(idev, id)
  if (ret) throw new Error(`attach: ${ret}`)
  return { idev, hwpt: t.object(id.value), domain: t.object(id.value).domain }
}

test('IOMMUFD-06: the tests of a map come in their order', () => {
  withIommu(function* (t, _kit, memory) {
    const ioas = yield* t.ioas()
    expect(yield* t.map(99, memory, 0, U64_MAX, 8)).toBe(-EOPNOTSUPP)
    expect(yield* t.map(99, memory, PAGE, U64_MAX, 0)).toBe(-EOVERFLOW)
    expect(yield* t.map(99, memory, PAGE, IOVA, FIXED)).toBe(-EINVAL)
    expect(yield* t.map(99, memory, PAGE, IOVA)).toBe(-ENOENT)
    expect(yield* t.map(ioas, memory, 0, IOVA)).toBe(-EINVAL)
    expect(yield* t.map(ioas, U64_MAX - PAGE, 2 * PAGE, IOVA)).toBe(-EOVERFLOW)
    expect(yield* t.map(ioas, memory, 2 * PAGE, U64_MAX - PAGE)).toBe(-EOVERFLOW)
    expect(yield* t.map(ioas, memory, PAGE, IOVA)).toBe(0)
    expect(yield* t.map(ioas, memory, 2 * PAGE, IOVA - PAGE)).toBe(-EEXIST)
  })
})

test('IOMMUFD-06 area: two maps do not overlap, and what is unmapped can be mapped again', () => {
  withIommu(function* (t, _kit, memory) {
    const ioas = yield* t.ioas()
    for (let i = 0; i < 10; i++) expect(yield* t.map(ioas, memory, PAGE, IOVA + i * PAGE)).toBe(0)
    for (let i = 0; i < 10; i++) expect(yield* t.map(ioas, memory, PAGE, IOVA + i * PAGE)).toBe(-EEXIST)
    expect(yield* t.unmap(ioas, IOVA + 2 * PAGE, PAGE)).toBe(PAGE)
    expect(yield* t.unmap(ioas, IOVA + 2 * PAGE, PAGE)).toBe(-ENOENT)
    expect(yield* t.map(ioas, memory, PAGE, IOVA + 2 * PAGE)).toBe(0)
  })
})

test('IOMMUFD-09 unmap_fully_contained_areas: whole areas only, those before are gone', () => {
  withIommu(function* (t, _kit, memory) {
    const ioas = yield* t.ioas()
    expect(yield* t.unmap(ioas, 0, U64_MAX)).toBe(0)
    for (let i = 0; i < 4; i++)
      expect(yield* t.map(ioas, memory + 8 * i * PAGE, 8 * PAGE, IOVA + i * 16 * PAGE)).toBe(0)
    expect(yield* t.unmap(ioas, IOVA + PAGE, PAGE)).toBe(-ENOENT)
    expect(yield* t.unmap(ioas, IOVA + PAGE, 16 * PAGE)).toBe(-ENOENT)
    expect(yield* t.unmap(ioas, IOVA, 0)).toBe(-EINVAL)
    expect(yield* t.unmap(ioas, IOVA, U64_MAX)).toBe(-EOVERFLOW)
    expect(yield* t.unmap(ioas, IOVA, 16 * PAGE + PAGE)).toBe(-ENOENT)
    expect(t.ioasOf(ioas).iopt.areas.map((a) => (a.start - IOVA) / PAGE)).toEqual([16, 32, 48])
    expect(yield* t.unmap(ioas, IOVA, 64 * PAGE)).toBe(24 * PAGE)
    expect(yield* t.unmap(ioas, 0, U64_MAX)).toBe(0)
  })
})

test('IOMMUFD-06 area_auto_iova: keeps the alignment of the memory, and stays in what is allowed', () => {
  withIommu(function* (t, _kit, memory) {
    const ioas = yield* t.ioas()
    const first = yield* t.mapAnywhere(ioas, memory, PAGE)
    expect(first).toBe(PAGE)
    expect(yield* t.mapAnywhere(ioas, memory + 32, 100)).toBe(2 * PAGE + 32)
    const big = yield* t.mapAnywhere(ioas, memory, 8 * PAGE)
    expect(big % Math.min(8 * PAGE, memory & -memory)).toBe(0)
    expect(yield* t.allow(ioas, [0x10_0000, 0x10_0fff])).toBe(0)
    expect(yield* t.mapAnywhere(ioas, memory, PAGE)).toBe(0x10_0000)
    expect(yield* t.mapAnywhere(ioas, memory, PAGE)).toBe(-ENOSPC)
    expect(yield* t.map(ioas, memory, PAGE, 0x20_0000)).toBe(0)
  })
})

test('IOMMUFD-11 area_allowed: the list is replaced as a whole, and never meets what is reserved', () => {
  withIommu(function* (t) {
    const ioas = yield* t.ioas()
    expect(yield* t.allow(ioas, [4 * PAGE, 4 * PAGE])).toBe(-EINVAL)
    expect(yield* t.allow(ioas, [0, 8191], [4096, 16383])).toBe(-EINVAL)
    expect(yield* t.allow(ioas, [0, 4095], [8192, 16383])).toBe(0)
    yield* attach(t, yield* t.ioas())
    const { iopt } = t.ioasOf(ioas)
    iopt.reserve(0x10_0000, 0x20_0000, t)
    expect(yield* t.allow(ioas, [0x1f_0000, 0x30_0000])).toBe(-EADDRINUSE)
    expect(iopt.allowed).toEqual([{ start: 0, end: 4096 }, { start: 8192, end: 16384 }])
    expect(iopt.reserve(0x2000, 0x2001, t)).toBe(-EADDRINUSE)
  })
})

test('IOMMUFD-11 iova_ranges: as many as fit, their number, and what a domain leaves', () => {
  withIommu(function* (t) {
    const ioas_id = yield* t.ioas()
    const ranges = (num_iovas: number) =>
      new u.iommu_ioas_iova_ranges({ ioas_id, num_iovas, allowed_iovas: [] })
    const all = ranges(4)
    expect(yield* t.call(u.IOMMU_IOAS_IOVA_RANGES, all)).toBe(0)
    expect([all.num_iovas, all.out_iova_alignment, all.allowed_iovas]).toEqual([
      1, 1, [{ start: 0, last: U64_MAX - 1 }],
    ])
    const none = ranges(0)
    expect(yield* t.call(u.IOMMU_IOAS_IOVA_RANGES, none)).toBe(-EMSGSIZE)
    expect(none.num_iovas).toBe(1)
    yield* attach(t, ioas_id)
    const domain = ranges(4)
    expect(yield* t.call(u.IOMMU_IOAS_IOVA_RANGES, domain)).toBe(0)
    expect([domain.out_iova_alignment, domain.allowed_iovas]).toEqual([
      2048, [{ start: APERTURE_START, last: APERTURE_LAST }],
    ])
  })
})

test('IOMMUFD-01 ioas_destroy: not while a table uses it', () => {
  const k = withIommu(function* (t) {
    const ioas = yield* t.ioas()
    const { idev, hwpt } = yield* attach(t, ioas)
    expect(yield* t.destroy(ioas)).toBe(-EBUSY)
    expect(yield* t.destroy(hwpt.id)).toBe(-EBUSY)
    expect(yield* t.destroy(idev.id)).toBe(-EBUSY)
    yield* detachDevice(idev)
    expect(t.object(hwpt.id)).toBe(undefined)
    expect(yield* t.destroy(ioas)).toBe(0)
  })
  expect(k.kinds).toEqual([])
})

test('IOMMUFD-01 ioas_area_destroy: areas go with it, and with the descriptor', () => {
  const k = withIommu(function* (t, _kit, memory) {
    const ioas = yield* t.ioas()
    yield* attach(t, ioas)
    const other = yield* t.ioas()
    expect(yield* t.map(other, memory, 4 * PAGE, IOVA)).toBe(0)
    expect(yield* t.destroy(other)).toBe(0)
    expect(yield* t.map(ioas, memory, 4 * PAGE, IOVA)).toBe(0)
  })
  expect(k.kinds.filter((kind) => kind !== 'warn.iommufd-stuck')).toEqual([])
})

/** The page behind an address of the running program. */
const pageBehind = (address: number) => {
  const pte = currentProcess().mm!.$table.get(address / PAGE)
  return pte ? pfnToPage(pte.pfn) : null
}

test('IOMMUFD-07: without a domain nothing is pinned; the first domain pins, the last one unpins', () => {
  withIommu(function* (t, _kit, memory) {
    const ioas = yield* t.ioas()
    expect(yield* t.map(ioas, memory, 2 * PAGE, IOVA)).toBe(0)
    expect(pageBehind(memory)).toBe(null)
    const { idev, domain } = yield* attach(t, ioas)
    const p = pageBehind(memory)!
    expect([maybePinned(p), findPhys(domain, IOVA)]).toEqual([true, p.$pfn * PAGE])
    const second = yield* attach(t, ioas)
    expect(second.domain).toBe(domain)
    yield* detachDevice(second.idev)
    expect(maybePinned(p)).toBe(true)
    yield* detachDevice(idev)
    expect(maybePinned(p)).toBe(false)
  })
})

test('IOMMUFD-08: what the program unmaps stays pinned and mapped for the device', () => {
  withIommu(function* (t, _kit, memory) {
    const ioas = yield* t.ioas()
    const { domain } = yield* attach(t, ioas)
    expect(yield* t.map(ioas, memory, PAGE, IOVA)).toBe(0)
    const p = pageBehind(memory)!
    yield* sim(libc.munmap(memory as never, PAGE))
    expect([pageBehind(memory), maybePinned(p)]).toEqual([null, true])
    expect(findPhys(domain, IOVA)).toBe(p.$pfn * PAGE)
    expect(yield* t.unmap(ioas, IOVA, PAGE)).toBe(PAGE)
    expect(maybePinned(p)).toBe(false)
  })
})

test('IOMMUFD-07: memory that is not there fails when it is pinned', () => {
  withIommu(function* (t, _kit, memory) {
    const ioas = yield* t.ioas()
    expect(yield* t.map(ioas, 0x1000, PAGE, IOVA)).toBe(0)
    const idev = yield* t.mock.bound(t.ctx)
    expect(yield* attachDevice(idev, { value: ioas })).toBe(-EFAULT)
    expect(yield* t.unmap(ioas, IOVA, PAGE)).toBe(PAGE)
    expect(yield* attachDevice(idev, { value: ioas })).toBe(0)
    expect(yield* t.map(ioas, 0x1000, PAGE, IOVA)).toBe(-EFAULT)
    expect(yield* t.map(ioas, memory, PAGE, IOVA)).toBe(0)
  })
})

test('IOMMUFD-07 fork_gone: the program that mapped is gone before the first pin', () => {
  withIommu(function* (t, _kit, memory) {
    const ioas = yield* t.ioas()
    const child = yield* sim(
      libc.fork(function* (): Sim {
        yield* t.map(ioas, memory, PAGE, IOVA)
      }),
    )
    yield* sim(libc.waitpid(child))
    const idev = yield* t.mock.bound(t.ctx)
    expect(yield* attachDevice(idev, { value: ioas })).toBe(-EFAULT)
  })
})

test('IOMMUFD-06 memory limit: counted after pinning, undone when it is too much', () => {
  withIommu(function* (t, kit, memory) {
    const limit = memlockLimit(kit.machine)
    limit.pages = 4
    limit.capable = false
    const ioas = yield* t.ioas()
    yield* attach(t, ioas)
    expect(yield* t.map(ioas, memory, 4 * PAGE, IOVA)).toBe(0)
    expect(yield* t.map(ioas, memory + 4 * PAGE, PAGE, IOVA + 16 * PAGE)).toBe(-ENOMEM)
    expect(maybePinned(pageBehind(memory + 4 * PAGE)!)).toBe(false)
    expect(yield* t.unmap(ioas, IOVA, 4 * PAGE)).toBe(4 * PAGE)
    expect(yield* t.map(ioas, memory + 4 * PAGE, PAGE, IOVA + 16 * PAGE)).toBe(0)
    limit.capable = true
    expect(yield* t.map(ioas, memory, 16 * PAGE, IOVA + 32 * PAGE)).toBe(0)
  })
})

test('IOMMUFD-10 copy_area: the same pages, pinned once, and not more writable than before', () => {
  withIommu(function* (t, _kit, memory) {
    const a = yield* t.ioas()
    const b = yield* t.ioas()
    const { domain } = yield* attach(t, a)
    const other = yield* attach(t, b)
    const read = u.IOMMU_IOAS_MAP_READABLE | FIXED
    expect(yield* t.map(a, memory, 2 * PAGE, IOVA, read)).toBe(0)
    expect(yield* t.copy(b, a, IOVA, 0, IOVA)).toBe(-EINVAL)
    expect(yield* t.copy(b, a, IOVA, 3 * PAGE, IOVA)).toBe(-ENOENT)
    expect(yield* t.copy(b, a, IOVA, 2 * PAGE, IOVA)).toBe(-EPERM)
    expect(yield* t.copy(b, a, IOVA + PAGE, PAGE, IOVA + 64 * PAGE, read)).toBe(IOVA + 64 * PAGE)
    expect(findPhys(other.domain, IOVA + 64 * PAGE)).toBe(findPhys(domain, IOVA + PAGE))
    expect(t.ioasOf(a).iopt.areas[0]!.pages!.pinned).toBe(2)
    expect(yield* t.unmap(a, IOVA, 2 * PAGE)).toBe(2 * PAGE)
    expect(t.ioasOf(b).iopt.areas[0]!.pages!.pinned).toBe(1)
  })
})

test('IOMMUFD-06 ioas_align_change: a domain must find everything aligned', () => {
  withIommu(function* (t, _kit, memory) {
    const ioas = yield* t.ioas()
    expect(yield* t.map(ioas, memory, 100, IOVA)).toBe(0)
    const idev = yield* t.mock.bound(t.ctx)
    expect(yield* attachDevice(idev, { value: ioas })).toBe(-EADDRINUSE)
    expect(yield* t.unmap(ioas, IOVA, 100)).toBe(100)
    expect(yield* attachDevice(idev, { value: ioas })).toBe(0)
    expect(yield* t.map(ioas, memory, 100, IOVA)).toBe(-EINVAL)
    expect(yield* t.map(ioas, memory + 1, 2048, IOVA)).toBe(-EINVAL)
    expect(yield* t.map(ioas, memory + 2048, 2048, IOVA + 2048)).toBe(0)
  })
})

test('IOMMUFD-06 ioas_option_huge_pages: on at first, and off only before there is hardware', () => {
  withIommu(function* (t) {
    const object_id = yield* t.ioas()
    const option = (op: number, val64: number) => new u.iommu_option({ option_id: 1, op, val64, object_id })
    const get = option(u.IOMMU_OPTION_OP_GET, 9)
    expect(yield* t.call(u.IOMMU_OPTION, get)).toBe(0)
    expect(get.val64).toBe(1)
    expect(yield* t.call(u.IOMMU_OPTION, option(u.IOMMU_OPTION_OP_SET, 2))).toBe(-EINVAL)
    expect(yield* t.call(u.IOMMU_OPTION, option(u.IOMMU_OPTION_OP_SET, 0))).toBe(0)
    expect(t.ioasOf(object_id).iopt.alignment).toBe(PAGE)
  })
})

test('IOMMUFD-06: neither the reserved regions of a device nor the ends of a domain are for maps', () => {
  withIommu(function* (t, _kit, memory) {
    const ioas = yield* t.ioas()
    expect(yield* t.map(ioas, memory, PAGE, 0x10000)).toBe(0)
    const idev = yield* t.mock.bound(t.ctx)
    expect(yield* attachDevice(idev, { value: ioas })).toBe(-EADDRINUSE)
    expect(yield* t.unmap(ioas, 0x10000, PAGE)).toBe(PAGE)
    expect(yield* attachDevice(idev, { value: ioas })).toBe(0)
    expect(yield* t.map(ioas, memory, PAGE, 0x10000, FIXED | RW)).toBe(-EINVAL)
  })
})
