import { describe, expect, it } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import * as b from '../../../src-sim/linux/dma-buf'
import { dma_heap_add } from '../../../src-sim/linux/dma-heap'
import { dma_set_mask_and_coherent } from '../../../src-sim/linux/dma-mapping'
import { iosys_map } from '../../../src-sim/linux/iosys-map'
import * as u from '../../../src-sim/linux/udmabuf'
import { DMA_HEAP_IOCTL_ALLOC } from '../../../src-sim/linux/user/dma-heap'
import * as libc from '../../../src-sim/linux/user/libc'
import * as mman from '../../../src-sim/linux/user/mman'
import { sim } from '../../sim/harness'
import { checked, type Say } from '../checked'
import { err, newDevice } from './support'

const PAGE = 4096

function* result(answer: number): Sim<number> {
  const ret = yield* sim(answer)
  return ret < 0 ? -libc.errno() : ret
}

const shared = (length: number, fd: number, flags: number = mman.MAP_SHARED): Sim<number> =>
  sim(mman.mmap(null, length, mman.PROT_READ | mman.PROT_WRITE, flags, fd, 0))

function* sync(fd: number, flags: number): Sim<number> {
  return yield* result(libc.ioctl(fd, b.DMA_BUF_IOCTL_SYNC, { flags }))
}

describe('the system heap', () => {
  function* heap(): Sim<number> {
    return yield* sim(libc.open('/dev/dma_heap/system', libc.O_RDWR))
  }

  function* alloc(heapFd: number, len: number, more: object = {}): Sim<number> {
    const arg = { len, fd: 0, fd_flags: b.O_RDWR, heap_flags: 0, ...more }
    const ret = yield* result(libc.ioctl(heapFd, DMA_HEAP_IOCTL_ALLOC, arg))
    return ret < 0 ? ret : arg.fd
  }

  it('dmabuf-heap: allocate, map, and use between SYNC start and end', () => {
    checked(function* () {
      const fd = yield* alloc(yield* heap(), PAGE)
      expect(fd).toBeGreaterThanOrEqual(0)
      const at = yield* shared(PAGE, fd)
      expect(yield* sync(fd, b.DMA_BUF_SYNC_START | b.DMA_BUF_SYNC_RW)).toBe(0)
      yield* sim(mman.store32(at, 0, 77))
      expect(yield* sim(mman.load32(at, 0))).toBe(77)
      expect(yield* sync(fd, b.DMA_BUF_SYNC_END | b.DMA_BUF_SYNC_RW)).toBe(0)
    })
  })

  it('dmabuf-heap: what was used before is zero when it is allocated again', () => {
    checked(function* () {
      const fd = yield* heap()
      for (let round = 0; round < 2; round++) {
        const made: number[] = []
        for (let i = 0; i < 4; i++) {
          const buffer = yield* alloc(fd, 2 * PAGE)
          const at = yield* shared(2 * PAGE, buffer)
          for (const offset of [0, PAGE]) {
            expect(yield* sim(mman.load32(at, offset))).toBe(0)
            yield* sim(mman.store32(at, offset, 0xdeadbeef))
          }
          yield* sim(mman.munmap(at, 2 * PAGE))
          made.push(buffer)
        }
        for (const buffer of made) yield* sim(libc.close(buffer))
      }
    })
  })

  it('DBUF-41 dmabuf-heap: bad descriptor, flags and length', () => {
    const { log } = checked(function* (say) {
      const fd = yield* heap()
      say(yield* alloc(-1, PAGE), yield* alloc(fd, PAGE, { heap_flags: 1 }))
      say(yield* alloc(fd, PAGE, { fd_flags: 0o100 }), yield* alloc(fd, PAGE, { fd: 1 }), yield* alloc(fd, 0))
      say(yield* result(libc.ioctl(fd, DMA_HEAP_IOCTL_ALLOC, null)))
      say(yield* result(libc.ioctl(fd, DMA_HEAP_IOCTL_ALLOC + 1, null)))
    })
    expect(log).toEqual(['-9 -22', '-22 -22 -22', '-14', '-22'])
  })

  it('DBUF-13 DBUF-36 one table for each attachment; the CPU\'s bracket reaches the mapped ones', () => {
    const { kinds } = checked(function* () {
      const dmabuf = b.dma_buf_get(yield* alloc(yield* heap(), 3 * PAGE))
      const dev = newDevice('importer')
      dev.dma_mask = 0xffffffff
      dma_set_mask_and_coherent(dev, 0xffffffff)
      const attach = yield* sim(b.dma_buf_attach(dmabuf, dev))
      const one = yield* sim(b.dma_buf_map_attachment_unlocked(attach, b.DMA_BIDIRECTIONAL))
      expect(b.IS_ERR(one)).toBe(false)
      expect(one.sgl.reduce((sum, sg) => sum + sg.dma_length, 0)).toBe(3 * PAGE)
      expect(yield* sim(b.dma_buf_begin_cpu_access(dmabuf, b.DMA_FROM_DEVICE))).toBe(0)
      expect(yield* sim(b.dma_buf_end_cpu_access(dmabuf, b.DMA_FROM_DEVICE))).toBe(0)
      yield* sim(b.dma_buf_unmap_attachment_unlocked(attach, one, b.DMA_BIDIRECTIONAL))
      const two = yield* sim(b.dma_buf_map_attachment_unlocked(attach, b.DMA_BIDIRECTIONAL))
      expect(two).toBe(one)
      yield* sim(b.dma_buf_unmap_attachment_unlocked(attach, two, b.DMA_BIDIRECTIONAL))
      yield* sim(b.dma_buf_detach(dmabuf, attach))
    })
    expect(new Set(kinds)).toEqual(new Set(['device.use-unbound']))
  })

  it('DBUF-34 its mappings are made at once, and outlive the descriptor', () => {
    checked(function* () {
      const fd = yield* alloc(yield* heap(), PAGE)
      const at = yield* shared(PAGE, fd)
      yield* sim(libc.close(fd))
      yield* sim(mman.store32(at, 0, 5))
      expect(yield* sim(mman.load32(at, 0))).toBe(5)
    })
  })

  it('heaps of drivers: no name, no operations and a known name are refused with a message', () => {
    const { log, dmesg } = checked(function* (say) {
      const ops = { allocate: () => b.ERR_PTR<b.dma_buf>(-12) }
      say(err(yield* sim(dma_heap_add({ name: '', ops }))))
      say(err(yield* sim(dma_heap_add({ name: 'mine', ops: null }))))
      say(err(yield* sim(dma_heap_add({ name: 'mine', ops }))))
      say(err(yield* sim(dma_heap_add({ name: 'mine', ops }))))
      const fd = yield* sim(libc.open('/dev/dma_heap/mine', libc.O_RDWR))
      say(yield* alloc(fd, PAGE))
    })
    expect(log).toEqual(['-22', '-22', '0', '-22', '-12'])
    expect(dmesg).toEqual([
      'dma_heap: Cannot add heap without a name',
      'dma_heap: Cannot add heap with invalid ops struct',
      'dma_heap: Already registered heap named mine',
    ])
  })
})

describe('udmabuf', () => {
  function* memfd(pages: number, seals: number = mman.F_SEAL_SHRINK): Sim<number> {
    const fd = yield* sim(mman.memfd_create('test', mman.MFD_ALLOW_SEALING))
    yield* sim(mman.ftruncate(fd, pages * PAGE))
    yield* sim(mman.fcntl(fd, mman.F_ADD_SEALS, seals))
    return fd
  }

  function* create(item: object): Sim<number> {
    const fd = yield* sim(libc.open('/dev/udmabuf', libc.O_RDWR))
    return yield* result(libc.ioctl(fd, u.UDMABUF_CREATE, { flags: 0, offset: 0, size: 0, ...item }))
  }

  it('DBUF-41 offsets, sizes and seals; what is no memfd', () => {
    const { log } = checked(function* (say) {
      const fd = yield* memfd(4)
      say(yield* create({ memfd: fd, offset: 1, size: PAGE }), yield* create({ memfd: fd, size: 100 }))
      say(yield* create({ memfd: fd, size: 0 }), yield* create({ memfd: fd, size: 65 << 20 }))
      say(yield* create({ memfd: fd, size: 5 * PAGE }))
      const udmabuf = yield* sim(libc.open('/dev/udmabuf', libc.O_RDWR))
      say(yield* create({ memfd: 99, size: PAGE }), yield* create({ memfd: udmabuf, size: PAGE }))
      say(yield* create({ memfd: yield* memfd(4, mman.F_SEAL_GROW), size: PAGE }))
      const sealed = yield* memfd(4, mman.F_SEAL_SHRINK | mman.F_SEAL_WRITE)
      say(yield* create({ memfd: sealed, size: PAGE }))
      const list = { flags: 0, count: 1025, list: [] }
      say(yield* result(libc.ioctl(udmabuf, u.UDMABUF_CREATE_LIST, list)))
      say(yield* result(libc.ioctl(udmabuf, u.UDMABUF_CREATE, null)))
    })
    expect(log).toEqual(['-22 -22', '-22 -22', '-22', '-77 -77', '-22', '-22', '-22', '-14'])
  })

  it('the same memory through the memfd and through the buffer', () => {
    checked(function* () {
      const fd = yield* memfd(4)
      const before = yield* shared(4 * PAGE, fd)
      yield* sim(mman.store32(before, PAGE, 11))
      const buffer = yield* create({ memfd: fd, offset: PAGE, size: 2 * PAGE })
      const at = yield* shared(2 * PAGE, buffer)
      expect(yield* sim(mman.load32(at, 0))).toBe(11)
      yield* sim(mman.store32(at, PAGE, 12))
      expect(yield* sim(mman.load32(before, 2 * PAGE))).toBe(12)
    })
  })

  it('DBUF-41 a private mapping is refused', () => {
    checked(function* () {
      const buffer = yield* create({ memfd: yield* memfd(1), size: PAGE })
      expect(yield* shared(PAGE, buffer, mman.MAP_PRIVATE)).toBe(mman.MAP_FAILED)
      expect(libc.errno()).toBe(22)
    })
  })

  it('DBUF-36 ending an access that was not begun is -EINVAL', () => {
    const { log } = checked(function* (say) {
      const buffer = yield* create({ memfd: yield* memfd(1), size: PAGE })
      say(yield* sync(buffer, b.DMA_BUF_SYNC_END | b.DMA_BUF_SYNC_READ))
      say(yield* sync(buffer, b.DMA_BUF_SYNC_START | b.DMA_BUF_SYNC_READ))
      say(yield* sync(buffer, b.DMA_BUF_SYNC_END | b.DMA_BUF_SYNC_READ))
    })
    expect(log).toEqual(['-22', '0', '0'])
  })

  it('the kernel\'s own mapping shows the same', () => {
    checked(function* (_say: Say) {
      const fd = yield* memfd(1)
      const at = yield* shared(PAGE, fd)
      yield* sim(mman.store32(at, 0, 9))
      const dmabuf = b.dma_buf_get(yield* create({ memfd: fd, size: PAGE }))
      const map = new iosys_map()
      expect(yield* sim(b.dma_buf_vmap_unlocked(dmabuf, map))).toBe(0)
      expect((map.vaddr as Uint8Array)[0]).toBe(9)
      yield* sim(b.dma_buf_vunmap_unlocked(dmabuf, map))
    })
  })
})
