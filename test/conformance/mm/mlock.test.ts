import { expect, test } from 'vitest'
import { CAP_IPC_LOCK, capable } from '../../../src-sim/linux/capability'
import * as mm from '../../../src-sim/linux/mm'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { play } from '../device-model/kit'
import { BASE, both, events, map, mine, PAGE, pte, record, touch } from './kit'

test('mlock brings pages in and counts them until munlock or munmap', () => {
  play(function* () {
    yield* map(4)
    expect(yield* sim(libc.mlock(BASE, 2 * PAGE))).toBe(0)
    expect([mine().locked_vm, pte(BASE) !== null, pte(BASE + 2 * PAGE)]).toEqual([2, true, null])
    expect([yield* sim(libc.madvise(BASE, PAGE, libc.MADV_DONTNEED)), libc.errno()]).toEqual([-1, 22])
    expect(yield* sim(libc.munlock(BASE, PAGE))).toBe(0)
    expect(mine().locked_vm).toBe(1)
    yield* sim(libc.munmap(BASE, 4 * PAGE))
    expect(mine().locked_vm).toBe(0)
    expect([yield* sim(libc.mlock(BASE, PAGE)), libc.errno()]).toEqual([-1, 12])
  })
})

test('the limit holds for whoever is not root, also when a driver counts', () => {
  play(function* () {
    yield* map(4)
    yield* sim(libc.setrlimit(libc.RLIMIT_MEMLOCK, 2 * PAGE))
    expect(yield* sim(libc.mlock(BASE, 3 * PAGE))).toBe(0)
    yield* sim(libc.munlock(BASE, 4 * PAGE))
    expect(capable(CAP_IPC_LOCK)).toBe(true)
    yield* sim(libc.setuid(1000))
    expect(capable(CAP_IPC_LOCK)).toBe(false)
    expect([yield* sim(libc.mlock(BASE, 3 * PAGE)), libc.errno()]).toEqual([-1, 12])
    expect(yield* sim(mm.account_locked_vm(mine(), 2, true))).toBe(0)
    expect(yield* sim(mm.account_locked_vm(mine(), 1, true))).toBe(-12)
    expect([yield* sim(mm.account_locked_vm(mine(), 2, false)), mine().locked_vm]).toEqual([0, 0])
    const child = function* () {
      return capable(CAP_IPC_LOCK) ? 1 : 0
    }
    expect(yield* sim(libc.waitpid(yield* sim(libc.fork(child as never))))).toBe(0)
  })
})

test('giving back more than was counted is warned about', () => {
  const k = play(function* () {
    yield* map(1)
    yield* sim(mm.account_locked_vm(mine(), 1, false))
  })
  expect(k.kinds).toEqual(['warn.locked-vm'])
})

test('MADV_FREE tells CLEAR, and what was there stays until somebody reclaims it', () => {
  play(function* () {
    yield* map(1)
    yield* touch(BASE, 1)
    const r = record()
    expect(yield* sim(libc.madvise(BASE, PAGE, libc.MADV_FREE))).toBe(0)
    expect(events(r)).toEqual(both('CLEAR 10000000 1'))
    expect(yield* sim(libc.load8(BASE))).toBe(1)
  })
})

test('MREMAP_DONTUNMAP leaves the old mapping, empty, and tells one pair', () => {
  play(function* () {
    yield* map(1)
    yield* touch(BASE, 1)
    const r = record()
    const flags = libc.MREMAP_MAYMOVE | libc.MREMAP_DONTUNMAP
    const to = yield* sim(libc.mremap(BASE, PAGE, PAGE, flags))
    expect(events(r)).toEqual(both('UNMAP 10000000 1'))
    expect([yield* sim(libc.load8(BASE)), yield* sim(libc.load8(to))]).toEqual([0, 1])
    expect([yield* sim(libc.mremap(BASE, PAGE, 2 * PAGE, flags)), libc.errno()]).toEqual([-1, 22])
  })
})
