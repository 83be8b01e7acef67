import { expect, test } from 'vitest'
import { EBUSY, EINVAL } from '../../../src-sim/linux/errno'
import { IS_ERR, PTR_ERR } from '../../../src-sim/linux/err'
import * as hmm from '../../../src-sim/linux/hmm'
import * as memremap from '../../../src-sim/linux/memremap'
import { get_page, put_page } from '../../../src-sim/linux/mm'
import { MAP, PROT, unmapMemory } from '../../../src-sim/kernel/mm/mmap'
import { pageNumber } from '../../../src-sim/kernel/mm/page-table'
import { RELAX } from '../../../src-sim/engine/suspend'
import { kcall } from '../../sim/harness'
import { checked } from '../checked'
import { BASE, map, PAGE, peek, poke, request, shown, space, walk, watching } from './kit'
import { Device } from './device'

test('HMM-06 a page moves into the device, and a CPU that touches it brings it back', () => {
  const { log, kinds } = checked(function* (say) {
    const dev = new Device(say)
    yield* dev.start()
    const mm = yield* space(2)
    yield* poke(mm, 0, 42)
    say('moved', yield* dev.take(mm, 2))
    say(mm.$table.get(pageNumber(BASE))!.kind)
    say('read', yield* peek(mm, 0))
    say(mm.$table.get(pageNumber(BASE))!.kind, mm.$table.get(pageNumber(BASE + PAGE))!.kind)
  })
  expect(log).toEqual(['moved 2', 'device-private', 'fault', 'freed', 'read 42', 'page device-private'])
  expect(kinds).toEqual([])
})

test('HMM-06 its owner sees its pages, others see them come back first', () => {
  const { log } = checked(function* (say) {
    const dev = new Device(say)
    yield* dev.start()
    const mm = yield* space(2)
    yield* poke(mm, 0, 1)
    yield* dev.take(mm, 1)
    const notifier = yield* watching(mm)
    const own = yield* request(notifier, 1, hmm.HMM_PFN_REQ_FAULT)
    own.dev_private_owner = dev
    say(yield* walk(own), shown(own))
    const none = yield* request(notifier, 1)
    say(yield* walk(none), shown(none))
    let other = yield* request(notifier, 1, hmm.HMM_PFN_REQ_FAULT)
    say(yield* walk(other))
    other = yield* request(notifier, 1, hmm.HMM_PFN_REQ_FAULT)
    say(yield* walk(other), shown(other))
  })
  expect(log).toEqual(['0 W', '0 -', 'fault', 'freed', String(-EBUSY), '0 W'])
})

test('HMM-06 announces MIGRATE with the owner that the caller gives', () => {
  const { log } = checked(function* (say) {
    const dev = new Device(say)
    yield* dev.start()
    const mm = yield* space(2)
    yield* poke(mm, 0, 1)
    yield* watching(mm, say)
    yield* dev.take(mm, 1)
    yield* dev.take(mm, 1, 1)
  })
  // An empty place is announced when it is filled, too.
  expect(log).toEqual(['invalidate 6 somebody', 'invalidate 6 somebody', 'invalidate 6 somebody'])
})

test('HMM-06 shared memory stays where it is', () => {
  const { log } = checked(function* (say) {
    const dev = new Device(say)
    yield* dev.start()
    const mm = yield* space(2, PROT.READ | PROT.WRITE, MAP.SHARED)
    yield* poke(mm, 0, 5)
    say('moved', yield* dev.take(mm, 2))
    say('read', yield* peek(mm, 0))
  })
  expect(log).toEqual(['freed', 'moved 0', 'read 5'])
})

test('HMM-06 a page that somebody else refers to stays', () => {
  const { log } = checked(function* (say) {
    const dev = new Device(say)
    yield* dev.start()
    const mm = yield* space(1)
    yield* poke(mm, 0, 5)
    const page = mm.$table.get(pageNumber(BASE))!.page!
    get_page(page)
    say('moved', yield* dev.take(mm, 1))
    put_page(page)
    say('moved', yield* dev.take(mm, 1))
  })
  expect(log).toEqual(['moved 0', 'moved 1'])
})

test('HMM-06 a hole, or more than the mapping, is -EINVAL', () => {
  const { log } = checked(function* (say) {
    const dev = new Device(say)
    yield* dev.start()
    const mm = yield* space(2)
    yield* map(mm, BASE + 4 * PAGE, 1)
    say(yield* dev.take(mm, 4))
    say(yield* dev.take(mm, 0))
  })
  expect(log).toEqual([String(-EINVAL), String(-EINVAL)])
})

test('HMM-06 unmapping gives the pages of the device back', () => {
  const { log, kinds } = checked(function* (say) {
    const dev = new Device(say)
    yield* dev.start()
    const mm = yield* space(2)
    yield* poke(mm, 0, 5)
    yield* dev.take(mm, 1)
    yield* unmapMemory(mm, BASE, 2 * PAGE)
    say('unmapped')
    yield* kcall(memremap.memunmap_pages, dev.pgmap)
    say('gone')
  })
  expect(log).toEqual(['freed', 'unmapped', 'gone'])
  expect(kinds).toEqual([])
})

test('HMM-06 device memory needs functions and an owner', () => {
  const { log, dmesg } = checked(function* (say) {
    const pgmap = new memremap.dev_pagemap()
    pgmap.type = memremap.MEMORY_DEVICE_PRIVATE
    pgmap.range = { start: 0x10_0000_0000, end: 0x10_0000_0fff }
    for (const ops of [null, { migrate_to_ram: () => 0 }, { migrate_to_ram: () => 0, folio_free: () => {} }]) {
      pgmap.ops = ops
      const ret = yield* kcall(memremap.memremap_pages, pgmap, 0)
      say(IS_ERR(ret), PTR_ERR(ret))
    }
    yield RELAX
  })
  expect(log).toEqual(Array.from({ length: 3 }, () => `true ${-EINVAL}`))
  expect(dmesg.filter((line) => line.startsWith('Missing'))).toEqual([
    'Missing migrate_to_ram method', 'Missing folio_free method', 'Missing owner',
  ])
})
