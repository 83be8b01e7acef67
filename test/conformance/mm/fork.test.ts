import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { copyFiles, currentProcess, dropFiles } from '../../../src-sim/kernel/fs/process'
import type { mm_struct } from '../../../src-sim/kernel/mm/mm-struct'
import type { page } from '../../../src-sim/kernel/mm/page'
import * as gup from '../../../src-sim/linux/mm'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { play } from '../device-model/kit'
import { BASE, both, events, map, mine, PAGE, pageAt, record, touch } from './kit'

/** Forks a child that does something and ends; the parent goes on when it has. */
function* child(body: () => Sim<unknown>): Sim<number> {
  return yield* sim(libc.waitpid(yield* sim(libc.fork(body as never))))
}

test('MM-10: a fork tells PROTECTION_PAGE over each private mapping that has pages', () => {
  play(function* () {
    yield* map(8)
    yield* map(2, BASE + 16 * PAGE)
    yield* touch(BASE, 1)
    const r = record()
    yield* child(function* () {
      return 0
    })
    expect(events(r)).toEqual(both('PROTECTION_PAGE 10000000 8'))
  })
})

test('MM-10: parent and child each write to a page of their own', () => {
  const k = play(function* (kit) {
    yield* map(1)
    yield* sim(libc.store8(BASE, 0, 1))
    const before = pageAt(BASE)
    const r = record()
    yield* child(function* () {
      expect(pageAt(BASE)).toBe(before)
      yield* sim(libc.store8(BASE, 0, 2))
      kit.say(`child ${yield* sim(libc.load8(BASE))}`)
    })
    r.log.length = 0
    kit.say(`parent ${yield* sim(libc.load8(BASE))}`)
    yield* sim(libc.store8(BASE, 0, 3))
    expect(pageAt(BASE)).toBe(before)
    expect(events(r)).toEqual([])
  })
  expect(k.log).toEqual(['child 2', 'parent 1'])
})

test('MM-10: the first write while the page is shared tells CLEAR of that page, in the writer', () => {
  play(function* () {
    yield* map(4)
    yield* touch(BASE, 4)
    const r = record()
    const other = yield* sim(libc.fork(function* () {
      yield* sim(libc.pause())
    } as never))
    yield* sim(libc.usleep(1000))
    r.log.length = 0
    const old = pageAt(BASE + PAGE)
    yield* sim(libc.store8(BASE + PAGE, 0, 9))
    expect(events(r)).toEqual(both('CLEAR 10001000 1'))
    expect(pageAt(BASE + PAGE)).not.toBe(old)
    yield* sim(libc.kill(other, libc.SIGKILL))
    expect(yield* sim(libc.waitpid(other))).toBe(137)
  })
})

test('MM-10: a child begins without subscribers; its exit tells the parent nothing', () => {
  play(function* () {
    yield* map(1)
    yield* touch(BASE, 1)
    const r = record()
    let mm: mm_struct | null = null
    yield* child(function* () {
      mm = mine()
      expect(mm.notifier_subscriptions).toBeNull()
      yield* touch(BASE, 1)
    })
    expect(mm).not.toBe(mine())
    expect(events(r).filter((line) => line.includes('UNMAP'))).toEqual([])
  })
})

test('MM-10: shared memory stays shared, without an event', () => {
  play(function* () {
    const flags = libc.MAP_SHARED | libc.MAP_ANONYMOUS
    const at = yield* sim(libc.mmap(null, PAGE, 3, flags, -1, 0))
    yield* sim(libc.store8(at, 0, 1))
    const r = record()
    yield* child(function* () {
      yield* sim(libc.store8(at, 0, 7))
    })
    expect(yield* sim(libc.load8(at))).toBe(7)
    expect(events(r)).toEqual([])
  })
})

test('MM-11: the parent keeps a pinned page in place; the child gets a copy at once', () => {
  play(function* () {
    yield* map(2)
    yield* touch(BASE, 2)
    const pinned: page[] = []
    expect(yield* sim(gup.pin_user_pages_fast(BASE, 1, gup.FOLL_WRITE, pinned))).toBe(1)
    const other = pageAt(BASE + PAGE)
    yield* child(function* () {
      expect(pageAt(BASE)).not.toBe(pinned[0])
      expect(yield* sim(libc.load8(BASE))).toBe(1)
      expect(pageAt(BASE + PAGE)).toBe(other)
    })
    yield* sim(libc.store8(BASE, 0, 5))
    expect(pageAt(BASE)).toBe(pinned[0])
    gup.unpin_user_page(pinned[0]!)
  })
})

test('MM-11: a plain reference gives no such promise: the writer moves on, the device keeps the old', () => {
  play(function* () {
    yield* map(1)
    yield* touch(BASE, 1)
    const held: page[] = []
    yield* sim(gup.get_user_pages_fast(BASE, 1, gup.FOLL_WRITE, held))
    yield* child(function* () {})
    yield* sim(libc.store8(BASE, 0, 5))
    expect(pageAt(BASE)).not.toBe(held[0])
    gup.put_page(held[0]!)
    expect(held[0]!.$refs).toBe(0)
  })
})

test('MM-11: MADV_DONTFORK leaves a mapping out, MADV_WIPEONFORK its contents', () => {
  play(function* () {
    yield* map(1)
    yield* map(1, BASE + 4 * PAGE)
    yield* touch(BASE, 1)
    yield* touch(BASE + 4 * PAGE, 1)
    yield* sim(libc.madvise(BASE, PAGE, libc.MADV_DONTFORK))
    yield* sim(libc.madvise(BASE + 4 * PAGE, PAGE, libc.MADV_WIPEONFORK))
    expect(
      yield* child(function* () {
        expect(yield* sim(libc.load8(BASE + 4 * PAGE))).toBe(0)
        yield* sim(libc.load8(BASE))
      }),
    ).toBe(139)
  })
})

test('MM-18: exec switches first; subscribers of the old space hear of it with no user left', () => {
  const k = play(function* (kit) {
    const parent = function* (): Sim {
      yield* map(1)
      yield* touch(BASE, 1)
      const old = mine()
      const r = record()
      const after = function* (): Sim {
        expect(mine()).not.toBe(old)
        expect(events(r).slice(0, 1)).toEqual(['release 0 false'])
        kit.say(`exec ${yield* sim(libc.catch_fault(() => libc.load8(BASE)))}`)
      }
      yield* sim(libc.exec(after as never))
      kit.say('not reached')
    }
    expect(yield* sim(libc.waitpid(yield* sim(libc.fork(parent as never))))).toBe(0)
  })
  expect(k.log).toEqual(['exec 11'])
})

test('threads share one address space; it lives until the last of them', () => {
  play(function* () {
    yield* map(1)
    const mm = mine()
    const thread = yield* sim(libc.pthread_create(function* () {
      expect(mine()).toBe(mm)
      yield* sim(libc.store8(BASE, 0, 3))
    } as never))
    yield* sim(libc.pthread_join(thread))
    expect(yield* sim(libc.load8(BASE))).toBe(3)
    expect(mm.mm_users.counter).toBe(1)
  })
})

test('a copy of the descriptors that no child came to have gives its files up again', () => {
  play(function* () {
    const fd = yield* sim(libc.memfd_create('held', 0))
    const f = currentProcess().files!.open.get(fd)!
    const before = f.$count
    const copy = copyFiles(currentProcess())
    expect(f.$count).toBe(before + 1)
    dropFiles(copy)
    expect(f.$count).toBe(before)
    yield* sim(libc.close(fd))
  })
})
