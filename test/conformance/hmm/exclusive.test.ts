import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { EFAULT, EOPNOTSUPP, EPERM } from '../../../src-sim/linux/errno'
import { IS_ERR, PTR_ERR } from '../../../src-sim/linux/err'
import * as hmm from '../../../src-sim/linux/hmm'
import { mmap_read_lock, mmap_read_unlock } from '../../../src-sim/linux/mmap_lock'
import { put_page, unlock_page } from '../../../src-sim/linux/mm'
import { make_device_exclusive } from '../../../src-sim/linux/rmap'
import type { mm_struct } from '../../../src-sim/kernel/mm/mm-struct'
import { isLocked } from '../../../src-sim/kernel/mm/page-lock'
import type { page } from '../../../src-sim/kernel/mm/page'
import { MAP, PROT } from '../../../src-sim/kernel/mm/mmap'
import { pageNumber } from '../../../src-sim/kernel/mm/page-table'
import { kcall } from '../../sim/harness'
import { checked } from '../checked'
import { BASE, peek, poke, protect, request, space, walk, watching } from './kit'

function* exclusive(mm: mm_struct, owner: object, address = BASE): Sim<page> {
  yield* kcall(mmap_read_lock, mm)
  const found = yield* kcall(make_device_exclusive, mm, address, owner, null)
  mmap_read_unlock(mm)
  return found
}

test('HMM-07 keeps CPUs out until one comes, which is told as CLEAR without an owner', () => {
  const { log, kinds } = checked(function* (say) {
    const mm = yield* space(1)
    yield* poke(mm, 0, 3)
    yield* watching(mm, say)
    const p = yield* exclusive(mm, {})
    say(mm.$table.get(pageNumber(BASE))!.kind, isLocked(p), p.$refs)
    unlock_page(p)
    put_page(p)
    say('read', yield* peek(mm, 0))
    say(mm.$table.get(pageNumber(BASE))!.kind)
  })
  expect(log).toEqual([
    'invalidate 7 somebody', 'device-exclusive true 2', 'invalidate 1 nobody', 'read 3', 'page',
  ])
  expect(kinds).toEqual([])
})

test('HMM-07 faults the page in, writable', () => {
  const { log } = checked(function* (say) {
    const mm = yield* space(1)
    const p = yield* exclusive(mm, {})
    say(p.$isAnon, mm.$table.get(pageNumber(BASE))!.write)
  })
  expect(log).toEqual(['true true'])
})

test('HMM-07 not for what is not anonymous, nor for what may not be written', () => {
  const { log } = checked(function* (say) {
    const shared = yield* space(1, PROT.READ | PROT.WRITE, MAP.SHARED)
    const a = yield* exclusive(shared, {})
    const readOnly = yield* space(1, PROT.READ)
    const b = yield* exclusive(readOnly, {})
    say(IS_ERR(a), PTR_ERR(a), PTR_ERR(b))
  })
  expect(log).toEqual([`true ${-EOPNOTSUPP} ${-EFAULT}`])
})

test('HMM-07 after mprotect a device may not write any more', () => {
  const { log } = checked(function* (say) {
    const mm = yield* space(1)
    const p = yield* exclusive(mm, {})
    unlock_page(p)
    put_page(p)
    yield* protect(mm, 1, PROT.READ)
    const notifier = yield* watching(mm)
    const write = hmm.HMM_PFN_REQ_FAULT | hmm.HMM_PFN_REQ_WRITE
    say(yield* walk(yield* request(notifier, 1, write)))
  })
  expect(log).toEqual([String(-EPERM)])
})
