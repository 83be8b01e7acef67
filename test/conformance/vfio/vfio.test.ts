import { expect, test } from 'vitest'
import { currentProcess } from '../../../src-sim/kernel/fs/process'
import { memlockLimit } from '../../../src-sim/kernel/mm/mlock'
import { PCI_COMMAND_MASTER, PCI_COMMAND_MEMORY } from '../../../src-sim/kernel/pci/config'
import * as d from '../../../src-sim/linux/device'
import {
  EBADF, EBUSY, EEXIST, EFAULT, EINVAL, EIO, ENODEV, ENOMEM, ENOTTY, EOVERFLOW,
} from '../../../src-sim/linux/errno'
import * as u from '../../../src-sim/linux/iommufd/uapi'
import { msleep } from '../../../src-sim/linux/delay'
import * as libc from '../../../src-sim/linux/user/libc'
import { load32, store32 } from '../../../src-sim/linux/user/memory'
import * as v from '../../../src-sim/linux/vfio_pci_core'
import type { Sim } from '../../../src-sim/engine/suspend'
import { sim } from '../../sim/harness'
import { anonymous, command, container, io, IOVA, mapDma, open, PAGE, unmapDma, withVfio } from './vfio-kit'

const MASTER = PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY

test('IOMMU-09 vfio group: one open file, and DMA of the whole group belongs to it', () => {
  const k = withVfio(function* (t) {
    const group = t.cards[0]!.dev.iommu_group!
    const path = `/dev/vfio/${group.id}`
    const fd = yield* open(path)
    expect(yield* open(path)).toBe(-EBUSY)
    const status = { argsz: 8, flags: 0 }
    expect(yield* io(fd, v.VFIO_GROUP_GET_STATUS, status)).toBe(0)
    expect(status.flags).toBe(v.VFIO_GROUP_FLAGS_VIABLE)
    expect(yield* io(fd, v.VFIO_GROUP_UNSET_CONTAINER, 0)).toBe(-EINVAL)
    expect(yield* io(fd, v.VFIO_GROUP_SET_CONTAINER, { value: 77 })).toBe(-EBADF)
    expect(yield* io(fd, v.VFIO_GROUP_SET_CONTAINER, { value: fd })).toBe(-EINVAL)
    expect(yield* io(fd, v.VFIO_GROUP_GET_DEVICE_FD, '0000:01:00.0')).toBe(-EINVAL)
    expect(yield* io(fd, v.VFIO_GROUP_GET_DEVICE_FD, '0000:09:00.0')).toBe(-ENODEV)
    const c = yield* open('/dev/vfio/vfio')
    expect(yield* io(c, v.VFIO_SET_IOMMU, v.VFIO_TYPE1_IOMMU)).toBe(-EINVAL)
    expect(yield* io(c, v.VFIO_IOMMU_MAP_DMA, {})).toBe(-EINVAL)
    expect(yield* io(fd, v.VFIO_GROUP_SET_CONTAINER, { value: c })).toBe(0)
    expect([group.owner_cnt, group.domain === group.blocking_domain]).toEqual([1, true])
    expect(yield* io(c, v.VFIO_SET_IOMMU, 77)).toBe(-ENODEV)
    expect(yield* io(c, v.VFIO_SET_IOMMU, v.VFIO_TYPE1_IOMMU)).toBe(0)
    expect(yield* io(c, 0x3bff, 0)).toBe(-ENOTTY)
    yield* sim(libc.close(fd))
    expect([group.owner, group.domain === group.default_domain]).toEqual([null, true])
  })
  expect(k.kinds).toEqual([])
})

test('type1 dma_map_unmap: the device reaches the memory while it is mapped', () => {
  const k = withVfio(function* (t) {
    const { fd, devices } = yield* container(t)
    const memory = yield* anonymous(4 * PAGE)
    expect(yield* mapDma(fd, memory, IOVA, 2 * PAGE)).toBe(0)
    expect(t.copy.dma_write(IOVA + 8, Uint8Array.of(1, 0, 0, 0))).toBe(false)
    yield* command(devices[1]!, MASTER)
    expect(t.copy.dma_write(IOVA + 8, Uint8Array.of(1, 0, 0, 0))).toBe(true)
    expect(yield* sim(load32(memory, 8))).toBe(1)
    expect(yield* unmapDma(fd, IOVA, 2 * PAGE)).toBe(2 * PAGE)
    expect(t.copy.dma_write(IOVA + 8, Uint8Array.of(1, 0, 0, 0))).toBe(false)
    expect(yield* unmapDma(fd, IOVA, 2 * PAGE)).toBe(0)
  })
  expect(k.kinds).toEqual([])
  expect(k.dmesg.filter((l) => l.includes('[DMA Write NO_PASID]')).length).toBe(1)
})

test('type1 dma_map_limit: what is refused when mapping and unmapping', () => {
  withVfio(function* (t) {
    const { fd } = yield* container(t)
    const memory = yield* anonymous(8 * PAGE)
    expect(yield* mapDma(fd, memory, IOVA, PAGE, 0)).toBe(-EINVAL)
    expect(yield* mapDma(fd, memory, IOVA, PAGE, 8)).toBe(-EINVAL)
    expect(yield* mapDma(fd, memory, IOVA, 0)).toBe(-EINVAL)
    expect(yield* mapDma(fd, memory, IOVA + 1, PAGE)).toBe(-EINVAL)
    expect(yield* mapDma(fd, memory + 1, IOVA, PAGE)).toBe(-EINVAL)
    expect(yield* mapDma(fd, memory, 2 ** 64 - PAGE, 2 * PAGE)).toBe(-EOVERFLOW)
    expect(yield* mapDma(fd, 0x1000, IOVA, PAGE)).toBe(-EFAULT)
    expect(yield* mapDma(fd, memory, IOVA, 4 * PAGE)).toBe(0)
    expect(yield* mapDma(fd, memory, IOVA + PAGE, PAGE)).toBe(-EEXIST)
    expect(yield* mapDma(fd, memory, 0xfee00000, PAGE)).toBe(-EINVAL)
    expect(yield* unmapDma(fd, IOVA + PAGE, PAGE)).toBe(-EINVAL)
    expect(yield* unmapDma(fd, IOVA, 2 * PAGE)).toBe(-EINVAL)
    expect(yield* unmapDma(fd, IOVA, 0)).toBe(-EINVAL)
    expect(yield* unmapDma(fd, 0, PAGE, v.VFIO_DMA_UNMAP_FLAG_ALL)).toBe(-EINVAL)
    expect(yield* unmapDma(fd, 0, 0, v.VFIO_DMA_UNMAP_FLAG_ALL)).toBe(4 * PAGE)
    expect(currentProcess().mm!.locked_vm).toBe(0)
  })
})

test('type1: pinned pages count against the limit of the process', () => {
  withVfio(function* (t) {
    const limit = memlockLimit(t.kit.machine)
    Object.assign(limit, { pages: 2, capable: false })
    const { fd } = yield* container(t)
    const memory = yield* anonymous(8 * PAGE)
    expect(yield* mapDma(fd, memory, IOVA, 3 * PAGE)).toBe(-ENOMEM)
    expect(currentProcess().mm!.locked_vm).toBe(0)
    expect(yield* mapDma(fd, memory, IOVA, 2 * PAGE)).toBe(0)
    expect(currentProcess().mm!.locked_vm).toBe(2)
  })
})

/** The BAR with memory of the first card, as its program has it mapped. */
function* mapBar(device: number): Sim<number> {
  const offset = 2 * v.VFIO_PCI_OFFSET
  const prot = libc.PROT_READ | libc.PROT_WRITE
  return (yield* sim(libc.mmap(0 as never, 4 * PAGE, prot, libc.MAP_SHARED, device, offset))) as never
}

test('BAR mmap: there while memory is on, gone with it, and there again', () => {
  withVfio(function* (t) {
    const { devices } = yield* container(t)
    const [device] = devices as [number]
    const info = { argsz: 32, flags: 0, index: 2, size: 0, offset: 0 }
    expect(yield* io(device, v.VFIO_DEVICE_GET_REGION_INFO, info)).toBe(0)
    expect([info.size, info.offset, info.flags]).toEqual([0x10000, 2 * v.VFIO_PCI_OFFSET, 7])
    const bar = yield* mapBar(device)
    yield* sim(store32(bar, 16, 0x1234))
    expect(yield* sim(load32(bar, 16))).toBe(0x1234)
    const { $table } = currentProcess().mm!
    expect($table.get(bar / PAGE)).not.toBe(null)
    yield* command(device, 0)
    expect($table.get(bar / PAGE)).toBe(null)
    const child = yield* sim(libc.fork(function* (): Sim {
      yield* sim(load32(bar, 16))
    }))
    expect(yield* sim(libc.waitpid(child))).toBe(135)
    yield* sim(libc.lseek(device, 2 * v.VFIO_PCI_OFFSET + 16, 0))
    expect([yield* sim(libc.read(device, new Uint8Array(4), 4)), libc.errno()]).toEqual([-1, EIO])
    yield* command(device, PCI_COMMAND_MEMORY)
    expect(yield* sim(load32(bar, 16))).toBe(0x1234)
    expect(yield* io(device, v.VFIO_DEVICE_RESET, 0)).toBe(0)
    expect($table.get(bar / PAGE)).toBe(null)
  })
})

test('MM-15, IOMMUFD-17 dma_mapping_mmio: type1 takes a mapped BAR and keeps it when it is gone', () => {
  withVfio(function* (t) {
    const { fd, devices } = yield* container(t)
    const [device] = devices as [number]
    const bar = yield* mapBar(device)
    expect(yield* mapDma(fd, bar, IOVA, 4 * PAGE)).toBe(0)
    const at = t.cards[0]!.pdev.resource[2]!.start
    const { domain } = t.cards[0]!.dev.iommu_group!
    expect(domain!.ops!.iova_to_phys!(domain, IOVA + PAGE)).toBe(at + PAGE)
    yield* command(device, 0)
    expect(currentProcess().mm!.$table.get(bar / PAGE)).toBe(null)
    expect(domain!.ops!.iova_to_phys!(domain, IOVA + PAGE)).toBe(at + PAGE)
    expect(yield* mapDma(fd, bar, IOVA + 64 * PAGE, PAGE)).toBe(-EFAULT)
    expect(currentProcess().mm!.locked_vm).toBe(0)
  })
})

test('IOMMUFD-17: iommufd does not take a mapped BAR', () => {
  withVfio(function* (t) {
    const iommufd = yield* open('/dev/iommu')
    const device = yield* open('/dev/vfio/devices/vfio0')
    const bind = { argsz: 16, flags: 0, iommufd, out_devid: 0 }
    expect(yield* io(device, v.VFIO_DEVICE_BIND_IOMMUFD, bind)).toBe(0)
    const alloc = new u.iommu_ioas_alloc()
    yield* io(iommufd, u.IOMMU_IOAS_ALLOC, alloc)
    const attach = { argsz: 12, flags: 0, pt_id: alloc.out_ioas_id }
    expect(yield* io(device, v.VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach)).toBe(0)
    const user_va = yield* mapBar(device)
    const map = new u.iommu_ioas_map({
      ioas_id: alloc.out_ioas_id, user_va, length: PAGE, iova: IOVA, flags: 7,
    })
    expect(yield* io(iommufd, u.IOMMU_IOAS_MAP, map)).toBe(-EFAULT)
    expect(t.cards.length).toBe(2)
  })
})

test('vfio_iommufd_setup: binding and attaching a device by itself', () => {
  const k = withVfio(function* (t) {
    const iommufd = yield* open('/dev/iommu')
    const device = yield* open('/dev/vfio/devices/vfio1')
    const bind = (fd: number, flags = 0) => ({ argsz: 16, flags, iommufd: fd, out_devid: 0 })
    expect(yield* io(device, v.VFIO_DEVICE_GET_INFO, { argsz: 16, flags: 0 })).toBe(-EINVAL)
    expect(yield* io(device, v.VFIO_DEVICE_BIND_IOMMUFD, bind(-1))).toBe(-EINVAL)
    expect(yield* io(device, v.VFIO_DEVICE_BIND_IOMMUFD, bind(iommufd, 1))).toBe(-EINVAL)
    expect(yield* io(device, v.VFIO_DEVICE_BIND_IOMMUFD, bind(99))).toBe(-EBADF)
    const own = bind(iommufd)
    expect(yield* io(device, v.VFIO_DEVICE_BIND_IOMMUFD, own)).toBe(0)
    expect(own.out_devid).toBe(1)
    expect(yield* io(device, v.VFIO_DEVICE_BIND_IOMMUFD, bind(iommufd))).toBe(-EINVAL)
    const second = yield* open('/dev/vfio/devices/vfio1')
    expect(yield* io(second, v.VFIO_DEVICE_BIND_IOMMUFD, bind(iommufd))).toBe(-EINVAL)
    const attach = (pt_id: number) => ({ argsz: 12, flags: 0, pt_id })
    expect(yield* io(device, v.VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach(99))).toBe(-2)
    const ids: number[] = []
    for (let i = 0; i < 2; i++) {
      const alloc = new u.iommu_ioas_alloc()
      yield* io(iommufd, u.IOMMU_IOAS_ALLOC, alloc)
      ids.push(alloc.out_ioas_id)
    }
    expect(yield* io(device, v.VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach(ids[0]!))).toBe(0)
    expect(yield* io(device, v.VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach(ids[1]!))).toBe(0)
    expect(yield* io(device, v.VFIO_DEVICE_DETACH_IOMMUFD_PT, { argsz: 8, flags: 0 })).toBe(0)
    const memory = yield* anonymous(PAGE)
    const map = new u.iommu_ioas_map({ ioas_id: ids[1]!, user_va: memory, length: PAGE, iova: IOVA, flags: 7 })
    expect(yield* io(iommufd, u.IOMMU_IOAS_MAP, map)).toBe(0)
    expect(yield* io(device, v.VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach(ids[1]!))).toBe(0)
    yield* command(device, MASTER)
    expect(t.copy.dma_write(IOVA, Uint8Array.of(7, 0, 0, 0))).toBe(true)
    expect(yield* sim(load32(memory, 0))).toBe(7)
    yield* sim(libc.close(device))
    yield* sim(libc.close(second))
    const group = t.cards[1]!.dev.iommu_group!
    expect([group.owner, group.domain === group.default_domain]).toEqual([null, true])
  })
  expect(k.kinds).toEqual([])
})

test('IOMMU-09: a device is open through its group or by itself, not both', () => {
  withVfio(function* (t) {
    const { groups } = yield* container(t)
    const iommufd = yield* open('/dev/iommu')
    const device = yield* open('/dev/vfio/devices/vfio0')
    const bind = { argsz: 16, flags: 0, iommufd, out_devid: 0 }
    expect(yield* io(device, v.VFIO_DEVICE_BIND_IOMMUFD, bind)).toBe(-EBUSY)
    expect(yield* io(groups[0]!, v.VFIO_GROUP_UNSET_CONTAINER, 0)).toBe(-EBUSY)
  })
})

test('vfio_unregister_group_dev: waits until the program has closed the device', () => {
  const k = withVfio(function* (t) {
    const { devices, groups } = yield* container(t)
    const unbind = function* (): Sim {
      yield* sim(d.device_release_driver(t.cards[0]!.dev))
      t.kit.say('unbound')
    }
    t.kit.machine.spawn('unbind', unbind(), { kernel: true })
    yield* sim(msleep(1000))
    t.kit.say('still open')
    expect(yield* io(groups[0]!, v.VFIO_GROUP_GET_DEVICE_FD, '0000:01:00.0')).toBe(-ENODEV)
    yield* sim(libc.close(devices[0]!))
    yield* sim(msleep(1000))
  })
  expect(k.log).toEqual(['still open', 'unbound'])
})
