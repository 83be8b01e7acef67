import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { dev_iommu } from '../../../src-sim/kernel/iommu/ops'
import {
  IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE, iommu_fault_param, iopf_fault,
} from '../../../src-sim/kernel/iommu/iopf'
import { reportDeviceFault } from '../../../src-sim/kernel/iommu/iopf-report'
import {
  attachDevice, detachDevice, replaceDevice, unbindDevice, type iommufd_device,
} from '../../../src-sim/kernel/iommufd/device'
import type { Veventq } from '../../../src-sim/kernel/iommufd/veventq'
import { EBUSY, EEXIST, EINVAL, ENOENT, EOPNOTSUPP, ESPIPE } from '../../../src-sim/linux/errno'
import * as u from '../../../src-sim/linux/iommufd/uapi'
import { ptr } from '../../../src-sim/linux/types'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { PAGE, withIommu, type Iommu } from './iommufd-kit'
import {
  APERTURE_START as IOVA, IOMMU_HWPT_DATA_SELFTEST, IOMMU_VEVENTQ_TYPE_SELFTEST,
  IOMMU_VIOMMU_TYPE_SELFTEST,
} from './mock'

interface Setting {
  idev: iommufd_device
  ioas: number
  parent: number
}

function* setting(t: Iommu): Sim<Setting> {
  const idev = yield* t.mock.bound(t.ctx)
  const ioas = yield* t.ioas()
  const flags = u.IOMMU_HWPT_ALLOC_NEST_PARENT
  return { idev, ioas, parent: yield* t.hwpt({ dev_id: idev.id, pt_id: ioas, flags }) }
}

function* viommu(t: Iommu, more: object): Sim<number> {
  const cmd = new u.iommu_viommu_alloc({ type: IOMMU_VIOMMU_TYPE_SELFTEST, ...more })
  return (yield* t.call(u.IOMMU_VIOMMU_ALLOC, cmd)) || cmd.out_viommu_id
}

function* vdevice(t: Iommu, viommu_id: number, dev_id: number, virt_id: number): Sim<number> {
  const cmd = new u.iommu_vdevice_alloc({ viommu_id, dev_id, virt_id })
  return (yield* t.call(u.IOMMU_VDEVICE_ALLOC, cmd)) || cmd.out_vdevice_id
}

test('IOMMUFD-18 viommu_negative_tests: what a virtual IOMMU cannot be made of', () => {
  withIommu(function* (t) {
    const { idev, ioas, parent } = yield* setting(t)
    expect(yield* viommu(t, { type: 0 })).toBe(-EOPNOTSUPP)
    expect(yield* viommu(t, { flags: 1 })).toBe(-EOPNOTSUPP)
    expect(yield* viommu(t, { dev_id: 99, hwpt_id: parent })).toBe(-ENOENT)
    expect(yield* viommu(t, { type: 5, dev_id: idev.id, hwpt_id: parent })).toBe(-EOPNOTSUPP)
    expect(yield* viommu(t, { dev_id: idev.id, hwpt_id: ioas })).toBe(-ENOENT)
    const plain = yield* t.hwpt({ dev_id: idev.id, pt_id: ioas })
    expect(yield* viommu(t, { dev_id: idev.id, hwpt_id: plain })).toBe(-EINVAL)
    const id = yield* viommu(t, { dev_id: idev.id, hwpt_id: parent })
    expect(id).toBeGreaterThan(0)
    expect(yield* t.destroy(parent)).toBe(-EBUSY)
    expect(yield* t.destroy(id)).toBe(0)
    expect(yield* t.destroy(parent)).toBe(0)
  })
})

test('IOMMUFD-18 vdevice_alloc: one for each device, one for each number', () => {
  withIommu(function* (t) {
    const { idev, parent } = yield* setting(t)
    const id = yield* viommu(t, { dev_id: idev.id, hwpt_id: parent })
    expect(yield* vdevice(t, 99, idev.id, 1)).toBe(-ENOENT)
    expect(yield* vdevice(t, id, 99, 1)).toBe(-ENOENT)
    const vdev = yield* vdevice(t, id, idev.id, 0x99)
    expect(vdev).toBeGreaterThan(0)
    expect(yield* vdevice(t, id, idev.id, 0x99)).toBe(-EEXIST)
    expect(yield* vdevice(t, id, idev.id, 0x98)).toBe(-EEXIST)
    const other = yield* t.mock.bound(t.ctx)
    expect(yield* vdevice(t, id, other.id, 0x99)).toBe(-EEXIST)
    expect(yield* t.destroy(id)).toBe(-EBUSY)
    expect(yield* t.destroy(vdev)).toBe(0)
    expect(yield* vdevice(t, id, other.id, 0x99)).toBeGreaterThan(0)
    const foreign = yield* t.mock.bound(t.ctx)
    const iommu = new dev_iommu()
    iommu.iommu_dev = { ...foreign.dev.iommu!.iommu_dev! } as never
    const own = foreign.dev.iommu
    foreign.dev.iommu = iommu
    expect(yield* vdevice(t, id, foreign.id, 0x50)).toBe(-EINVAL)
    foreign.dev.iommu = own
  })
})

test('IOMMUFD-01 vdevice_tombstone: a device that goes takes its virtual one, the number stays dead', () => {
  const k = withIommu(function* (t) {
    const { idev, parent } = yield* setting(t)
    const id = yield* viommu(t, { dev_id: idev.id, hwpt_id: parent })
    const vdev = yield* vdevice(t, id, idev.id, 0x99)
    yield* unbindDevice(idev)
    expect(yield* t.destroy(vdev)).toBe(-ENOENT)
    expect([idev.id, yield* t.ioas(), yield* t.ioas()]).not.toContain(vdev)
    expect(yield* t.destroy(id)).toBe(0)
  })
  expect(k.kinds).toEqual([])
})

test('IOMMUFD-18 hwpt_invalidate: what is handled is told, even when it ends with an error', () => {
  withIommu(function* (t) {
    const { idev, parent } = yield* setting(t)
    const nested = yield* t.hwpt({
      dev_id: idev.id, pt_id: parent, data_type: IOMMU_HWPT_DATA_SELFTEST, data_len: 4,
      data_uptr: { iotlb: 0xcafe },
    })
    const call = function* (more: object): Sim<[number, number]> {
      const cmd = new u.iommu_hwpt_invalidate({
        hwpt_id: nested, data_type: IOMMU_HWPT_DATA_SELFTEST, entry_len: 8, ...more,
      })
      return [yield* t.call(u.IOMMU_HWPT_INVALIDATE, cmd), cmd.entry_num]
    }
    const one = { flags: 0, iotlb_id: 0 }
    expect(yield* call({ entry_num: 1 })).toEqual([-EINVAL, 0])
    expect(yield* call({ entry_num: 1, data_uptr: [one], entry_len: 0 })).toEqual([-EINVAL, 0])
    expect(yield* call({ entry_num: 1, data_uptr: [one], entry_len: 2 * PAGE })).toEqual([-EINVAL, 0])
    expect(yield* call({ entry_num: 1, data_uptr: [one], hwpt_id: 99 })).toEqual([-ENOENT, 0])
    expect(yield* call({ entry_num: 1, data_uptr: [one], hwpt_id: parent })).toEqual([-EINVAL, 0])
    const list = [one, { flags: 0, iotlb_id: 9 }, one]
    expect(yield* call({ entry_num: 3, data_uptr: list })).toEqual([-EINVAL, 1])
    const { iotlb } = t.object(nested).domain
    expect(iotlb).toEqual([0, 0xcafe, 0xcafe, 0xcafe])
    expect(yield* call({ entry_num: 1, data_uptr: [{ flags: 1, iotlb_id: 0 }] })).toEqual([0, 1])
    expect(t.object(nested).domain.iotlb).toEqual([0, 0, 0, 0])
  })
})

test('IOMMUFD-18 hw_queue: its memory stays mapped while it is there', () => {
  withIommu(function* (t, _kit, memory) {
    const { idev, ioas, parent } = yield* setting(t)
    const viommu_id = yield* viommu(t, { dev_id: idev.id, hwpt_id: parent })
    const make = function* (more: object): Sim<number> {
      const cmd = new u.iommu_hw_queue_alloc({
        viommu_id, type: 1, nesting_parent_iova: IOVA, length: PAGE, ...more,
      })
      return (yield* t.call(u.IOMMU_HW_QUEUE_ALLOC, cmd)) || cmd.out_hw_queue_id
    }
    expect(yield* make({ flags: 1 })).toBe(-EOPNOTSUPP)
    expect(yield* make({ type: 0 })).toBe(-EOPNOTSUPP)
    expect(yield* make({ length: 0 })).toBe(-EINVAL)
    expect(yield* make({})).toBe(-ENOENT)
    yield* t.map(ioas, memory, PAGE, IOVA)
    expect(yield* make({ index: 7 })).toBe(-EINVAL)
    const queue = yield* make({})
    expect(yield* t.unmap(ioas, IOVA, PAGE)).toBe(-EBUSY)
    expect(yield* t.destroy(queue)).toBe(0)
    expect(yield* t.unmap(ioas, IOVA, PAGE)).toBe(PAGE)
  })
})

test('IOMMUFD-18 veventq: one of a kind, and a full one tells that something was lost', () => {
  withIommu(function* (t) {
    const { idev, parent } = yield* setting(t)
    const viommu_id = yield* viommu(t, { dev_id: idev.id, hwpt_id: parent })
    const make = function* (more: object) {
      const cmd = new u.iommu_veventq_alloc({
        viommu_id, type: IOMMU_VEVENTQ_TYPE_SELFTEST, veventq_depth: 2, ...more,
      })
      return { ret: yield* t.call(u.IOMMU_VEVENTQ_ALLOC, cmd), cmd }
    }
    expect((yield* make({ type: 0 })).ret).toBe(-EOPNOTSUPP)
    expect((yield* make({ veventq_depth: 0 })).ret).toBe(-EINVAL)
    expect((yield* make({ veventq_depth: 2 ** 19 + 1 })).ret).toBe(-EINVAL)
    const { ret, cmd } = yield* make({})
    expect(ret).toBe(0)
    expect((yield* make({})).ret).toBe(-EEXIST)
    const queue = t.object(cmd.out_veventq_id) as Veventq
    for (let i = 0; i < 4; i++) queue.add(Uint8Array.of(i, 0, 0, 0))
    const seen: number[][] = []
    for (;;) {
      const bytes = new Uint8Array(12)
      const n = (yield* sim(libc.read(cmd.out_veventq_fd, bytes, 12))) as number
      if (n <= 0) break
      seen.push([n, bytes[0]!, bytes[4]!, bytes[8]!])
    }
    expect(seen).toEqual([[12, 0, 0, 0], [12, 0, 1, 1], [8, 1, 3, 0]])
    expect(yield* t.destroy(cmd.out_veventq_id)).toBe(-EBUSY)
    yield* sim(libc.close(cmd.out_veventq_fd))
    expect(yield* t.destroy(cmd.out_veventq_id)).toBe(0)
  })
})

/** A device with page requests that go to a program, and what it was answered. */
function* faulting(t: Iommu) {
  const answers: [number, number][] = []
  t.mock.ops.page_response = (_dev, evt, { code }) =>
    void answers.push([evt.fault.prm.grpid, code])
  const idev = yield* t.mock.bound(t.ctx)
  const ioas = yield* t.ioas()
  const fault = new u.iommu_fault_alloc()
  expect(yield* t.call(u.IOMMU_FAULT_QUEUE_ALLOC, fault)).toBe(0)
  const flags = u.IOMMU_HWPT_FAULT_ID_VALID
  const hwpt = yield* t.hwpt({ dev_id: idev.id, pt_id: ioas, flags, fault_id: fault.out_fault_id })
  expect(yield* attachDevice(idev, ptr(hwpt))).toBe(0)
  idev.dev.iommu!.fault_param = new iommu_fault_param(idev.dev, null as never)
  const ask = function* (grpid: number, count: number): Sim {
    for (let i = 0; i < count; i++) {
      const evt = new iopf_fault()
      Object.assign(evt.fault.prm, { grpid, addr: IOVA + i * PAGE, perm: 1 })
      if (i === count - 1) evt.fault.prm.flags = IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE
      yield* reportDeviceFault(idev.dev, evt)
    }
  }
  return { idev, ioas, hwpt, fd: fault.out_fault_fd, id: fault.out_fault_id, answers, ask }
}

test('IOMMUFD-16 nested_iopf: whole groups are read, and answered by their cookies', () => {
  withIommu(function* (t) {
    const { fd, id, answers, ask, idev } = yield* faulting(t)
    const buffer = new Uint8Array(200)
    const read = function* (count: number): Sim<number> {
      const n = (yield* sim(libc.read(fd, buffer, count))) as number
      return n < 0 ? -libc.errno() : n
    }
    const write = function* (...words: number[]): Sim<number> {
      const bytes = new Uint8Array(Uint32Array.from(words).buffer)
      const n = (yield* sim(libc.write(fd, bytes, bytes.length))) as number
      return n < 0 ? -libc.errno() : n
    }
    expect(yield* read(40)).toBe(0)
    yield* ask(1, 2)
    yield* ask(2, 1)
    expect([yield* read(41), yield* read(40)]).toEqual([-ESPIPE, -EINVAL])
    expect(yield* read(80)).toBe(80)
    const words = new DataView(buffer.buffer)
    const record = (at: number) => [0, 4, 12, 16, 36].map((o) => words.getUint32(at + o, true))
    expect([record(0), record(40)]).toEqual([[0, idev.id, 1, 1, 1], [2, idev.id, 1, 1, 1]])
    expect(yield* read(120)).toBe(40)
    expect(yield* write(1)).toBe(-ESPIPE)
    expect(yield* write(9, 0)).toBe(-EINVAL)
    expect(yield* write(1, 2)).toBe(-EINVAL)
    expect(yield* write(1, 0, 7, 0)).toBe(8)
    expect(answers).toEqual([[1, 0]])
    expect(yield* t.destroy(id)).toBe(-EBUSY)
    yield* detachDevice(idev)
    expect(answers).toEqual([[1, 0], [2, 1]])
  })
})

test('IOMMUFD-05, IOMMUFD-16: a replaced table answers what was asked of it, read or not', () => {
  withIommu(function* (t) {
    const { idev, ioas, answers, ask, fd } = yield* faulting(t)
    yield* ask(1, 1)
    yield* sim(libc.read(fd, new Uint8Array(40), 40))
    yield* ask(2, 1)
    const next = yield* t.hwpt({ dev_id: idev.id, pt_id: ioas })
    expect(yield* replaceDevice(idev, ptr(next))).toBe(0)
    expect(answers.sort()).toEqual([[1, 1], [2, 1]])
  })
})
