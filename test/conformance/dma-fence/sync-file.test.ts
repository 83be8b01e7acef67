import { expect, it } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import * as f from '../../../src-sim/linux/dma-fence'
import * as files from '../../../src-sim/linux/file'
import { kref_read } from '../../../src-sim/linux/kref'
import * as s from '../../../src-sim/linux/sync_file'
import * as libc from '../../../src-sim/linux/user/libc'
import { sim } from '../../sim/harness'
import { play } from '../device-model/kit'
import { NAMES, newFence } from './support'

/** A descriptor for a fence, as an ioctl of a driver would make one. */
function fdOf(fence: f.dma_fence): number {
  const sync = s.sync_file_create(fence)!
  const fd = files.get_unused_fd_flags(0)
  files.fd_install(fd, sync.file!)
  return fd
}

const merge = (fd2: number, more = {}): s.sync_merge_data => ({
  name: 'both', fd2, fence: -1, flags: 0, pad: 0, ...more,
})
const info = (num_fences: number, more = {}): s.sync_file_info => ({
  name: '', status: 9, flags: 0, num_fences, pad: 0, sync_fence_info: [], ...more,
})

/** The answer of a call, or the negative error number. */
function* call(fd: number, cmd: number, arg: unknown): Sim<number> {
  const ret = yield* sim(libc.ioctl(fd, cmd, arg))
  return ret < 0 ? -libc.errno() : ret
}

it('FENCE-18 a file holds one reference and drops it with the last close', () => {
  play(function* () {
    const fence = newFence()
    const fd = fdOf(fence)
    expect(kref_read(fence.refcount)).toBe(2)
    expect(s.sync_file_get_fence(fd)).toBe(fence)
    expect(kref_read(fence.refcount)).toBe(3)
    yield* sim(f.dma_fence_put(fence))
    expect(s.sync_file_get_fence(77)).toBe(null)
    yield* sim(libc.close(fd))
    expect(kref_read(fence.refcount)).toBe(1)
  })
})

it('FENCE-18 polling arms the fence once, and is ready when it is signaled', () => {
  const k = play(function* (kit) {
    const fence = newFence({ ...NAMES, enable_signaling: () => (kit.say('enable'), true) })
    const fd = fdOf(fence)
    const poll = (ms: number): Sim<number> =>
      sim(libc.poll([{ fd, events: libc.POLLIN, revents: 0 }], 1, ms))
    kit.say(String(yield* poll(0)))
    kit.say(String(yield* poll(0)))
    yield* sim(f.dma_fence_signal(fence))
    kit.say(String(yield* poll(0)))
    yield* sim(libc.close(fd))
  })
  expect(k.log).toEqual(['enable', '0', '0', '1'])
})

it('FENCE-18 merging: a new file for what is pending; bad arguments', () => {
  play(function* () {
    const [x, y] = [newFence(), newFence()]
    const [one, two] = [fdOf(x), fdOf(y)]
    const data = merge(two)
    expect(yield* call(one, s.SYNC_IOC_MERGE, data)).toBe(0)
    const both = s.sync_file_get_fence(data.fence)!
    yield* sim(f.dma_fence_signal(x))
    expect(yield* sim(f.dma_fence_is_signaled(both))).toBe(false)
    yield* sim(f.dma_fence_signal(y))
    expect(yield* sim(f.dma_fence_is_signaled(both))).toBe(true)
    expect(yield* call(one, s.SYNC_IOC_MERGE, merge(99))).toBe(-2)
    expect(yield* call(one, s.SYNC_IOC_MERGE, merge(two, { flags: 1 }))).toBe(-22)
    expect(yield* call(one, s.SYNC_IOC_MERGE, merge(two, { pad: 1 }))).toBe(-22)
    expect(yield* call(one, 0x1234, null)).toBe(-25)
    expect(files.get_unused_fd_flags(0)).toBe(data.fence + 1)
  })
})

it('FENCE-18 the info: how many, each of them, and the first that is not over well', () => {
  play(function* () {
    const [x, y] = [newFence(NAMES, null, 7, 3), newFence(NAMES, null, 9, 1)]
    const data = merge(fdOf(y))
    const fd = fdOf(x)
    const alone = info(0)
    expect(yield* call(fd, s.SYNC_IOC_FILE_INFO, alone)).toBe(0)
    expect([alone.num_fences, alone.status, alone.name]).toEqual([1, 0, 'drv-ring07-3'])
    yield* call(fd, s.SYNC_IOC_MERGE, data)
    f.dma_fence_set_error(x, -5)
    yield* sim(f.dma_fence_signal(x))
    expect(yield* call(data.fence, s.SYNC_IOC_FILE_INFO, info(1))).toBe(-22)
    const both = info(2)
    expect(yield* call(data.fence, s.SYNC_IOC_FILE_INFO, both)).toBe(0)
    expect([both.name, both.status, both.num_fences]).toEqual(['both', -5, 2])
    expect(both.sync_fence_info.map((one) => one.status)).toEqual([-5, 0])
    expect(yield* call(fd, s.SYNC_IOC_FILE_INFO, info(0, { flags: 1 }))).toBe(-22)
    expect(yield* call(fd, s.SYNC_IOC_SET_DEADLINE, { deadline_ns: 1, pad: 1 })).toBe(-22)
  })
})

it('FENCE-18 a descriptor that is reserved is not handed out again until it is given back', () => {
  play(function* (): Sim {
    const first = files.get_unused_fd_flags(0)
    expect(files.get_unused_fd_flags(0)).toBe(first + 1)
    files.put_unused_fd(first)
    expect(files.get_unused_fd_flags(0)).toBe(first)
    yield* []
  })
})
