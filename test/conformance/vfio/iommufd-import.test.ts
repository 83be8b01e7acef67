import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { PCI_COMMAND_MASTER, PCI_COMMAND_MEMORY } from '../../../src-sim/kernel/pci/config'
import { hostBridge } from '../../../src-sim/kernel/pci/p2pdma-route'
import { EINVAL, ENODEV, EOPNOTSUPP, EOVERFLOW } from '../../../src-sim/linux/errno'
import * as u from '../../../src-sim/linux/iommufd/uapi'
import * as libc from '../../../src-sim/linux/user/libc'
import * as v from '../../../src-sim/linux/vfio_pci_core'
import { sim } from '../../sim/harness'
import { anonymous, command, io, IOVA, open, PAGE, withVfio, type Vfio } from './vfio-kit'

const BAR = 2

interface Import {
  iommufd: number
  ioas: number
  /** The card with memory, and the one that copies. */
  card: number
  copier: number
  dmabuf: number
}

function* bound(iommufd: number, path: string): Sim<number> {
  const fd = yield* open(path)
  const bind = { argsz: 16, flags: 0, iommufd, out_devid: 0 }
  expect(yield* io(fd, v.VFIO_DEVICE_BIND_IOMMUFD, bind)).toBe(0)
  return fd
}

/** A descriptor of pages of the card's memory. */
function* lend(card: number, ...ranges: [offset: number, length: number][]): Sim<number> {
  const data = {
    region_index: BAR, open_flags: libc.O_RDWR, flags: 0, nr_ranges: ranges.length,
    dma_ranges: ranges.map(([offset, length]) => ({ offset, length })),
  }
  const flags = v.VFIO_DEVICE_FEATURE_GET | v.VFIO_DEVICE_FEATURE_DMA_BUF
  return yield* io(card, v.VFIO_DEVICE_FEATURE, { argsz: 24, flags, data })
}

/** Both cards belong to one context; the copier sees an empty address space. */
function* start(t: Vfio): Sim<Import> {
  Object.assign(hostBridge(t.kit.machine), { vendor: 0x8086, device: 0x2030 })
  const iommufd = yield* open('/dev/iommu')
  const card = yield* bound(iommufd, '/dev/vfio/devices/vfio0')
  const copier = yield* bound(iommufd, '/dev/vfio/devices/vfio1')
  const alloc = new u.iommu_ioas_alloc()
  expect(yield* io(iommufd, u.IOMMU_IOAS_ALLOC, alloc)).toBe(0)
  const attach = { argsz: 12, flags: 0, pt_id: alloc.out_ioas_id }
  expect(yield* io(copier, v.VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach)).toBe(0)
  yield* command(copier, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY)
  const offset = BAR * v.VFIO_PCI_OFFSET
  const prot = libc.PROT_READ | libc.PROT_WRITE
  yield* sim(libc.mmap(0 as never, PAGE, prot, libc.MAP_SHARED, card, offset))
  const dmabuf = yield* lend(card, [PAGE, 2 * PAGE])
  return { iommufd, ioas: alloc.out_ioas_id, card, copier, dmabuf }
}

const mapFile = (i: Import, fd: number, start: number, length: number, iova = IOVA): Sim<number> =>
  io(i.iommufd, u.IOMMU_IOAS_MAP_FILE, new u.iommu_ioas_map_file({
    ioas_id: i.ioas, fd, start, length, iova, flags: 7,
  }))

const unmap = (i: Import, iova: number, length: number): Sim<number> =>
  io(i.iommufd, u.IOMMU_IOAS_UNMAP, new u.iommu_ioas_unmap({ ioas_id: i.ioas, iova, length }))

test('IOMMUFD-15, DBUF-44 dmabuf_simple: a part of a BAR, for another device', () => {
  const k = withVfio(function* (t) {
    const i = yield* start(t)
    expect(yield* mapFile(i, i.dmabuf, 0, 0)).toBe(-EINVAL)
    expect(yield* mapFile(i, i.dmabuf, 2 ** 63, 2 ** 63 + 2 ** 20)).toBe(-EOVERFLOW)
    expect(yield* mapFile(i, i.dmabuf, PAGE, 2 * PAGE)).toBe(-EINVAL)
    expect(yield* mapFile(i, i.dmabuf, 0, 2 * PAGE)).toBe(0)
    expect(t.copy.dma_write(IOVA + PAGE, Uint8Array.of(1, 2, 3, 4))).toBe(true)
    yield* sim(libc.lseek(i.card, BAR * v.VFIO_PCI_OFFSET + 2 * PAGE, 0))
    const bytes = new Uint8Array(4)
    yield* sim(libc.read(i.card, bytes, 4))
    expect([...bytes]).toEqual([1, 2, 3, 4])
    const two = yield* lend(i.card, [0, PAGE], [8 * PAGE, PAGE])
    expect(yield* mapFile(i, two, 0, 2 * PAGE, IOVA + 16 * PAGE)).toBe(-EOPNOTSUPP)
    expect(yield* unmap(i, IOVA, 2 * PAGE)).toBe(0)
    expect(t.copy.dma_write(IOVA + PAGE, Uint8Array.of(1))).toBe(false)
  })
  expect(k.kinds).toEqual([])
})

test('IOMMUFD-15, P2P-09 dmabuf_revoke: gone from all tables with the memory, and not back with it', () => {
  const k = withVfio(function* (t) {
    const i = yield* start(t)
    expect(yield* mapFile(i, i.dmabuf, 0, 2 * PAGE)).toBe(0)
    expect(t.copy.dma_write(IOVA, Uint8Array.of(1))).toBe(true)
    yield* command(i.card, 0)
    expect(t.copy.dma_write(IOVA, Uint8Array.of(1))).toBe(false)
    expect(yield* mapFile(i, i.dmabuf, 0, PAGE, IOVA + 16 * PAGE)).toBe(-ENODEV)
    yield* command(i.card, PCI_COMMAND_MEMORY)
    expect(t.copy.dma_write(IOVA, Uint8Array.of(1))).toBe(false)
    expect(yield* unmap(i, IOVA, 2 * PAGE)).toBe(0)
    expect(yield* mapFile(i, i.dmabuf, 0, 2 * PAGE)).toBe(0)
    expect(t.copy.dma_write(IOVA, Uint8Array.of(1))).toBe(true)
  })
  expect(k.kinds).toEqual([])
})

test('IOMMUFD-15: while it is revoked, a new table gets the area without anything behind', () => {
  withVfio(function* (t) {
    const i = yield* start(t)
    expect(yield* mapFile(i, i.dmabuf, 0, PAGE)).toBe(0)
    yield* command(i.card, 0)
    expect(yield* io(i.copier, v.VFIO_DEVICE_DETACH_IOMMUFD_PT, { argsz: 8, flags: 0 })).toBe(0)
    const attach = { argsz: 12, flags: 0, pt_id: i.ioas }
    expect(yield* io(i.copier, v.VFIO_DEVICE_ATTACH_IOMMUFD_PT, attach)).toBe(0)
    expect(t.copy.dma_write(IOVA, Uint8Array.of(1))).toBe(false)
    expect(yield* unmap(i, IOVA, PAGE)).toBe(0)
    expect(yield* anonymous(PAGE)).toBeGreaterThan(0)
  })
})
