import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { get_current } from '../../../src-sim/linux/sched'
import { kthread_run } from '../../../src-sim/linux/kthread'
import { msleep } from '../../../src-sim/linux/delay'
import * as mmu from '../../../src-sim/linux/mmu_context'
import { ptr } from '../../../src-sim/linux/types'
import * as u from '../../../src-sim/linux/uaccess'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { play } from '../device-model/kit'
import { BASE, map, mine, PAGE, pageAt, touch } from './kit'

test('copies fault pages in, and end where nothing is; what could not be read is zero', () => {
  play(function* () {
    yield* map(2)
    const end = BASE + 2 * PAGE
    expect(yield* sim(u.copy_to_user(end - 4, Uint8Array.of(1, 2, 3, 4, 5, 6), 6))).toBe(2)
    const to = new Uint8Array(6).fill(9)
    expect(yield* sim(u.copy_from_user(to, end - 4, 6))).toBe(2)
    expect([...to]).toEqual([1, 2, 3, 4, 0, 0])
    expect(pageAt(BASE)).toBeNull()
    expect(yield* sim(u.copy_from_user(to, null, 6))).toBe(6)
    expect(u.copy_from_user(to, 2 ** 60, 6)).toBe(6)
  })
})

test('a page that may only be read cannot be copied to', () => {
  play(function* () {
    yield* map(1, BASE, libc.PROT_READ)
    expect(yield* sim(u.copy_to_user(BASE, new Uint8Array(8), 8))).toBe(8)
    expect(yield* sim(u.put_user(1, BASE))).toBe(-14)
    expect(yield* sim(u.clear_user(BASE, 4))).toBe(4)
  })
})

test('get_user and put_user have the size of the type behind the address', () => {
  play(function* () {
    yield* map(1)
    expect(yield* sim(u.put_user(-2, BASE, 8))).toBe(0)
    const x = ptr(0)
    expect(yield* sim(u.get_user(x, BASE))).toBe(0)
    expect(x.value).toBe(0xfffffffe)
    expect(yield* sim(u.get_user(x, BASE + PAGE))).toBe(-14)
    expect(x.value).toBe(0)
  })
})

test('with faults turned off only present pages can be reached', () => {
  play(function* () {
    yield* map(1)
    u.pagefault_disable()
    expect(u.copy_to_user(BASE, new Uint8Array(4), 4)).toBe(4)
    u.pagefault_enable()
    expect(u.copy_from_user_nofault(new Uint8Array(4), BASE, 4)).toBe(-14)
    yield* touch(BASE, 1)
    expect(u.copy_from_user_nofault(new Uint8Array(4), BASE, 4)).toBe(0)
  })
})

test('texts end at their zero, and fault where the memory ends first', () => {
  play(function* () {
    yield* map(1)
    yield* sim(libc.strcpy(BASE + PAGE - 4, 'abc'))
    const to = new Uint8Array(8)
    expect(yield* sim(u.strncpy_from_user(to, BASE + PAGE - 4, 8))).toBe(3)
    expect(yield* sim(u.strnlen_user(BASE + PAGE - 4, 8))).toBe(4)
    yield* sim(libc.store8(BASE, PAGE - 1, 0x64))
    expect(yield* sim(u.strncpy_from_user(to, BASE + PAGE - 4, 8))).toBe(-14)
    const copy = yield* sim(u.memdup_user(BASE + PAGE - 4, 4))
    expect([...copy]).toEqual([0x61, 0x62, 0x63, 0x64])
  })
})

test('a structure goes to an address and back, eight bytes a number', () => {
  play(function* () {
    yield* map(1)
    const arg = { in: 7, nested: { out: -1 }, name: Uint8Array.of(1, 2) }
    expect(yield* sim(u.copy_to_user(BASE, arg, 18))).toBe(0)
    expect(yield* sim(libc.load64(BASE))).toBe(7)
    yield* sim(libc.store64(BASE, 8, 5))
    expect(yield* sim(u.copy_from_user(arg, BASE, 18))).toBe(0)
    expect(arg).toEqual({ in: 7, nested: { out: 5 }, name: Uint8Array.of(1, 2) })
  })
})

test('a kernel thread has no address space but that which it borrows', () => {
  const k = play(function* (kit) {
    yield* map(1)
    yield* touch(BASE, 1)
    const mm = mine()
    kthread_run(function* (): Sim<number> {
      const byte = new Uint8Array(1)
      kit.say(`${get_current().mm === null} ${yield* sim(u.copy_from_user(byte, BASE, 1))}`)
      mmu.kthread_use_mm(mm)
      kit.say(`${get_current().mm === mm} ${yield* sim(u.copy_from_user(byte, BASE, 1))}`)
      mmu.kthread_unuse_mm(mm)
      kit.say(`${get_current().mm === null}`)
      return 0
    } as never, null, 'borrower')
    yield* sim(msleep(10))
  })
  expect(k.log).toEqual(['true 1', 'true 0', 'true'])
})
