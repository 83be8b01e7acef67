import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { faultInjection } from '../../../src-sim/kernel/mm/fault-injection'
import type { page } from '../../../src-sim/kernel/mm/page'
import { maybePinned } from '../../../src-sim/kernel/mm/page-alloc'
import { memlockLimit } from '../../../src-sim/kernel/mm/mlock'
import * as i from '../../../src-sim/linux/iommufd'
import * as libc from '../../../src-sim/linux/user/libc'
import {
  EBADF, EINVAL, ENOENT, EOPNOTSUPP, EOVERFLOW, EPERM,
} from '../../../src-sim/linux/errno'
import { ptr } from '../../../src-sim/linux/types'
import { attachDevice, detachDevice } from '../../../src-sim/kernel/iommufd/device'
import { currentProcess } from '../../../src-sim/kernel/fs/process'
import { sim } from '../../sim/harness'
import { anonymous, FIXED, PAGE, RW, U64_MAX, withIommu, type Iommu } from './iommufd-kit'
import { APERTURE_START as IOVA, findPhys } from './mock'

interface User {
  access: i.iommufd_access
  told: [number, number][]
  pins: [iova: number, length: number][]
}

/** A driver in the kernel that unpins all it has when it is told to. */
function* user(t: Iommu, ioas: number, needs_pin_pages = true): Sim<User> {
  const u: Omit<User, 'access'> & { access: i.iommufd_access | null } = { access: null, told: [], pins: [] }
  const ops: i.iommufd_access_ops = {
    needs_pin_pages,
    unmap: function* (_data: unknown, iova: number, length: number): Sim {
      u.told.push([iova, length])
      for (const [at, size] of u.pins.splice(0))
        yield* sim(i.iommufd_access_unpin_pages(u.access!, at, size))
    } as never,
  }
  u.access = yield* sim(i.iommufd_access_create(t.ctx, ops, u, ptr(0)))
  expect(yield* sim(i.iommufd_access_attach(u.access, ioas))).toBe(0)
  return u as User
}

const pin = (u: User, iova: number, length: number, out: page[] = [], flags = 1): Sim<number> =>
  sim(i.iommufd_access_pin_pages(u.access, iova, length, out, flags))

test('IOMMUFD-14 access_pin: what is refused, and exactly the pages that are there', () => {
  const k = withIommu(function* (t, _kit, memory) {
    const ioas = yield* t.ioas()
    const u = yield* user(t, ioas)
    yield* t.map(ioas, memory, 4 * PAGE, IOVA)
    yield* t.map(ioas, memory, PAGE, IOVA + 4 * PAGE, 4 | FIXED)
    expect(yield* pin(u, IOVA, 0)).toBe(-EINVAL)
    expect(yield* pin(u, U64_MAX - PAGE, 2 * PAGE)).toBe(-EOVERFLOW)
    expect(yield* pin(u, IOVA + 100, PAGE)).toBe(-EINVAL)
    expect(yield* pin(u, IOVA, 6 * PAGE, [], 0)).toBe(-ENOENT)
    expect(yield* pin(u, IOVA + 3 * PAGE, 2 * PAGE)).toBe(-EPERM)
    const { iopt } = t.ioasOf(ioas)
    expect(iopt.areas.map((a) => [a.accesses, a.pages!.pinned])).toEqual([[0, 0], [0, 0]])
    const pages: page[] = []
    expect(yield* pin(u, IOVA + PAGE, 2 * PAGE, pages)).toBe(0)
    const pte = currentProcess().mm!.$table.get((memory + PAGE) / PAGE)!
    expect([pages.length, pages[0]!.$pfn, maybePinned(pages[1]!)]).toEqual([2, pte.pfn, true])
    yield* sim(i.iommufd_access_unpin_pages(u.access, IOVA + PAGE, 2 * PAGE))
    expect(pages.map(maybePinned)).toEqual([false, false])
    yield* sim(i.iommufd_access_detach(u.access))
    expect(yield* pin(u, IOVA, PAGE)).toBe(-ENOENT)
    yield* sim(i.iommufd_access_destroy(u.access))
  })
  expect(k.kinds).toEqual([])
})

test('IOMMUFD-09 access_pin_unmap: the driver is told, lets go, and then the area goes', () => {
  withIommu(function* (t, _kit, memory) {
    const ioas = yield* t.ioas()
    const u = yield* user(t, ioas)
    yield* t.map(ioas, memory, 4 * PAGE, IOVA)
    yield* pin(u, IOVA + PAGE, PAGE)
    u.pins.push([IOVA + PAGE, PAGE])
    expect(yield* t.unmap(ioas, IOVA, 4 * PAGE)).toBe(4 * PAGE)
    expect(u.told).toEqual([[IOVA, 4 * PAGE]])
    yield* sim(i.iommufd_access_destroy(u.access))
  })
})

test('IOMMUFD-09: a driver that keeps its pin after 100 rounds is complained about', () => {
  const k = withIommu(function* (t, _kit, memory) {
    const ioas = yield* t.ioas()
    const u = yield* user(t, ioas)
    yield* t.map(ioas, memory, PAGE, IOVA)
    yield* pin(u, IOVA, PAGE)
    expect(yield* t.unmap(ioas, IOVA, PAGE)).toBe(-35)
    expect([u.told.length, yield* pin(u, IOVA, PAGE)]).toEqual([101, -EINVAL])
    yield* sim(i.iommufd_access_unpin_pages(u.access, IOVA, PAGE))
    expect(yield* t.unmap(ioas, IOVA, PAGE)).toBe(PAGE)
    yield* sim(i.iommufd_access_destroy(u.access))
  })
  expect(k.kinds).toEqual(['warn.iommufd-access-stays'])
})

test('IOMMUFD-07 access_domain_destory: pins stay when the domain that shared them goes', () => {
  withIommu(function* (t, _kit, memory) {
    const ioas = yield* t.ioas()
    const idev = yield* t.mock.bound(t.ctx)
    yield* attachDevice(idev, ptr(ioas))
    const u = yield* user(t, ioas)
    yield* t.map(ioas, memory, 2 * PAGE, IOVA)
    const pages: page[] = []
    yield* pin(u, IOVA, PAGE, pages)
    const { pages: all } = t.ioasOf(ioas).iopt.areas[0]!
    expect(all!.pinned).toBe(2)
    yield* detachDevice(idev)
    expect([all!.pinned, maybePinned(pages[0]!)]).toEqual([1, true])
    yield* sim(i.iommufd_access_unpin_pages(u.access, IOVA, PAGE))
    expect(all!.pinned).toBe(0)
    yield* sim(i.iommufd_access_destroy(u.access))
  })
})

test('IOMMUFD-14 access_rw: bytes at any place, across areas, as far as permitted', () => {
  withIommu(function* (t, _kit, memory) {
    const ioas = yield* t.ioas()
    const u = yield* user(t, ioas, false)
    yield* t.map(ioas, memory, PAGE, IOVA)
    yield* t.map(ioas, memory + 8 * PAGE, PAGE, IOVA + PAGE)
    const rw = (iova: number, data: Uint8Array, flags: number) =>
      sim(i.iommufd_access_rw(u.access, iova, data, data.length, flags))
    expect(yield* rw(IOVA, new Uint8Array(0), 0)).toBe(-EINVAL)
    const sent = Uint8Array.of(1, 2, 3, 4, 5, 6)
    expect(yield* rw(IOVA + PAGE - 3, sent, i.IOMMUFD_ACCESS_RW_WRITE)).toBe(0)
    const got = new Uint8Array(6)
    expect(yield* rw(IOVA + PAGE - 3, got, i.IOMMUFD_ACCESS_RW_READ)).toBe(0)
    expect([...got]).toEqual([...sent])
    expect(yield* rw(IOVA + 2 * PAGE - 3, got, 0)).toBe(-ENOENT)
    yield* t.map(ioas, memory, PAGE, IOVA + 4 * PAGE, 4 | FIXED)
    expect(yield* rw(IOVA + 4 * PAGE, sent, i.IOMMUFD_ACCESS_RW_WRITE)).toBe(-EPERM)
    yield* sim(i.iommufd_access_destroy(u.access))
  })
})

test('IOMMUFD-14: attaching twice, detaching twice and replacing nothing', () => {
  const k = withIommu(function* (t) {
    const ioas = yield* t.ioas()
    const other = yield* t.ioas()
    const u = yield* user(t, ioas)
    expect(yield* sim(i.iommufd_access_attach(u.access, other))).toBe(-EINVAL)
    expect(yield* sim(i.iommufd_access_replace(u.access, 99))).toBe(-ENOENT)
    expect(yield* sim(i.iommufd_access_replace(u.access, other))).toBe(0)
    expect(u.told).toEqual([[0, U64_MAX]])
    expect(yield* t.destroy(ioas)).toBe(0)
    yield* sim(i.iommufd_access_detach(u.access))
    expect(yield* sim(i.iommufd_access_replace(u.access, other))).toBe(-ENOENT)
    yield* sim(i.iommufd_access_detach(u.access))
    yield* sim(i.iommufd_access_unpin_pages(u.access, IOVA, PAGE))
    yield* sim(i.iommufd_access_destroy(u.access))
  })
  expect(k.kinds).toEqual([
    'warn.iommufd-access-attached', 'warn.iommufd-access-detached', 'warn.iommufd-unpin',
  ])
})

function* memfd(pages: number): Sim<number> {
  const fd = (yield* sim(libc.memfd_create('m', 0))) as number
  yield* sim(libc.ftruncate(fd, pages * PAGE))
  return fd
}

const mapFile = (t: Iommu, ioas_id: number, fd: number, start: number, length: number, iova: number) =>
  t.call(i.IOMMU_IOAS_MAP_FILE, new i.iommu_ioas_map_file({ ioas_id, fd, start, length, iova, flags: RW | FIXED }))

test('IOMMUFD-15: the pages of a memfd, and what is no memory at all', () => {
  withIommu(function* (t) {
    const ioas = yield* t.ioas()
    const fd = yield* memfd(4)
    expect(yield* mapFile(t, ioas, 77, 0, PAGE, IOVA)).toBe(-EBADF)
    expect(yield* mapFile(t, ioas, fd, 0, 0, IOVA)).toBe(-EINVAL)
    expect(yield* mapFile(t, ioas, fd, PAGE, 2 * PAGE, IOVA)).toBe(0)
    const id = ptr(ioas)
    const idev = yield* t.mock.bound(t.ctx)
    expect(yield* attachDevice(idev, id)).toBe(0)
    const f = currentProcess().files!.open.get(fd)!
    const p = f.f_mapping.$pages.get(1)!
    expect([findPhys(t.object(id.value).domain, IOVA), maybePinned(p)]).toEqual([p.$pfn * PAGE, true])
    expect(yield* mapFile(t, ioas, fd, 2 * PAGE, 4 * PAGE, IOVA + 64 * PAGE)).toBe(-EINVAL)
    expect(yield* t.unmap(ioas, IOVA, 2 * PAGE)).toBe(2 * PAGE)
    expect(maybePinned(p)).toBe(false)
  })
})

test('IOMMUFD-10 change_process.basic: what is pinned counts for another process', () => {
  withIommu(function* (t, kit) {
    const limit = memlockLimit(kit.machine)
    const mode = new i.iommu_option({ option_id: 0, op: i.IOMMU_OPTION_OP_SET, val64: 1 })
    expect(yield* t.call(i.IOMMU_OPTION, mode)).toBe(0)
    limit.capable = false
    const ioas = yield* t.ioas()
    yield* attachDevice(yield* t.mock.bound(t.ctx), ptr(ioas))
    const fd = yield* memfd(4)
    expect(yield* mapFile(t, ioas, fd, 0, 4 * PAGE, IOVA)).toBe(0)
    const mine = currentProcess().mm!
    expect(mine.locked_vm).toBe(4)
    const change = () => t.call(i.IOMMU_IOAS_CHANGE_PROCESS, new i.iommu_ioas_change_process())
    const child = yield* sim(
      libc.fork(function* (): Sim {
        expect(yield* change()).toBe(0)
        expect([mine.locked_vm, currentProcess().mm!.locked_vm]).toEqual([0, 4])
      }),
    )
    yield* sim(libc.waitpid(child))
    expect(yield* t.map(ioas, yield* anonymous(PAGE), PAGE, IOVA + 16 * PAGE)).toBe(0)
    expect(yield* change()).toBe(-EINVAL)
    const wrong = new i.iommu_ioas_change_process({ __reserved: 1 })
    expect(yield* t.call(i.IOMMU_IOAS_CHANGE_PROCESS, wrong)).toBe(-EOPNOTSUPP)
  })
})

/** Every allocation fails once, each in its turn; in the end all succeeds and nothing is left. */
test.each(['map_domain', 'access_pin', 'device'])('basic_fail_nth %s', (what) => {
  const steps = [
    'iommufd_object_alloc', 'iopt_pages', 'iopt_area', 'iopt_pages_pin', 'iommu_domain',
    'iommufd_attach_handle', 'iopt_reserved', 'iopt_table_enforce_dev_resv_regions',
    'iopt_add_access',
  ]
  for (const step of [...steps, ''])
    for (let nth = 1; nth <= 3; nth++) {
      const k = withIommu(function* (t, kit, memory) {
        let met = 0
        faultInjection(kit.machine).shouldFail = (call) => call === step && ++met === nth
        const ret = yield* attempt(t, memory, what)
        if (!step) expect(ret).toBe(0)
        expect(ret).toBeLessThanOrEqual(0)
      })
      expect(k.kinds).toEqual([])
    }
})

function* attempt(t: Iommu, memory: number, what: string): Sim<number> {
  const ioas = yield* t.ioas()
  if (ioas < 0) return ioas
  const mapped = yield* t.map(ioas, memory, 2 * PAGE, IOVA)
  if (what === 'access_pin') return mapped || (yield* pinOnce(t, ioas))
  const idev = yield* t.mock.device()
  const bound = yield* sim(i.iommufd_device_bind(t.ctx, idev, ptr(0)))
  if (i.IS_ERR(bound)) return i.PTR_ERR(bound)
  let ret = yield* sim(i.iommufd_device_attach(bound, 0, ptr(ioas)))
  if (!ret) {
    if (what === 'device') ret = yield* t.map(ioas, memory, PAGE, IOVA + 64 * PAGE)
    yield* sim(i.iommufd_device_detach(bound, 0))
  }
  yield* sim(i.iommufd_device_unbind(bound))
  return mapped || ret
}

function* pinOnce(t: Iommu, ioas: number): Sim<number> {
  const access = yield* sim(i.iommufd_access_create(t.ctx, { needs_pin_pages: 1, unmap: () => {} }, null, ptr(0)))
  if (i.IS_ERR(access)) return i.PTR_ERR(access)
  let ret = yield* sim(i.iommufd_access_attach(access, ioas))
  if (!ret) {
    ret = yield* sim(i.iommufd_access_pin_pages(access, IOVA, 2 * PAGE, [], 0))
    if (!ret) yield* sim(i.iommufd_access_unpin_pages(access, IOVA, 2 * PAGE))
  }
  yield* sim(i.iommufd_access_destroy(access))
  return ret
}
