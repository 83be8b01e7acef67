import { expect, test } from 'vitest'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { play } from '../device-model/kit'
import { BASE, both, events, map, mine, PAGE, pageAt, pte, record, touch } from './kit'

const fails = function* (call: number, errno: number) {
  expect([yield* sim(call), libc.errno()]).toEqual([-1, errno])
}

test('mmap: the program chooses the place, or the kernel does, from the top down', () => {
  play(function* () {
    expect(yield* map(8)).toBe(BASE)
    const anon = libc.MAP_PRIVATE | libc.MAP_ANONYMOUS
    const a = yield* sim(libc.mmap(null, PAGE, 3, anon, -1, 0))
    const b = yield* sim(libc.mmap(null, 10, libc.PROT_READ, anon, -1, 0))
    expect([a % PAGE, a - b]).toEqual([0, PAGE])
    expect(yield* sim(libc.mmap(BASE, PAGE, 3, anon, -1, 0))).not.toBe(BASE)
  })
})

test('mmap refuses what it must', () => {
  play(function* () {
    const anon = libc.MAP_PRIVATE | libc.MAP_ANONYMOUS
    yield* fails(libc.mmap(null, 0, 3, anon, -1, 0), 22)
    yield* fails(libc.mmap(null, PAGE, 3, libc.MAP_ANONYMOUS, -1, 0), 22)
    yield* fails(libc.mmap(null, PAGE, 3, anon, -1, 5), 22)
    yield* fails(libc.mmap(BASE + 1, PAGE, 3, anon | libc.MAP_FIXED, -1, 0), 22)
    yield* fails(libc.mmap(null, 2 ** 50, 3, anon, -1, 0), 12)
    yield* fails(libc.mmap(null, PAGE, 3, libc.MAP_PRIVATE, 77, 0), 9)
    yield* map(1)
    yield* fails(libc.mmap(BASE, PAGE, 3, anon | libc.MAP_FIXED_NOREPLACE, -1, 0), 17)
  })
})

test('MMUN-22: mapping over an old mapping tells UNMAP of exactly what is replaced', () => {
  play(function* () {
    yield* map(8)
    yield* touch(BASE, 8)
    const r = record()
    yield* map(2, BASE + 2 * PAGE)
    expect(events(r)).toEqual(both('UNMAP 10002000 2'))
    expect(pte(BASE + 2 * PAGE)).toBeNull()
    expect(pte(BASE)).not.toBeNull()
  })
})

test('neighbours that differ in nothing are one mapping; mprotect splits and merges', () => {
  play(function* () {
    yield* map(2)
    yield* map(2, BASE + 2 * PAGE)
    const count = () => mine().$vmas.filter((vma) => vma.vm_start < 2 ** 32 && vma.vm_start >= BASE).length
    expect(count()).toBe(1)
    yield* sim(libc.mprotect(BASE + PAGE, PAGE, libc.PROT_READ))
    expect(count()).toBe(3)
    yield* sim(libc.mprotect(BASE + PAGE, PAGE, 3))
    expect(count()).toBe(1)
  })
})

test('MMUN-23: one munmap is one UNMAP pair of its span, holes and untouched pages included', () => {
  play(function* () {
    yield* map(8)
    const r = record()
    expect(yield* sim(libc.munmap(BASE + 2 * PAGE, 2 * PAGE))).toBe(0)
    expect(yield* sim(libc.munmap(BASE, 8 * PAGE))).toBe(0)
    expect(yield* sim(libc.munmap(BASE, 8 * PAGE))).toBe(0)
    expect(events(r)).toEqual([...both('UNMAP 10002000 2'), ...both('UNMAP 10000000 8')])
  })
})

test('MM-09: entries are there at the start, gone at the end; pages go only after that', () => {
  play(function* () {
    yield* map(1)
    yield* touch(BASE, 1)
    const page = pageAt(BASE)!
    const r = record()
    const states: unknown[] = []
    r.seen.push(() => states.push([pte(BASE) !== null, page.$refs]))
    yield* sim(libc.munmap(BASE, PAGE))
    expect(states).toEqual([[true, 1], [false, 1]])
    expect(page.$refs).toBe(0)
    expect(r.log.map((line) => line.split(' ')[0])).toEqual(['start', 'end', 'tlb'])
  })
})

test('munmap refuses an odd address and a length of nothing', () => {
  play(function* () {
    yield* fails(libc.munmap(BASE + 1, PAGE), 22)
    yield* fails(libc.munmap(BASE, 0), 22)
  })
})

test('MMUN-23: mprotect tells its span when there is a table, not when nothing changes', () => {
  play(function* () {
    yield* map(8)
    const r = record()
    yield* sim(libc.mprotect(BASE, 8 * PAGE, libc.PROT_READ))
    expect(events(r)).toEqual([])
    yield* sim(libc.mprotect(BASE, 8 * PAGE, 3))
    yield* touch(BASE, 1)
    yield* sim(libc.mprotect(BASE, 8 * PAGE, 3))
    expect(events(r)).toEqual([])
    yield* sim(libc.mprotect(BASE + 4 * PAGE, 2 * PAGE, libc.PROT_READ))
    expect(events(r)).toEqual(both('PROTECTION_VMA 10004000 2'))
  })
})

test('mprotect: a hole ends it with ENOMEM; what may be written may become so', () => {
  play(function* () {
    yield* map(1)
    yield* fails(libc.mprotect(BASE, 2 * PAGE, libc.PROT_READ), 12)
    yield* fails(libc.mprotect(BASE + 1, PAGE, libc.PROT_READ), 22)
    const fd = yield* sim(libc.memfd_create('m'))
    yield* sim(libc.ftruncate(fd, PAGE))
    const at = yield* sim(libc.mmap(null, PAGE, libc.PROT_READ, libc.MAP_SHARED, fd, 0))
    expect(yield* sim(libc.mprotect(at, PAGE, 3))).toBe(0)
  })
})

test('MMUN-22: mremap moves the entries, and tells UNMAP of the old place twice', () => {
  play(function* () {
    yield* map(2)
    yield* sim(libc.store32(BASE, 4, 42))
    const r = record()
    const flags = libc.MREMAP_MAYMOVE | libc.MREMAP_FIXED
    const to = yield* sim(libc.mremap(BASE, 2 * PAGE, 2 * PAGE, flags, 0x20000000))
    expect(to).toBe(0x20000000)
    expect(events(r)).toEqual([...both('UNMAP 10000000 2'), ...both('UNMAP 10000000 2')])
    expect(yield* sim(libc.load32(to, 4))).toBe(42)
    yield* fails(libc.mremap(BASE, PAGE, PAGE, 0), 14)
  })
})

test('mremap grows where there is room, shrinks, and needs leave to move', () => {
  play(function* () {
    yield* map(2)
    expect(yield* sim(libc.mremap(BASE, 2 * PAGE, 4 * PAGE, 0))).toBe(BASE)
    yield* touch(BASE, 4)
    expect(yield* sim(libc.mremap(BASE, 4 * PAGE, PAGE, 0))).toBe(BASE)
    expect(pte(BASE + PAGE)).toBeNull()
    yield* map(1, BASE + PAGE, libc.PROT_READ)
    yield* fails(libc.mremap(BASE, PAGE, 2 * PAGE, 0), 12)
    expect(yield* sim(libc.mremap(BASE, PAGE, 2 * PAGE, libc.MREMAP_MAYMOVE))).not.toBe(BASE)
    yield* fails(libc.mremap(BASE + PAGE, PAGE, PAGE, libc.MREMAP_FIXED, 0x20000000), 22)
  })
})

test('MMUN-22: MADV_DONTNEED tells CLEAR, and the next touch finds zeros', () => {
  play(function* () {
    yield* map(4)
    yield* touch(BASE, 4)
    const r = record()
    expect(yield* sim(libc.madvise(BASE, 2 * PAGE, libc.MADV_DONTNEED))).toBe(0)
    expect(events(r)).toEqual(both('CLEAR 10000000 2'))
    expect(yield* sim(libc.load8(BASE))).toBe(0)
    expect(yield* sim(libc.load8(BASE + 2 * PAGE))).toBe(1)
    yield* fails(libc.madvise(BASE, PAGE, 999), 22)
    yield* fails(libc.madvise(BASE, 8 * PAGE, libc.MADV_DONTNEED), 12)
  })
})
