import { expect, it } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import * as b from '../../../src-sim/linux/dma-buf'
import * as r from '../../../src-sim/linux/dma-resv'
import { sync_file_get_fence } from '../../../src-sim/linux/sync_file'
import * as libc from '../../../src-sim/linux/user/libc'
import { currentProcess } from '../../../src-sim/kernel/fs/process'
import { sim } from '../../sim/harness'
import { checked, type Say } from '../checked'
import { newFence } from '../dma-fence/support'
import { exported, locked, newDevice, telling } from './support'

/** The answer of a call of a program, or the negative error number. */
function* ioctl(fd: number, cmd: number, arg: unknown): Sim<number> {
  const ret = yield* sim(libc.ioctl(fd, cmd, arg))
  return ret < 0 ? -libc.errno() : ret
}

function* opened(say: Say, more: Partial<b.dma_buf_ops> = {}) {
  const dmabuf = yield* exported(telling(say, more))
  return { dmabuf, fd: b.dma_buf_fd(dmabuf, 0) }
}

function* addFence(dmabuf: b.dma_buf, usage: number): Sim<b.dma_fence> {
  return yield* locked(dmabuf, function* () {
    const fence = newFence()
    yield* sim(r.dma_resv_reserve_fences(dmabuf.resv!, 1))
    yield* sim(r.dma_resv_add_fence(dmabuf.resv!, fence, usage))
    return fence
  })
}

it('DBUF-41 seeking tells the size, and nothing else', () => {
  const { log } = checked(function* (say) {
    const { fd } = yield* opened(say)
    const f = currentProcess().files!.open.get(fd)!
    const seek = (offset: number, whence: number) => f.f_op!.llseek!(f, offset, whence)
    say(seek(0, b.SEEK_END), seek(0, b.SEEK_SET), seek(0, b.SEEK_CUR), seek(1, b.SEEK_SET))
  })
  expect(log).toEqual(['8192 0 -22 -22'])
})

it('DBUF-33 there is no read', () => {
  checked(function* (say) {
    const { fd } = yield* opened(say)
    expect(yield* sim(libc.read(fd, new Uint8Array(1), 1))).toBe(-1)
    expect(libc.errno()).toBe(22)
  })
})

it('DBUF-41 names: 31 letters at most, replaced at any time', () => {
  const { log } = checked(function* (say) {
    const { dmabuf, fd } = yield* opened(say)
    say(yield* ioctl(fd, b.DMA_BUF_SET_NAME, 'first'), dmabuf.name)
    say(yield* ioctl(fd, b.DMA_BUF_SET_NAME_A, 'x'.repeat(31)), dmabuf.name?.length)
    say(yield* ioctl(fd, b.DMA_BUF_SET_NAME_B, 'x'.repeat(32)))
    say(yield* ioctl(fd, b.DMA_BUF_SET_NAME, null))
  })
  expect(log).toEqual(['0 first', '0 31', '-22', '-14'])
})

it('DBUF-37 flags of SYNC and what they mean', () => {
  const { log } = checked(function* (say) {
    const { fd } = yield* opened(say, {
      begin_cpu_access: (_, dir) => (say('begin', dir), 0),
      end_cpu_access: (_, dir) => (say('end', dir), 0),
    })
    for (const flags of [1, 2, 3, 1 | 4, 2 | 4, 3 | 4, 0, 4, 8 | 1])
      say(yield* ioctl(fd, b.DMA_BUF_IOCTL_SYNC, { flags }))
    say(yield* ioctl(fd, b.DMA_BUF_IOCTL_SYNC, null))
    say(yield* ioctl(fd, 0x1234, null))
  })
  const good = ['begin 2', '0', 'begin 1', '0', 'begin 0', '0', 'end 2', '0', 'end 1', '0', 'end 0', '0']
  expect(log).toEqual([...good, '-22', '-22', '-22', '-14', '-25'])
})

it('DBUF-40 exporting fences: none is a signaled one, what comes out depends on the access', () => {
  const { log } = checked(function* (say) {
    const { dmabuf, fd } = yield* opened(say)
    const out = function* (flags: number): Sim<b.dma_fence> {
      const arg = { flags, fd: -1 }
      expect(yield* ioctl(fd, b.DMA_BUF_IOCTL_EXPORT_SYNC_FILE, arg)).toBe(0)
      return sync_file_get_fence(arg.fd)!
    }
    say(yield* sim(b.dma_fence_is_signaled(yield* out(b.DMA_BUF_SYNC_WRITE))))
    const read = yield* addFence(dmabuf, r.DMA_RESV_USAGE_READ)
    say((yield* out(b.DMA_BUF_SYNC_WRITE)) === read)
    say(yield* sim(b.dma_fence_is_signaled(yield* out(b.DMA_BUF_SYNC_READ))))
    const write = yield* addFence(dmabuf, r.DMA_RESV_USAGE_WRITE)
    const both = yield* out(b.DMA_BUF_SYNC_RW)
    yield* sim(b.dma_fence_signal(read))
    say(yield* sim(b.dma_fence_is_signaled(both)))
    yield* sim(b.dma_fence_signal(write))
    say(yield* sim(b.dma_fence_is_signaled(both)))
  })
  expect(log).toEqual(['true', 'true', 'true', 'false', 'true'])
})

it('DBUF-40 importing fences: every leaf, with the usage of the access', () => {
  const { log } = checked(function* (say) {
    const { dmabuf, fd } = yield* opened(say)
    const from = yield* opened(say)
    yield* addFence(from.dmabuf, r.DMA_RESV_USAGE_READ)
    yield* addFence(from.dmabuf, r.DMA_RESV_USAGE_READ)
    const arg = { flags: b.DMA_BUF_SYNC_WRITE, fd: -1 }
    yield* ioctl(from.fd, b.DMA_BUF_IOCTL_EXPORT_SYNC_FILE, arg)
    say(yield* ioctl(fd, b.DMA_BUF_IOCTL_IMPORT_SYNC_FILE, arg))
    for (const usage of [r.DMA_RESV_USAGE_KERNEL, r.DMA_RESV_USAGE_WRITE]) {
      const all = b.ptr<b.dma_fence[] | null>(null)
      yield* sim(r.dma_resv_get_fences(dmabuf.resv!, usage, b.ptr(0), all))
      say(all.value?.length ?? 0)
    }
  })
  expect(log).toEqual(['0', '0', '2'])
})

it('DBUF-40 bad arguments', () => {
  const { log } = checked(function* (say) {
    const { fd } = yield* opened(say)
    for (const cmd of [b.DMA_BUF_IOCTL_EXPORT_SYNC_FILE, b.DMA_BUF_IOCTL_IMPORT_SYNC_FILE]) {
      say(yield* ioctl(fd, cmd, { flags: 0, fd: 0 }), yield* ioctl(fd, cmd, { flags: 4, fd: 0 }))
      say(yield* ioctl(fd, cmd, null))
    }
    say(yield* ioctl(fd, b.DMA_BUF_IOCTL_IMPORT_SYNC_FILE, { flags: 1, fd }))
  })
  expect(log).toEqual(['-22 -22', '-14', '-22 -22', '-14', '-22'])
})

it('DBUF-33 mapping: no operation and beyond the end are -EINVAL, then the exporter is asked', () => {
  const { log } = checked(function* (say) {
    const map = function* (fd: number, pages: number, page: number): Sim {
      const length = pages * 4096
      const got = yield* sim(libc.mmap(null, length, 3, libc.MAP_SHARED, fd, page * 4096))
      say(got === libc.MAP_FAILED ? -libc.errno() : 'mapped')
    }
    yield* map((yield* opened(say)).fd, 1, 0)
    const { dmabuf, fd } = yield* opened(say, {
      mmap: (dmabuf) => (say('mmap', r.dma_resv_is_locked(dmabuf.resv!)), 0),
    })
    for (const [pages, page] of [[3, 0], [2, 1], [1, 1]] as const) yield* map(fd, pages, page)
    yield* sim(libc.close(fd))
    say(b.file_count(dmabuf.file!))
    const refusing = yield* opened(say, { mmap: () => -6 })
    yield* map(refusing.fd, 1, 0)
  })
  expect(log).toEqual(['-22', '-22', '-22', 'mmap false', 'mapped', '1', '-6'])
})

it('DBUF-41 debugfs lists the buffers, their fences and who is attached', () => {
  const { log } = checked(function* (say) {
    const { dmabuf, fd } = yield* opened(say)
    yield* ioctl(fd, b.DMA_BUF_SET_NAME, 'frame')
    yield* addFence(dmabuf, r.DMA_RESV_USAGE_WRITE)
    yield* sim(b.dma_buf_attach(dmabuf, newDevice('gpu')))
    const text = yield* sim(libc.read_file('/sys/kernel/debug/dma_buf/bufinfo'))
    for (const line of text!.split('\n')) say(line)
  })
  expect(log.slice(1).map((line) => line.replace(/\d+:\d+/, 'N:N'))).toEqual([
    '',
    'Dma-buf Objects:',
    'size    \tflags   \tmode    \tcount   \texp_name\tino     \tname',
    '00008192\t00000002\t00000007\t00000001\tkernel\t00000001\tframe',
    '\twrite fence:N:N ring0 drv unsignalled',
    '\tAttached Devices:',
    '\tgpu',
    'Total 1 devices attached',
    '',
    '',
    'Total 1 objects, 8192 bytes',
    '',
  ])
})

it('DBUF-40 DBUF-41 arguments at addresses of a program, which fault like any other memory', () => {
  const { log } = checked(function* (say) {
    const { dmabuf, fd } = yield* opened(say, { begin_cpu_access: (_d, dir) => (say('begin', dir), 0) })
    const at = yield* sim(libc.mmap(0, 4096, 3, libc.MAP_PRIVATE | libc.MAP_ANONYMOUS, -1, 0))
    say(yield* ioctl(fd, b.DMA_BUF_IOCTL_SYNC, at))
    yield* sim(libc.store32(at, 0, b.DMA_BUF_SYNC_READ))
    say(yield* ioctl(fd, b.DMA_BUF_IOCTL_SYNC, at))
    yield* sim(libc.store32(at, 4, 1))
    say(yield* ioctl(fd, b.DMA_BUF_IOCTL_SYNC, at))
    say(yield* ioctl(fd, b.DMA_BUF_IOCTL_EXPORT_SYNC_FILE, at))
    const sync = yield* sim(libc.load32(at, 4))
    say(sync_file_get_fence(sync) !== null)
    say(yield* ioctl(fd, b.DMA_BUF_IOCTL_IMPORT_SYNC_FILE, at))
    yield* sim(libc.strcpy(at + 8, 'named'))
    say(yield* ioctl(fd, b.DMA_BUF_SET_NAME, at + 8), dmabuf.name)
    say(yield* ioctl(fd, b.DMA_BUF_IOCTL_SYNC, at + 4096), yield* ioctl(fd, b.DMA_BUF_SET_NAME, 8))
  })
  expect(log).toEqual(['-22', 'begin 2', '0', '-22', '0', 'true', '0', '0 named', '-14 -14'])
})

it('DBUF-40 an answer that cannot be written takes the new descriptor back', () => {
  const { log } = checked(function* (say) {
    const { fd } = yield* opened(say)
    const at = yield* sim(libc.mmap(0, 4096, 3, libc.MAP_PRIVATE | libc.MAP_ANONYMOUS, -1, 0))
    yield* sim(libc.store32(at, 0, b.DMA_BUF_SYNC_READ))
    yield* sim(libc.mprotect(at, 4096, libc.PROT_READ))
    say(yield* ioctl(fd, b.DMA_BUF_IOCTL_EXPORT_SYNC_FILE, at))
    const { open, reserved } = currentProcess().files!
    say(open.size, reserved.size)
  })
  expect(log).toEqual(['-14', '1 0'])
})
