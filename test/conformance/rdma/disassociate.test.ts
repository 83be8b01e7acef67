import { expect, test } from 'vitest'
import { RELAX, type Sim } from '../../../src-sim/engine/suspend'
import { msleep } from '../../../src-sim/linux/delay'
import { EINVAL, EIO, ENOENT } from '../../../src-sim/linux/errno'
import * as ib from '../../../src-sim/linux/rdma/ib_verbs'
import * as uv from '../../../src-sim/linux/rdma/uverbs_ioctl'
import * as libc from '../../../src-sim/linux/user/libc'
import { load32, store32 } from '../../../src-sim/linux/user/mman'
import { physicalMemory } from '../../../src-sim/kernel/mm/physical'
import { sim } from '../../sim/harness'
import { play, type Kit } from '../device-model/kit'

const PING = uv.UVERBS_ID_DRIVER_NS
const NODE = '/dev/infiniband/uverbs0'

class hca {
  ib = new ib.ib_device()
}

const context = (kit: Kit): ib.ib_device_ops => ({
  alloc_ucontext: () => 0,
  dealloc_ucontext: () => kit.say('dealloc_ucontext'),
  dealloc_pd: () => (kit.say('dealloc_pd'), 0),
})

/** What a driver adds to be removable while files are open. */
const disassociating = (kit: Kit): ib.ib_device_ops => ({
  ...context(kit),
  disassociate_ucontext: () => kit.say('disassociate_ucontext'),
})

function* register(kit: Kit, ops: ib.ib_device_ops): Sim<hca> {
  const h = ib.ib_alloc_device(hca, 'ib')!
  const ping = uv.DECLARE_UVERBS_NAMED_METHOD(PING, () => 7)
  ib.ib_set_device_ops(h.ib, { driver_def: [ping], ...ops })
  expect(yield* sim(ib.ib_register_device(h.ib, 'demo%d', null))).toBe(0)
  return h
}

const open = (): Sim<number> => sim(libc.open(NODE, libc.O_RDWR))

/** The answer of a call, or the negative error number. */
function* verb(fd: number, method_id: number, more: object = {}): Sim<number> {
  const ret = yield* sim(libc.ioctl(fd, uv.RDMA_VERBS_IOCTL, { method_id, ...more }))
  return ret < 0 ? -libc.errno() : ret
}

function* openContext(): Sim<number> {
  const fd = yield* open()
  expect(yield* verb(fd, uv.UVERBS_METHOD_GET_CONTEXT)).toBe(0)
  return fd
}

test('DM-81: unregistering waits for a running call, then disassociates, and not for close', () => {
  const k = play(function* (kit) {
    let inside = false
    const slow = uv.DECLARE_UVERBS_NAMED_METHOD(PING, function* () {
      inside = true
      yield* sim(msleep(50))
      kit.say('call ends')
      return 7
    } as never)
    const h = yield* register(kit, { ...disassociating(kit), driver_def: [slow] })
    const fd = yield* openContext()
    yield* sim(libc.pthread_create(function* () {
      kit.say(`answer ${yield* verb(fd, PING)}`)
    } as never))
    while (!inside) yield RELAX
    yield* sim(ib.ib_unregister_device(h.ib))
    kit.say('unregistered')
    yield* sim(ib.ib_dealloc_device(h.ib))
    yield* sim(msleep(10))
    yield* sim(libc.close(fd))
  })
  expect(k.log.filter((line) => !line.startsWith('answer'))).toEqual([
    'call ends', 'disassociate_ucontext', 'dealloc_ucontext', 'unregistered',
  ])
  expect(k.log).toContain('answer 7')
  expect(k.kinds).toEqual([])
})

test('DM-81: objects of programs are destroyed in the hardware, newest first, before the context', () => {
  const k = play(function* (kit) {
    const order: ib.ib_pd[] = []
    const h = yield* register(kit, {
      ...disassociating(kit),
      alloc_pd: (pd) => (order.push(pd), 0),
      dealloc_pd: (pd) => (kit.say(`pd ${order.indexOf(pd)}`), 0),
    })
    const fd = yield* openContext()
    yield* verb(fd, uv.UVERBS_METHOD_ALLOC_PD)
    yield* verb(fd, uv.UVERBS_METHOD_ALLOC_PD)
    yield* sim(ib.ib_unregister_device(h.ib))
    yield* sim(libc.close(fd))
  })
  expect(k.log).toEqual(['pd 1', 'pd 0', 'disassociate_ucontext', 'dealloc_ucontext'])
})

test('DM-81: rounds are repeated while one object goes; what refuses for ever is dropped with a warning', () => {
  const k = play(function* (kit) {
    let refusals = 0
    const pds: ib.ib_pd[] = []
    const h = yield* register(kit, {
      ...disassociating(kit),
      alloc_pd: (pd) => (pds.push(pd), 0),
      dealloc_pd: (pd) => (pd === pds[1] || (pd === pds[2] && refusals++ === 0) ? -16 : 0),
    })
    const fd = yield* openContext()
    for (let i = 0; i < 3; i++) yield* verb(fd, uv.UVERBS_METHOD_ALLOC_PD)
    yield* sim(ib.ib_unregister_device(h.ib))
    expect(refusals).toBe(2)
    yield* sim(libc.close(fd))
  })
  expect(k.kinds).toEqual(['warn.uobjects-left'])
})

test('DM-81: unregistering waits for references that the driver itself has taken', () => {
  const k = play(function* (kit) {
    const h = yield* register(kit, disassociating(kit))
    expect(ib.ib_device_try_get(h.ib)).toBe(true)
    yield* sim(
      libc.pthread_create(function* () {
        yield* sim(msleep(50))
        kit.say('put')
        ib.ib_device_put(h.ib)
      } as never),
    )
    yield* sim(ib.ib_unregister_device(h.ib))
    kit.say('unregistered')
    expect(ib.ib_device_try_get(h.ib)).toBe(false)
  })
  expect(k.log).toEqual(['put', 'unregistered'])
})

test('DM-82: -EINVAL before there is a context, -EIO after disassociation with or without one', () => {
  play(function* (kit) {
    const h = yield* register(kit, disassociating(kit))
    const bare = yield* open()
    const fd = yield* openContext()
    expect(yield* verb(bare, PING)).toBe(-EINVAL)
    expect(yield* verb(fd, PING)).toBe(7)
    yield* sim(ib.ib_unregister_device(h.ib))
    expect(yield* verb(bare, PING)).toBe(-EIO)
    expect(yield* verb(fd, PING)).toBe(-EIO)
    expect(yield* open()).toBe(-1)
    expect(libc.errno()).toBe(ENOENT)
    expect(yield* sim(libc.close(fd))).toBe(0)
    expect(yield* sim(libc.close(bare))).toBe(0)
  })
})

/** A device with one page of registers, played by RAM, that programs map. */
function* mapped(kit: Kit, prot: number): Sim<[hca, number]> {
  const page = physicalMemory(kit.machine).allocPages(1)!
  const h = yield* register(kit, {
    ...disassociating(kit),
    mmap: (uctx, vma) => ib.rdma_user_mmap_io(uctx, vma, page / 4096, 4096, 0, null),
  })
  const fd = yield* openContext()
  return [h, yield* sim(libc.mmap(null, 4096, prot, libc.MAP_SHARED, fd, 0))]
}

test('DM-82: a zapped writable mapping shows a page of zeros of its own, writes lead nowhere', () => {
  play(function* (kit) {
    const [h, map] = yield* mapped(kit, 3)
    yield* sim(store32(map, 8, 42))
    expect(yield* sim(load32(map, 8))).toBe(42)
    yield* sim(ib.ib_unregister_device(h.ib))
    expect(yield* sim(load32(map, 8))).toBe(0)
    yield* sim(store32(map, 8, 43))
    expect(yield* sim(load32(map, 8))).toBe(43)
  })
})

test('DM-82: a read-only mapping shows zeros; a program that touches nothing mapped is killed', () => {
  play(function* (kit) {
    const [h, map] = yield* mapped(kit, 1)
    yield* sim(ib.ib_unregister_device(h.ib))
    expect(yield* sim(load32(map, 0))).toBe(0)
    const stray = yield* sim(
      libc.fork(function* () {
        yield* sim(load32(map, 4096))
      } as never),
    )
    expect(yield* sim(libc.waitpid(stray))).toBe(139)
  })
})

test('DM-83: without disassociation unregistering blocks until the last file is closed', () => {
  const k = play(function* (kit) {
    const h = yield* register(kit, context(kit))
    const fd = yield* openContext()
    yield* sim(
      libc.fork(function* (own: number) {
        yield* sim(msleep(50))
        kit.say('close')
        yield* sim(libc.close(own))
      } as never, fd as never),
    )
    yield* sim(libc.close(fd))
    yield* sim(ib.ib_unregister_device(h.ib))
    kit.say('unregistered')
  })
  expect(k.log).toEqual(['close', 'dealloc_ucontext', 'unregistered'])
})
