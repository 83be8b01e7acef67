import { expect, it } from 'vitest'
import * as b from '../../../src-sim/linux/dma-buf'
import * as r from '../../../src-sim/linux/dma-resv'
import { msleep } from '../../../src-sim/linux/delay'
import * as kt from '../../../src-sim/linux/kthread'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { checked } from '../checked'
import { err, exported, gen, locked, newDevice, telling } from './support'

const EBUSY = 16

it('DBUF-07 nothing to attach to, or nobody who attaches: WARN and -EINVAL', () => {
  const { log, kinds } = checked(function* (say) {
    const dmabuf = yield* exported(telling(say))
    say(err(yield* sim(b.dma_buf_attach(null, newDevice('a')))))
    say(err(yield* sim(b.dma_buf_attach(dmabuf, null))))
  })
  expect(log).toEqual(['-22', '-22'])
  expect(kinds).toEqual(['warn.dma-buf-null', 'warn.dma-buf-null'])
})

it('DBUF-07 static without operations, dynamic with them, even without a hook', () => {
  checked(function* (say) {
    const dmabuf = yield* exported(telling(say))
    const plain = yield* sim(b.dma_buf_attach(dmabuf, newDevice('a')))
    const priv = {}
    const dynamic = yield* sim(b.dma_buf_dynamic_attach(dmabuf, newDevice('b'), {}, priv))
    expect([plain, dynamic].map(b.dma_buf_attachment_is_dynamic)).toEqual([false, true])
    expect(dynamic.importer_priv).toBe(priv)
  })
})

it('DBUF-08 the exporter is asked without the lock, and knows about peer-to-peer', () => {
  const { log } = checked(function* (say) {
    const seen: boolean[] = []
    const dmabuf = yield* exported(
      telling(say, {
        attach(dmabuf, attach) {
          say('attach', r.dma_resv_is_locked(dmabuf.resv!), b.list_empty(dmabuf.attachments))
          seen.push(attach.peer2peer)
          attach.peer2peer = false
          return 0
        },
      }),
    )
    const io: b.dma_buf_attach_ops = { allow_peer2peer: true }
    const dynamic = yield* sim(b.dma_buf_dynamic_attach(dmabuf, newDevice('a'), io, null))
    yield* sim(b.dma_buf_attach(dmabuf, newDevice('b')))
    expect(seen).toEqual([true, false])
    say(dynamic.peer2peer, b.list_empty(dmabuf.attachments))
  })
  expect(log).toEqual(['attach false true', 'attach false false', 'false false'])
})

it('DBUF-08 a refusal is passed on, and detach is not called', () => {
  const { log, kinds } = checked(function* (say) {
    const dmabuf = yield* exported(telling(say, { attach: () => -EBUSY }))
    say(err(yield* sim(b.dma_buf_attach(dmabuf, newDevice('a')))), b.list_empty(dmabuf.attachments))
  })
  expect([log, kinds]).toEqual([['-16 true'], []])
})

it('DBUF-08 attaching with the lock held is a recursion that lockdep reports', () => {
  const { kinds } = checked(
    function* (say) {
      const dmabuf = yield* exported(telling(say))
      yield* locked(dmabuf, () => sim(b.dma_buf_attach(dmabuf, newDevice('a'))) as never)
    },
    { untilNs: 1e9 },
  )
  expect(kinds[0]).toBe('lockdep.recursive')
})

it('DBUF-08 between the exporter\'s answer and the list the buffer can be revoked', () => {
  const found = new Set<string>()
  for (const late of [false, true]) {
    const { log } = checked(function* (say) {
      let revoked = false
      const dmabuf = yield* exported(
        telling(say, {
          attach: gen(function* () {
            const ret = revoked ? -19 : 0
            if (late) yield* sim(msleep(10))
            return ret
          }),
          map_dma_buf: () => (revoked ? b.ERR_PTR(-19) : null),
        }),
      )
      const revoker = yield* sim(
        kt.kthread_run(
          gen(function* () {
            yield* locked(dmabuf, function* () {
              revoked = true
              yield* sim(b.dma_buf_invalidate_mappings(dmabuf))
            })
            return 0
          }),
          null,
          'revoker',
        ),
      )
      if (!late) yield* sim(msleep(1))
      const attach = yield* sim(b.dma_buf_attach(dmabuf, newDevice('a')))
      const table = b.IS_ERR(attach)
        ? attach
        : yield* sim(b.dma_buf_map_attachment_unlocked(attach, 0))
      say(b.IS_ERR(attach), err(table))
      void revoker
    })
    found.add(log.join())
  }
  expect([...found].sort()).toEqual(['false -19', 'true -19'])
})

it('DBUF-09 an attachment keeps neither the buffer nor the device', () => {
  const { log, kinds } = checked(function* (say) {
    const dmabuf = yield* exported(telling(say))
    const attach = yield* sim(b.dma_buf_attach(dmabuf, newDevice('a')))
    say(b.file_count(dmabuf.file!))
    b.dma_buf_put(dmabuf)
    yield* sim(libc.usleep(20_000))
    yield* sim(b.dma_buf_map_attachment_unlocked(attach, 0))
  })
  expect(log).toEqual(['attach -', '1', 'release -', 'map L'])
  expect(kinds[0]).toBe('warn.dma-buf-attached')
  expect(kinds).toContain('kasan.use-after-free')
})

it('DBUF-10 detach: off the list, then the exporter without the lock; a wrong buffer is a WARN', () => {
  const { log, kinds } = checked(function* (say) {
    const dmabuf = yield* exported(telling(say))
    const other = yield* exported(telling(say))
    const attach = yield* sim(b.dma_buf_attach(dmabuf, newDevice('a')))
    yield* sim(b.dma_buf_detach(other, attach))
    yield* sim(b.dma_buf_detach(null, attach))
    yield* sim(b.dma_buf_detach(dmabuf, null))
    say(b.list_empty(dmabuf.attachments))
    yield* sim(b.dma_buf_detach(dmabuf, attach))
    say(b.list_empty(dmabuf.attachments))
  })
  expect(log).toEqual(['attach -', 'false', 'detach -', 'true'])
  expect(kinds).toEqual(Array(3).fill('warn.dma-buf-null'))
})

it('DBUF-10 a forgotten mapping or pin is not undone by detach', () => {
  const { log } = checked(function* (say) {
    const dmabuf = yield* exported(telling(say, { pin: () => 0, unpin: () => say('unpin') }))
    const attach = yield* sim(b.dma_buf_attach(dmabuf, newDevice('a')))
    yield* sim(b.dma_buf_map_attachment_unlocked(attach, 0))
    yield* sim(b.dma_buf_detach(dmabuf, attach))
  })
  expect(log).toEqual(['attach -', 'map L', 'detach -'])
})

it('DBUF-25 only an importer with a hook can have the buffer taken away', () => {
  checked(function* (say) {
    const dmabuf = yield* exported(telling(say))
    const of = (io: b.dma_buf_attach_ops | null) =>
      sim(b.dma_buf_dynamic_attach(dmabuf, newDevice('a'), io, null))
    const answers = []
    for (const io of [null, {}, { invalidate_mappings: () => {} }])
      answers.push(b.dma_buf_attach_revocable(yield* of(io)))
    expect(answers).toEqual([false, false, true])
  })
})

it('DBUF-31 peer-to-peer has to be allowed by the importer; a static one never does', () => {
  const { log } = checked(function* (say) {
    const attach = (_: b.dma_buf, a: b.dma_buf_attachment): number => (a.peer2peer ? 0 : -95)
    const dmabuf = yield* exported(telling(say, { attach }))
    say(err(yield* sim(b.dma_buf_attach(dmabuf, newDevice('a')))))
    for (const allow_peer2peer of [false, true])
      say(err(yield* sim(b.dma_buf_dynamic_attach(dmabuf, newDevice('b'), { allow_peer2peer }, null))))
  })
  expect(log).toEqual(['-95', '-95', '0'])
})
