import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import * as mm from '../../../src-sim/linux/mm'
import type { page } from '../../../src-sim/kernel/mm/page'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { play } from '../device-model/kit'
import { fget, fput } from '../../../src-sim/linux/fs'
import { ptr } from '../../../src-sim/linux/types'
import { BASE, both, events, map, PAGE, record } from './kit'

function* memfd(pages: number, flags: number = libc.MFD_ALLOW_SEALING): Sim<number> {
  const fd = yield* sim(libc.memfd_create('test', flags))
  yield* sim(libc.ftruncate(fd, pages * PAGE))
  return fd
}

const shared = (fd: number, pages: number, prot = 3) =>
  sim(libc.mmap(null, pages * PAGE, prot, libc.MAP_SHARED, fd, 0))

function* fails(call: number, errno: number): Sim {
  expect([yield* sim(call), libc.errno()]).toEqual([-1, errno])
}

test('all mappings and the file show the same bytes; private ones part when written', () => {
  play(function* () {
    const fd = yield* memfd(2)
    const a = yield* shared(fd, 2)
    const b = yield* shared(fd, 2)
    const c = yield* sim(libc.mmap(null, PAGE, 3, libc.MAP_PRIVATE, fd, 0))
    yield* sim(libc.store8(a, 1, 5))
    expect([yield* sim(libc.load8(b, 1)), yield* sim(libc.load8(c, 1))]).toEqual([5, 5])
    const r = record()
    yield* sim(libc.store8(c, 1, 6))
    expect(events(r)).toEqual(both(`CLEAR ${c.toString(16)} 1`))
    const bytes = new Uint8Array(2)
    expect(yield* sim(libc.read(fd, bytes, 2))).toBe(2)
    expect([...bytes]).toEqual([0, 5])
    expect(yield* sim(libc.load8(c, 1))).toBe(6)
  })
})

test('behind the end of the file there is nothing', () => {
  play(function* () {
    const fd = yield* memfd(1)
    const at = yield* shared(fd, 2)
    expect(yield* sim(libc.catch_fault(() => libc.load8(at, PAGE)))).toBe(libc.SIGBUS)
    yield* sim(libc.ftruncate(fd, 2 * PAGE))
    expect(yield* sim(libc.load8(at, PAGE))).toBe(0)
  })
})

test('MM-13: truncation takes the page from the mapping, not from whoever has pinned it', () => {
  play(function* () {
    const fd = yield* memfd(1)
    const at = yield* shared(fd, 1)
    yield* sim(libc.store8(at, 0, 7))
    const pages: page[] = []
    yield* sim(mm.pin_user_pages_fast(at, 1, mm.FOLL_WRITE | mm.FOLL_LONGTERM, pages))
    const r = record()
    yield* sim(libc.ftruncate(fd, 0))
    expect(events(r)).toEqual(both(`CLEAR ${at.toString(16)} 1`))
    yield* sim(libc.ftruncate(fd, PAGE))
    expect(yield* sim(libc.load8(at))).toBe(0)
    expect([mm.page_address(pages[0]!)[0], mm.page_ref_count(pages[0]!)]).toEqual([7, 1024])
    mm.unpin_user_page(pages[0]!)
    expect(mm.page_ref_count(pages[0]!)).toBe(0)
  })
})

test('a hole reads as zeros', () => {
  play(function* () {
    const fd = yield* memfd(2)
    const at = yield* shared(fd, 2)
    yield* sim(libc.memset(at, 3, 2 * PAGE))
    const hole = libc.FALLOC_FL_PUNCH_HOLE | libc.FALLOC_FL_KEEP_SIZE
    expect(yield* sim(libc.fallocate(fd, hole, 0, PAGE))).toBe(0)
    expect([yield* sim(libc.load8(at)), yield* sim(libc.load8(at, PAGE))]).toEqual([0, 3])
  })
})

test('seals: what they forbid, and when they come too late', () => {
  play(function* () {
    const fd = yield* memfd(1)
    const seal = (seals: number) => libc.fcntl(fd, libc.F_ADD_SEALS, seals)
    const at = yield* shared(fd, 1)
    yield* fails(seal(libc.F_SEAL_WRITE), 16)
    yield* sim(libc.munmap(at, PAGE))
    expect(yield* sim(seal(libc.F_SEAL_SHRINK | libc.F_SEAL_WRITE))).toBe(0)
    yield* fails(libc.ftruncate(fd, 0), 1)
    yield* fails(libc.write(fd, 'x'), 1)
    yield* fails(libc.mmap(null, PAGE, 3, libc.MAP_SHARED, fd, 0), 1)
    const read = yield* shared(fd, 1, libc.PROT_READ)
    yield* fails(libc.mprotect(read, PAGE, 3), 13)
    expect(yield* sim(seal(libc.F_SEAL_SEAL))).toBe(0)
    yield* fails(seal(libc.F_SEAL_GROW), 1)
    expect(yield* sim(libc.fcntl(fd, libc.F_GET_SEALS))).toBe(
      libc.F_SEAL_SHRINK | libc.F_SEAL_WRITE | libc.F_SEAL_SEAL,
    )
  })
})

test('without MFD_ALLOW_SEALING a memfd is sealed against seals', () => {
  play(function* () {
    const fd = yield* memfd(1, 0)
    expect(yield* sim(libc.fcntl(fd, libc.F_GET_SEALS))).toBe(libc.F_SEAL_SEAL)
    yield* fails(libc.fcntl(fd, libc.F_ADD_SEALS, libc.F_SEAL_GROW), 1)
  })
})

test('the file lives as long as a mapping of it, and its pages as long as the file', () => {
  play(function* () {
    const fd = yield* memfd(1)
    const at = yield* shared(fd, 1)
    yield* sim(libc.store8(at, 0, 1))
    const held: page[] = []
    yield* sim(mm.get_user_pages_fast(at, 1, 0, held))
    yield* sim(libc.close(fd))
    expect(mm.page_ref_count(held[0]!)).toBe(3)
    yield* sim(libc.munmap(at, PAGE))
    expect(mm.page_ref_count(held[0]!)).toBe(1)
    mm.put_page(held[0]!)
  })
})

test('programs read files into mapped memory, and write from it', () => {
  play(function* () {
    const fd = yield* memfd(1)
    yield* map(1)
    yield* sim(libc.strcpy(BASE, 'abc'))
    expect(yield* sim(libc.write(fd, BASE, 3))).toBe(3)
    yield* sim(libc.lseek(fd, 1, libc.SEEK_SET))
    expect(yield* sim(libc.read(fd, BASE + 8, 2))).toBe(2)
    expect(yield* sim(libc.memcmp(BASE + 8, 'bc', 2))).toBe(0)
    yield* fails(libc.read(fd, 0x5000, 2), 14)
  })
})

test('memfd_pin_folios pins what a range of the file needs, whether or not it was touched', () => {
  play(function* () {
    const fd = yield* memfd(4)
    const file = fget(fd)
    const folios: (page | null)[] = []
    const offset = ptr(0)
    const pin = (end: number, max: number) =>
      sim(mm.memfd_pin_folios(file, PAGE + 100, end, folios, max, offset))
    expect(yield* pin(3 * PAGE - 1, 8)).toBe(2)
    expect([offset.value, mm.page_maybe_dma_pinned(folios[0]!)]).toEqual([100, true])
    yield* fails(libc.fcntl(fd, libc.F_ADD_SEALS, libc.F_SEAL_WRITE), 16)
    yield* sim(mm.unpin_folios(folios as page[], 2))
    expect(yield* sim(libc.fcntl(fd, libc.F_ADD_SEALS, libc.F_SEAL_WRITE))).toBe(0)
    expect([yield* pin(0, 8), yield* pin(3 * PAGE, 0)]).toEqual([-22, -22])
    fput(file!)
  })
})
