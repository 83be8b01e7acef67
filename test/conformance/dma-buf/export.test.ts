import { expect, it } from 'vitest'
import * as b from '../../../src-sim/linux/dma-buf'
import { dma_resv, dma_resv_init } from '../../../src-sim/linux/dma-resv'
import * as files from '../../../src-sim/linux/file'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { checked } from '../checked'
import { err, exported, infoOf, pinning, telling } from './support'

it('DBUF-01 what is needed for an export: each missing part is a WARN and -EINVAL', () => {
  const { log, kinds } = checked(function* (say) {
    const ops = telling(say)
    const tries = [
      infoOf(ops, { priv: null }),
      infoOf(null!),
      infoOf({ ...ops, map_dma_buf: null! }),
      infoOf({ ...ops, unmap_dma_buf: null! }),
      infoOf({ ...ops, release: null! }),
      infoOf({ ...ops, pin: () => 0 }),
      infoOf({ ...ops, unpin: () => {} }),
    ]
    for (const info of tries) say(err(yield* sim(b.dma_buf_export(info))))
    const bare = { ...ops, attach: null, detach: null }
    const good = yield* exported(bare)
    say(b.IS_ERR(good), good.size)
  })
  expect(log).toEqual([...Array<string>(7).fill('-22'), 'false 8192'])
  expect(kinds.filter((kind) => kind === 'warn.dma-buf-export')).toHaveLength(7)
})

it('DBUF-01 DBUF-02 memory and the module are looked at after the arguments', () => {
  const { log } = checked(function* (say) {
    const owner = { state: 'GOING', $refcount: 0 } as never
    say(err(yield* sim(b.dma_buf_export(infoOf(telling(say), { owner })))))
    const bad = infoOf(telling(say), { owner, priv: null })
    say(err(yield* sim(b.dma_buf_export(bad))))
  })
  expect(log).toEqual(['-2', '-22'])
})

it('DBUF-02 the caller has the one reference; no device is involved', () => {
  checked(function* (say) {
    const dmabuf = yield* exported(telling(say))
    expect(b.file_count(dmabuf.file!)).toBe(1)
  })
})

it('DBUF-03 a reservation object of its own, or the exporter\'s for several buffers', () => {
  checked(function* (say) {
    const shared = new dma_resv()
    dma_resv_init(shared)
    const own = yield* exported(telling(say))
    const [one, two] = [yield* exported(telling(say), shared), yield* exported(telling(say), shared)]
    expect([one.resv, two.resv]).toEqual([shared, shared])
    expect(own.resv).not.toBe(shared)
  })
})

it('DBUF-03 the own reservation object ends with the buffer, a shared one stays', () => {
  const { kinds } = checked(function* (say) {
    const shared = new dma_resv()
    dma_resv_init(shared)
    const one = yield* exported(telling(say), shared)
    b.dma_buf_put(one)
    yield* sim(libc.usleep(20_000))
    const two = yield* exported(telling(say), shared)
    yield* sim(b.dma_buf_attach(two, null))
  })
  expect(kinds).toEqual(['warn.dma-buf-null'])
})

it('DBUF-04 a descriptor takes the reference over; the count stays', () => {
  const { log, kinds } = checked(function* (say) {
    const dmabuf = yield* exported(telling(say))
    const fd = b.dma_buf_fd(dmabuf, 0)
    say(fd >= 0, b.file_count(dmabuf.file!))
    say(b.dma_buf_fd(null!, 0))
    yield* sim(libc.close(fd))
    say('closed')
  })
  expect(log).toEqual(['true 1', '-22', 'release -', 'closed'])
  expect(kinds).toEqual([])
})

it('DBUF-04 the second half alone, for a descriptor that was reserved before', () => {
  const { log } = checked(function* (say) {
    const dmabuf = yield* exported(telling(say))
    const fd = files.get_unused_fd_flags(0)
    say(err(b.dma_buf_get(fd)))
    b.dma_buf_fd_install(dmabuf, fd)
    say(b.dma_buf_get(fd) === dmabuf, b.file_count(dmabuf.file!))
  })
  expect(log).toEqual(['-9', 'true 2'])
})

it('DBUF-04 a put after the descriptor was made leaves it with a file that is gone', () => {
  const { kinds } = checked(function* (say) {
    const dmabuf = yield* exported(telling(say))
    b.dma_buf_fd(dmabuf, 0)
    b.dma_buf_put(dmabuf)
    yield* sim(libc.usleep(1000))
    b.dma_buf_put(dmabuf)
  })
  expect(kinds[0]).toBe('kasan.use-after-free')
})

it('DBUF-05 lookup: a bad descriptor, a file of another kind, and any descriptor of the file', () => {
  const { log } = checked(function* (say) {
    const dmabuf = yield* exported(telling(say))
    const fd = b.dma_buf_fd(dmabuf, 0)
    const kmsg = yield* sim(libc.open('/dev/kmsg', libc.O_WRONLY))
    say(err(b.dma_buf_get(99)), err(b.dma_buf_get(kmsg)))
    const second = yield* sim(libc.dup(fd))
    yield* sim(libc.close(fd))
    say(b.dma_buf_get(second) === dmabuf, b.file_count(dmabuf.file!))
  })
  expect(log).toEqual(['-9 -22', 'true 2'])
})

it('DBUF-46 the walk over all: newest first, with references, without those that are gone', () => {
  const { log } = checked(function* (say) {
    const [one, two] = [yield* exported(telling(say)), yield* exported(telling(say))]
    const three = yield* exported({ ...telling(say), ...pinning(say) })
    const names = new Map([[one, 'one'], [two, 'two'], [three, 'three']])
    b.dma_buf_put(two)
    let at = yield* sim(b.dma_buf_iter_begin())
    while (at) {
      say(names.get(at), b.file_count(at.file!))
      at = yield* sim(b.dma_buf_iter_next(at))
    }
    say(b.file_count(one.file!), b.file_count(three.file!))
  })
  expect(log).toEqual(['three 2', 'one 2', '1 1'])
})
