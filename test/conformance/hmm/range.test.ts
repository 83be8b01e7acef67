import { expect, test } from 'vitest'
import { EBUSY, EFAULT, EINVAL, EPERM } from '../../../src-sim/linux/errno'
import * as hmm from '../../../src-sim/linux/hmm'
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from '../../../src-sim/linux/mutex'
import * as mn from '../../../src-sim/linux/mmu_notifier'
import { get_page } from '../../../src-sim/linux/mm'
import { MAP, PROT } from '../../../src-sim/kernel/mm/mmap'
import { remapFrames } from '../../../src-sim/kernel/mm/map-pages'
import { unmapMemory } from '../../../src-sim/kernel/mm/mmap'
import { kcall } from '../../sim/harness'
import { checked } from '../checked'
import { areaAt, BASE, map, PAGE, peek, poke, protect, request, shown, space, walk, watching } from './kit'

const FAULT = hmm.HMM_PFN_REQ_FAULT
const WRITE = hmm.HMM_PFN_REQ_FAULT | hmm.HMM_PFN_REQ_WRITE

test('HMM-01 faults in what is asked for, without keeping a page', () => {
  const { log, kinds } = checked(function* (say) {
    const mm = yield* space(4)
    const range = yield* request(yield* watching(mm), 4, WRITE)
    say(yield* walk(range), shown(range))
    const page = hmm.hmm_pfn_to_page((range.hmm_pfns as number[])[0]!)
    say(page.$refs)
  })
  expect(log).toEqual(['0 WWWW', '1'])
  expect(kinds).toEqual([])
})

test('HMM-01 wants the lock of the mappings', () => {
  const { kinds } = checked(function* () {
    const mm = yield* space(1)
    yield* kcall(hmm.hmm_range_fault, yield* request(yield* watching(mm), 1))
  })
  expect(kinds).toEqual(['warn.lockdep-assert'])
})

test('HMM-02 -EBUSY when the sequence has changed, -EINVAL for no range', () => {
  const { log } = checked(function* (say) {
    const mm = yield* space(4)
    const notifier = yield* watching(mm)
    const range = yield* request(notifier, 4, FAULT)
    yield* unmapMemory(mm, BASE, PAGE)
    say(yield* walk(range))
    const empty = yield* request(notifier, 0)
    say(yield* walk(empty))
  })
  expect(log).toEqual([String(-EBUSY), String(-EINVAL)])
})

test('HMM-02 -EFAULT where nothing can be: no mapping, unreadable, device memory', () => {
  const { log } = checked(function* (say) {
    const mm = yield* space(1)
    yield* map(mm, BASE + 2 * PAGE, 1, PROT.NONE)
    yield* map(mm, BASE + 3 * PAGE, 1)
    const area = areaAt(mm, BASE + 3 * PAGE)
    say(remapFrames({ ...area, vm_flags: area.vm_flags | 8 } as never, area.vm_start, 0x2000, PAGE))
    area.vm_flags |= 0x400
    const notifier = yield* watching(mm)
    for (const page of [1, 2, 3]) say(yield* walk(yield* request(notifier, 1, FAULT, page)))
  })
  expect(log).toEqual(['0', ...Array.from({ length: 3 }, () => String(-EFAULT))])
})

test('HMM-02 -EPERM for writing where only reading is allowed, the page of zeros included', () => {
  const { log } = checked(function* (say) {
    const mm = yield* space(2, PROT.READ)
    const notifier = yield* watching(mm)
    const read = yield* request(notifier, 2, FAULT)
    say(yield* walk(read), shown(read))
    say(yield* walk(yield* request(notifier, 2, WRITE)))
    yield* protect(mm, 2, PROT.READ | PROT.WRITE)
    // Copying the page of zeros is a change of the range: the caller begins again.
    for (let turn = 0; turn < 2; turn++) {
      const write = yield* request(notifier, 2, WRITE)
      say(yield* walk(write), shown(write))
    }
  })
  expect(log).toEqual(['0 RR', String(-EPERM), `${-EBUSY} --`, '0 WW'])
})

test('HMM-03 the loop of a caller: begin, lock, fault, unlock, driver lock, retry', () => {
  const { log, kinds } = checked(function* (say) {
    const mm = yield* space(2)
    const lock = DEFINE_MUTEX('mirror')
    const notifier = yield* watching(mm)
    let disturbed = false
    for (let turn = 1; ; turn++) {
      const range = yield* request(notifier, 2, WRITE)
      const ret = yield* walk(range)
      if (!disturbed) {
        disturbed = true
        yield* protect(mm, 2, PROT.READ)
      }
      yield* kcall(mutex_lock, lock)
      const retry = mn.mmu_interval_read_retry(notifier, range.notifier_seq)
      mutex_unlock(lock)
      say(turn, ret, retry)
      if (!retry || ret) break
    }
  })
  expect(log).toEqual(['1 0 true', `2 ${-EPERM} false`])
  expect(kinds).toEqual([])
})

test('HMM-04 requests of single pages count as far as the mask lets them', () => {
  const { log } = checked(function* (say) {
    const mm = yield* space(4)
    yield* poke(mm, 3, 1)
    const notifier = yield* watching(mm)
    const range = yield* request(notifier, 3)
    range.hmm_pfns = [WRITE, 0, FAULT]
    say(yield* walk(range), shown(range))
    range.notifier_seq = yield* kcall(mn.mmu_interval_read_begin, notifier)
    range.hmm_pfns = [0, WRITE, WRITE]
    range.pfn_flags_mask = FAULT
    say(yield* walk(range), shown(range))
  })
  expect(log).toEqual(['0 ---', '0 -RR'])
})

test('HMM-04 flags for mappings survive, requests do not', () => {
  const { log } = checked(function* (say) {
    const mm = yield* space(2)
    yield* poke(mm, 0, 1)
    const range = yield* request(yield* watching(mm), 2)
    const kept = hmm.HMM_PFN_DMA_MAPPED | hmm.HMM_PFN_P2PDMA
    range.hmm_pfns = [kept + hmm.HMM_PFN_REQ_FAULT, hmm.HMM_PFN_DMA_MAPPED]
    say(yield* walk(range))
    const [first, second] = range.hmm_pfns as number[]
    say((first! & kept) === kept, hmm.hmm_pfn_to_map_order(first!), second === hmm.HMM_PFN_DMA_MAPPED)
  })
  expect(log).toEqual(['0', 'true 0 true'])
})

test('HMM-05 device memory and unreadable memory are errors in a snapshot', () => {
  const { log } = checked(function* (say) {
    const mm = yield* space(1)
    yield* map(mm, BASE + PAGE, 1, PROT.NONE)
    yield* map(mm, BASE + 2 * PAGE, 1)
    areaAt(mm, BASE + 2 * PAGE).vm_flags |= 0x4000
    const range = yield* request(yield* watching(mm), 4)
    say(yield* walk(range), shown(range))
  })
  expect(log).toEqual(['0 -EEE'])
})

test('HMM-10 a snapshot shows what is there, and holes as nothing', () => {
  const { log } = checked(function* (say) {
    const mm = yield* space(4)
    yield* poke(mm, 0, 7)
    say(yield* peek(mm, 1))
    const range = yield* request(yield* watching(mm), 6)
    say(yield* walk(range), shown(range))
    yield* protect(mm, 4, PROT.READ)
    const after = yield* request(range.notifier!, 4)
    say(yield* walk(after), shown(after))
  })
  expect(log).toEqual(['0', '0 WR--EE', '0 RR--'])
})

test('HMM-10 shared memory shows, too', () => {
  const { log } = checked(function* (say) {
    const mm = yield* space(2, PROT.READ | PROT.WRITE, MAP.SHARED)
    const range = yield* request(yield* watching(mm), 2, WRITE)
    say(yield* walk(range), shown(range))
    yield* poke(mm, 0, 9)
    const page = hmm.hmm_pfn_to_page((range.hmm_pfns as number[])[0]!)
    get_page(page)
    say(yield* peek(mm, 0))
  })
  expect(log).toEqual(['0 WW', '9'])
})

test('MMUN-18 a page that was looked up before a change is not to be used after it', () => {
  const { kinds, machine } = checked(function* () {
    const mm = yield* space(2)
    const notifier = yield* watching(mm)
    const range = yield* request(notifier, 1, WRITE)
    yield* walk(range)
    const entry = (range.hmm_pfns as number[])[0]!
    hmm.hmm_pfn_to_page(entry)
    yield* unmapMemory(mm, BASE, PAGE)
    hmm.hmm_pfn_to_page(entry)
  })
  expect(kinds).toEqual(['hmm.stale-page'])
  expect(machine.findings[0]!.stacks.map((stack) => stack.role)).toEqual(['use', 'looked up', 'invalidated'])
})
