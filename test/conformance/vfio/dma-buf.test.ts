import { expect, it } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { PCI_COMMAND_MEMORY } from '../../../src-sim/kernel/pci/config'
import { hostBridge } from '../../../src-sim/kernel/pci/p2pdma-route'
import * as b from '../../../src-sim/linux/dma-buf'
import { dma_buf_phys_vec_to_sgt } from '../../../src-sim/linux/dma-buf-mapping'
import * as libc from '../../../src-sim/linux/user/libc'
import * as mman from '../../../src-sim/linux/user/mman'
import * as v from '../../../src-sim/linux/vfio_pci_core'
import { sim } from '../../sim/harness'
import { locked } from '../dma-buf/support'
import { command, container, io, PAGE, withVfio, type Vfio } from './vfio-kit'

const BAR = 2

/** The feature call for pages of the memory BAR; the descriptor, or -errno. */
function lend(fd: number, more: object = {}, head: object = {}): Sim<number> {
  const flags = v.VFIO_DEVICE_FEATURE_GET | v.VFIO_DEVICE_FEATURE_DMA_BUF
  const data = {
    region_index: BAR, open_flags: 2, flags: 0, nr_ranges: 1,
    dma_ranges: [{ offset: 0, length: 2 * PAGE }], ...more,
  }
  return io(fd, v.VFIO_DEVICE_FEATURE, { argsz: 48, flags, data, ...head })
}

/** The descriptor of the memory card, whose BAR a program has mapped. */
function* opened(t: Vfio): Sim<number> {
  Object.assign(hostBridge(t.kit.machine), { vendor: 0x8086, device: 0x2030 })
  const { devices } = yield* container(t)
  const [fd] = devices
  yield* sim(mman.mmap(null, PAGE, 3, mman.MAP_SHARED, fd!, BAR * v.VFIO_PCI_OFFSET))
  return fd!
}

const hook = (log: string[]): b.dma_buf_attach_ops => ({
  allow_peer2peer: true,
  invalidate_mappings: () => void log.push('told'),
})

const attachTo = (t: Vfio, dmabuf: b.dma_buf, io_: b.dma_buf_attach_ops | null) =>
  sim(b.dma_buf_dynamic_attach(dmabuf, t.cards[1]!.dev, io_, null))

it('DBUF-27 what the call refuses, in order', () => {
  withVfio(function* (t) {
    const { devices } = yield* container(t)
    const fd = devices[0]!
    const answers: number[] = []
    const get = v.VFIO_DEVICE_FEATURE_GET | v.VFIO_DEVICE_FEATURE_DMA_BUF
    answers.push(yield* lend(fd, {}, { flags: v.VFIO_DEVICE_FEATURE_SET | v.VFIO_DEVICE_FEATURE_DMA_BUF }))
    answers.push(yield* lend(fd, {}, { argsz: 12 }), yield* lend(fd, {}, { flags: get | v.VFIO_DEVICE_FEATURE_PROBE }))
    answers.push(yield* lend(fd, {}, { data: null }))
    answers.push(yield* lend(fd, { nr_ranges: 0 }), yield* lend(fd, { flags: 1 }))
    answers.push(yield* lend(fd, { region_index: v.VFIO_PCI_ROM_REGION_INDEX }), yield* lend(fd))
    yield* sim(mman.mmap(null, PAGE, 3, mman.MAP_SHARED, fd, BAR * v.VFIO_PCI_OFFSET))
    for (const [offset, length] of [[0, 0], [1, PAGE], [0, 100], [0, 17 * PAGE]] as const)
      answers.push(yield* lend(fd, { dma_ranges: [{ offset, length }] }))
    expect(answers).toEqual([-22, -22, 0, -14, -22, -22, -19, -19, -22, -22, -22, -22])
  })
})

it('DBUF-26 attaching: peer-to-peer, not revoked, and with a hook; nothing else is offered', () => {
  withVfio(function* (t) {
    const fd = yield* opened(t)
    const buffer = yield* lend(fd)
    const dmabuf = b.dma_buf_get(buffer)
    expect(dmabuf.size).toBe(2 * PAGE)
    const answers = []
    for (const ops of [null, { allow_peer2peer: true }, hook([])])
      answers.push(b.PTR_ERR(yield* attachTo(t, dmabuf, ops)))
    expect(answers).toEqual([-95, -95, 0])
    expect(yield* sim(mman.mmap(null, PAGE, 3, mman.MAP_SHARED, buffer, 0))).toBe(mman.MAP_FAILED)
  })
})

it('DBUF-26 DBUF-24 memory off: told, waited for, and maps fail; memory on: told again, and back', () => {
  withVfio(function* (t) {
    const log: string[] = []
    const fd = yield* opened(t)
    const dmabuf = b.dma_buf_get(yield* lend(fd))
    const attach = yield* attachTo(t, dmabuf, hook(log))
    const map = () => sim(b.dma_buf_map_attachment_unlocked(attach, b.DMA_BIDIRECTIONAL))
    const table = yield* map()
    expect([table.orig_nents, table.nents]).toEqual([0, 1])
    expect(table.sgl[0]!.dma_length).toBe(2 * PAGE)
    yield* sim(b.dma_buf_unmap_attachment_unlocked(attach, table, b.DMA_BIDIRECTIONAL))
    yield* command(fd, 0)
    log.push(`map ${b.PTR_ERR(yield* map())}`)
    yield* command(fd, PCI_COMMAND_MEMORY)
    log.push(`map ${b.PTR_ERR(yield* map())}`)
    expect(log).toEqual(['told', 'map -19', 'told', 'map 0'])
  })
})

it('DBUF-26 a buffer that is exported while memory is off is revoked from the start', () => {
  withVfio(function* (t) {
    const fd = yield* opened(t)
    yield* command(fd, 0)
    const dmabuf = b.dma_buf_get(yield* lend(fd))
    expect(b.PTR_ERR(yield* attachTo(t, dmabuf, hook([])))).toBe(-19)
  })
})

it('DBUF-26 DBUF-29 after the device is closed its buffers are empty shells', () => {
  withVfio(function* (t) {
    const log: string[] = []
    const { devices } = yield* container(t)
    const fd = devices[0]!
    const at = yield* sim(mman.mmap(null, PAGE, 3, mman.MAP_SHARED, fd, BAR * v.VFIO_PCI_OFFSET))
    const buffer = yield* lend(fd)
    const dmabuf = b.dma_buf_get(buffer)
    const attach = yield* attachTo(t, dmabuf, hook(log))
    yield* sim(mman.munmap(at, PAGE))
    yield* sim(libc.close(fd))
    expect(log).toEqual(['told'])
    expect(b.PTR_ERR(yield* sim(b.dma_buf_map_attachment_unlocked(attach, 0)))).toBe(-19)
    yield* sim(b.dma_buf_detach(dmabuf, attach))
    b.dma_buf_put(dmabuf)
    yield* sim(libc.close(buffer))
  })
})

it('DBUF-32 where the host bridge does not forward there is no way: -EINVAL', () => {
  withVfio(function* (t) {
    const fd = yield* opened(t)
    const dmabuf = b.dma_buf_get(yield* lend(fd))
    const attach = yield* attachTo(t, dmabuf, hook([]))
    Object.assign(hostBridge(t.kit.machine), { vendor: 0x8086, device: 0x29c0 })
    expect(b.PTR_ERR(yield* sim(b.dma_buf_map_attachment_unlocked(attach, 0)))).toBe(-22)
  })
})

it('DBUF-32 no provider is a WARN and -EINVAL; ranges without a gap are one run', () => {
  const k = withVfio(function* (t) {
    const fd = yield* opened(t)
    const dma_ranges = [{ offset: 0, length: PAGE }, { offset: PAGE, length: PAGE }]
    const dmabuf = b.dma_buf_get(yield* lend(fd, { nr_ranges: 2, dma_ranges }))
    const attach = yield* attachTo(t, dmabuf, hook([]))
    const table = yield* sim(b.dma_buf_map_attachment_unlocked(attach, 0))
    expect(table.sgl.reduce((sum, sg) => sum + sg.dma_length, 0)).toBe(2 * PAGE)
    yield* sim(b.dma_buf_unmap_attachment_unlocked(attach, table, 0))
    yield* locked(dmabuf, function* (): Sim {
      expect(b.PTR_ERR(dma_buf_phys_vec_to_sgt(attach, null, [], 0, 0, 0))).toBe(-22)
    })
  })
  expect(k.kinds).toEqual(['warn.dma-buf-null'])
})
