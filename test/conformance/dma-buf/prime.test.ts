import { expect, it } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import * as b from '../../../src-sim/linux/dma-buf'
import { drm_device } from '../../../src-sim/linux/drm/drm_device'
import type { drm_driver } from '../../../src-sim/linux/drm/drm_drv'
import { drm_file } from '../../../src-sim/linux/drm/drm_file'
import * as g from '../../../src-sim/linux/drm/drm_gem'
import * as p from '../../../src-sim/linux/drm/drm_prime'
import { kref_init, kref_read } from '../../../src-sim/linux/kref'
import { ptr } from '../../../src-sim/linux/types'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { checked, type Say } from '../checked'
import { err, exported, newDevice, newTable, pinning, telling } from './support'

function newCard(driver: Partial<drm_driver> = {}): drm_device {
  const dev = new drm_device()
  kref_init(dev.ref)
  dev.dev = newDevice('gpu')
  dev.driver = { name: 'gpu', ...driver }
  return dev
}

function newObject(dev: drm_device, say: Say, more: Partial<g.drm_gem_object_funcs> = {}) {
  const obj = new g.drm_gem_object()
  obj.funcs = {
    free: () => say('free'),
    pin: () => (say('pin'), 0),
    unpin: () => say('unpin'),
    get_sg_table: () => newTable(),
    ...more,
  }
  g.drm_gem_private_object_init(dev, obj, 8192)
  return obj
}

it('DBUF-45 a buffer of one\'s own comes back as the object: no attachment, no reference to it', () => {
  checked(function* (say) {
    const dev = newCard()
    const obj = newObject(dev, say)
    const dmabuf = yield* sim(p.drm_gem_prime_export(obj, 0))
    expect(kref_read(obj.refcount)).toBe(2)
    expect(yield* sim(p.drm_gem_prime_import(dev, dmabuf))).toBe(obj)
    expect([kref_read(obj.refcount), b.file_count(dmabuf.file!)]).toEqual([3, 1])
    expect(b.list_empty(dmabuf.attachments)).toBe(true)
    expect(dmabuf.resv).toBe(obj.resv)
  })
})

it('DBUF-45 the exporter pins when somebody attaches; without a table there is no way in', () => {
  const { log } = checked(function* (say) {
    const dev = newCard()
    const dmabuf = yield* sim(p.drm_gem_prime_export(newObject(dev, say), 0))
    const attach = yield* sim(b.dma_buf_attach(dmabuf, newDevice('other')))
    yield* sim(b.dma_buf_detach(dmabuf, attach))
    const bare = newObject(dev, say, { get_sg_table: null })
    const second = yield* sim(p.drm_gem_prime_export(bare, 0))
    say(err(yield* sim(b.dma_buf_attach(second, newDevice('other')))))
  })
  expect(log).toEqual(['pin', 'unpin', '-38'])
})

it('DBUF-45 a foreign buffer: attached, referenced, mapped for the object\'s whole life', () => {
  const { log, kinds } = checked(function* (say) {
    let table: b.sg_table | null = null
    const dev = newCard({
      gem_prime_import_sg_table(card, _attach, sgt) {
        table = sgt
        return newObject(card, say)
      },
    })
    const dmabuf = yield* exported({ ...telling(say), attach: null, ...pinning(say) })
    const obj = yield* sim(p.drm_gem_prime_import(dev, dmabuf))
    say('refs', b.file_count(dmabuf.file!), obj.resv === dmabuf.resv)
    yield* sim(p.drm_prime_gem_destroy(obj, table))
    say('refs', b.file_count(dmabuf.file!))
  })
  expect(log).toEqual(['pin L', 'map L', 'refs 2 true', 'unmap L', 'unpin L', 'detach -', 'refs 1'])
  expect(kinds).toEqual([])
})

it('DBUF-45 a driver that cannot import answers -EINVAL; one that fails is unwound', () => {
  const { log } = checked(function* (say) {
    const dmabuf = yield* exported({ ...telling(say), attach: null })
    say(err(yield* sim(p.drm_gem_prime_import(newCard(), dmabuf))))
    const failing = newCard({ gem_prime_import_sg_table: () => b.ERR_PTR(-12) })
    say(err(yield* sim(p.drm_gem_prime_import(failing, dmabuf))), b.file_count(dmabuf.file!))
  })
  expect(log).toEqual(['-22', 'map L', 'unmap L', 'detach -', '-12 1'])
})

it('handles to descriptors and back: the same buffer, the same handle', () => {
  const { log } = checked(function* (say): Sim {
    const dev = newCard()
    const obj = newObject(dev, say)
    const [one, two] = [new drm_file(), new drm_file()]
    const [handle, fd, back] = [ptr(0), ptr(0), ptr(0)]
    say(yield* sim(g.drm_gem_handle_create(one, obj, handle)), handle.value)
    say(yield* sim(p.drm_gem_prime_handle_to_fd(dev, one, 7, 0, fd)))
    say(yield* sim(p.drm_gem_prime_handle_to_fd(dev, one, handle.value, 0, fd)))
    say(yield* sim(p.drm_gem_prime_fd_to_handle(dev, one, fd.value, back)), back.value)
    say(yield* sim(p.drm_gem_prime_fd_to_handle(dev, two, fd.value, back)), back.value)
    say(yield* sim(p.drm_gem_prime_fd_to_handle(dev, two, 99, back)))
    yield* sim(libc.close(fd.value))
    yield* sim(g.drm_gem_handle_delete(one, handle.value))
    yield* sim(g.drm_gem_object_put(obj))
    say('last')
    yield* sim(g.drm_gem_handle_delete(two, back.value))
    yield* sim(libc.usleep(1000))
  })
  expect(log).toEqual(['0 1', '-2', '0', '0 1', '0 1', '-9', 'last', 'free'])
})
