import { expect, test } from 'vitest'
import type { Sim } from '../../../src-sim/engine/suspend'
import { usb_device_model } from '../../../src-sim/hardware/usb-device-model'
import { now } from '../../../src-sim/engine/current'
import { msleep } from '../../../src-sim/linux/delay'
import * as e from '../../../src-sim/linux/errno'
import { GFP_KERNEL, kfree, kzalloc } from '../../../src-sim/linux/slab'
import { kref_read } from '../../../src-sim/linux/kref'
import * as usb from '../../../src-sim/linux/usb'
import { sim } from '../../sim/harness'
import { play } from '../device-model/kit'
import { bind, bulk, send, SOURCE } from './usb-kit'

const { usb_rcvbulkpipe: rcv, usb_sndbulkpipe: snd } = usb

test('bytes go out and come back; completions run in softirq context, in order', () => {
  const k = play(function* (kit) {
    const { udev } = yield* bind(kit)
    const say = (urb: usb.urb): void =>
      kit.say(`${urb.status} ${urb.actual_length} ${now.exec?.kind} ${urb.transfer_buffer![0]}`)
    const back = bulk(udev, rcv(udev, 1), 16, say)
    expect([send(back), back.status]).toEqual([0, -e.EINPROGRESS])
    const out = bulk(udev, snd(udev, 2), [7, 8, 9], say)
    expect(send(out)).toBe(0)
    yield* sim(msleep(1))
    expect(kref_read(out.kref)).toBe(1)
    usb.usb_free_urb(back)
    usb.usb_free_urb(out)
  })
  expect(k.log.slice(1)).toEqual(['0 3 softirq 7', '0 3 softirq 7'])
  expect(k.kinds).toEqual([])
})

test('what is refused at once', () => {
  const k = play(function* (kit) {
    const { udev } = yield* bind(kit)
    const done = (): void => kit.say('done')
    expect([send(null as never), send(usb.usb_alloc_urb(0, GFP_KERNEL)!)]).toEqual([
      -e.EINVAL,
      -e.EINVAL,
    ])
    expect(send(bulk(udev, rcv(udev, 9), 4, done))).toBe(-e.ENOENT)
    const orphan = bulk(udev, rcv(udev, 1), 4, done)
    orphan.dev = null
    expect(send(orphan)).toBe(-e.ENODEV)
    const control = bulk(udev, usb.usb_sndctrlpipe(udev, 0), 4, done)
    expect(send(control)).toBe(-e.ENOEXEC)
    control.setup_packet = kzalloc(usb.usb_ctrlrequest, GFP_KERNEL)!
    expect(send(control)).toBe(-e.EBADR)
    const int = bulk(udev, usb.usb_rcvintpipe(udev, 3), 4, done)
    expect(send(int)).toBe(-e.EINVAL)
    const blocked = bulk(udev, rcv(udev, 1), 4, done)
    usb.usb_block_urb(blocked)
    expect([send(blocked), kref_read(blocked.kref)]).toEqual([-e.EPERM, 1])
    usb.usb_unblock_urb(blocked)
    expect([send(blocked), send(blocked)]).toEqual([0, -e.EBUSY])
    yield* sim(usb.usb_kill_urb(blocked))
  })
  expect(k.kinds).toEqual(['warn.usb-active'])
  expect(k.log.slice(1)).toEqual(['done'])
})

test('killing waits for the completion, which gets -ENOENT and cannot resubmit', () => {
  const k = play(function* (kit) {
    const { udev } = yield* bind(kit)
    const urb = bulk(udev, rcv(udev, 1), 4, (u) => kit.say(`${u.status} ${send(u)}`))
    send(urb)
    yield* sim(usb.usb_kill_urb(urb))
    kit.say('killed')
    expect([send(urb), usb.usb_unlink_urb(urb)]).toEqual([0, -e.EINPROGRESS])
    expect(usb.usb_unlink_urb(urb)).toBe(-e.EBUSY)
    yield* sim(msleep(1))
    yield* sim(usb.usb_kill_urb(urb))
    expect(usb.usb_unlink_urb(urb)).toBe(-e.EIDRM)
    yield* sim(usb.usb_kill_urb(null))
  })
  const killed = `${-e.ENOENT} ${-e.EPERM}`
  expect(k.log.slice(1)).toEqual([killed, 'killed', `${-e.ECONNRESET} 0`, killed])
  expect(k.kinds).toEqual([])
})

test('a poisoned request cannot be used until it is unpoisoned', () => {
  play(function* (kit) {
    const { udev } = yield* bind(kit)
    const urb = bulk(udev, rcv(udev, 1), 4, (u) => kit.say(`${u.status}`))
    send(urb)
    yield* sim(usb.usb_poison_urb(urb))
    expect([kit.log.at(-1), send(urb)]).toEqual([`${-e.ENOENT}`, -e.EPERM])
    usb.usb_unpoison_urb(urb)
    expect(send(urb)).toBe(0)
    yield* sim(usb.usb_kill_urb(urb))
  })
})

test('freeing a request under way keeps it until its completion is over', () => {
  const k = play(function* (kit) {
    const { udev } = yield* bind(kit)
    const urb = bulk(udev, snd(udev, 2), [1], (u) => kit.say(`done ${u.status}`))
    urb.transfer_flags |= usb.URB_FREE_BUFFER
    send(urb)
    usb.usb_free_urb(urb)
    yield* sim(msleep(1))
    expect([(urb as { $dead?: unknown }).$dead === undefined, kit.log.at(-1)]).toEqual([
      false,
      'done 0',
    ])
  })
  expect(k.kinds).toEqual([])
})

test('a short read is an error only when asked for; too much is one always', () => {
  const k = play(function* (kit) {
    const { udev } = yield* bind(kit)
    const back = bulk(udev, rcv(udev, 1), 16, (u) => kit.say(`${u.status} ${u.actual_length}`))
    back.transfer_flags |= usb.URB_SHORT_NOT_OK
    send(back)
    send(bulk(udev, snd(udev, 2), [1, 2], () => {}))
    yield* sim(msleep(1))
  })
  expect(k.log.slice(1)).toEqual([`${-e.EREMOTEIO} 2`])
})

test('a refusing endpoint stays halted until that is cleared', () => {
  play(function* (kit) {
    const { udev } = yield* bind(kit)
    const say = (u: usb.urb): void => kit.say(`${u.status}`)
    const vendor = usb.USB_TYPE_VENDOR
    const ret = usb.usb_control_msg(udev, usb.usb_sndctrlpipe(udev, 0), 3, vendor, 0, 0, null, 0, 100)
    expect(yield* sim(ret)).toBe(0)
    for (let i = 0; i < 2; i++) {
      send(bulk(udev, rcv(udev, 1), 4, say))
      yield* sim(msleep(1))
    }
    expect(kit.log.slice(1)).toEqual([`${-e.EPIPE}`, `${-e.EPIPE}`])
    expect(yield* sim(usb.usb_clear_halt(udev, rcv(udev, 1)))).toBe(0)
    const last = bulk(udev, rcv(udev, 1), 4, say)
    send(last)
    yield* sim(msleep(1))
    expect(last.status).toBe(-e.EINPROGRESS)
    yield* sim(usb.usb_kill_urb(last))
  })
})

test('anchors: killed youngest first; waited for; refused when poisoned', () => {
  const k = play(function* (kit) {
    const { udev } = yield* bind(kit)
    const anchor = new usb.usb_anchor()
    usb.init_usb_anchor(anchor)
    const make = (n: number): usb.urb => {
      const urb = bulk(udev, rcv(udev, 1), 4, (u) => kit.say(`${n} ${u.status}`))
      usb.usb_anchor_urb(urb, anchor)
      usb.usb_free_urb(urb)
      return urb
    }
    for (const n of [1, 2, 3]) expect(send(make(n))).toBe(0)
    expect(yield* sim(usb.usb_wait_anchor_empty_timeout(anchor, 20))).toBe(0)
    yield* sim(usb.usb_kill_anchored_urbs(anchor))
    expect([usb.usb_anchor_empty(anchor), usb.usb_get_from_anchor(anchor)]).toEqual([1, null])
    send(make(4))
    yield* sim(usb.usb_poison_anchored_urbs(anchor))
    const late = make(5)
    expect(send(late)).toBe(-e.EPERM)
    usb.usb_unpoison_anchored_urbs(anchor)
    expect(send(late)).toBe(0)
    usb.usb_unlink_anchored_urbs(anchor)
    expect(usb.usb_anchor_empty(anchor)).toBe(1)
    yield* sim(msleep(1))
    expect(yield* sim(usb.usb_wait_anchor_empty_timeout(anchor, 20))).toBeGreaterThan(0)
  })
  const killed = [3, 2, 1, 4].map((n) => `${n} ${-e.ENOENT}`)
  expect(k.log.slice(1)).toEqual([...killed, `5 ${-e.ECONNRESET}`])
  expect(k.kinds).toEqual([])
})

test('an anchored request frees its place before its completion runs, but wakes after it', () => {
  const k = play(function* (kit) {
    const { udev } = yield* bind(kit)
    const anchor = new usb.usb_anchor()
    const urb = bulk(udev, snd(udev, 2), [1], function* (u: usb.urb): Sim {
      kit.say(`in completion: ${u.anchor === null} ${usb.usb_anchor_empty(anchor)}`)
      yield* sim(usb.usb_anchor_suspend_wakeups(anchor))
      usb.usb_anchor_resume_wakeups(anchor)
    } as unknown as (u: usb.urb) => void)
    usb.usb_anchor_urb(urb, anchor)
    send(urb)
    expect(yield* sim(usb.usb_wait_anchor_empty_timeout(anchor, 100))).toBeGreaterThan(0)
    kit.say('empty')
  })
  expect(k.log.slice(1)).toEqual(['in completion: true 1', 'empty'])
})

test('messages that wait: bytes, timeouts, refusals', () => {
  play(function* (kit) {
    const { udev } = yield* bind(kit)
    const buffer = kzalloc(8, GFP_KERNEL)!
    buffer.set([5, 6])
    const length = { value: -1 }
    const out = snd(udev, 2)
    expect(yield* sim(usb.usb_bulk_msg(udev, out, buffer, 2, length, 100))).toBe(0)
    const back = rcv(udev, 1)
    expect(yield* sim(usb.usb_bulk_msg(udev, back, buffer, 8, length, 100))).toBe(0)
    expect([length.value, buffer[1]]).toEqual([2, 6])
    const before = kit.machine.nowNs
    expect(yield* sim(usb.usb_bulk_msg(udev, back, buffer, 8, length, 40))).toBe(-e.ETIMEDOUT)
    expect(kit.machine.nowNs - before).toBeGreaterThanOrEqual(40e6)
    expect(yield* sim(usb.usb_bulk_msg(udev, rcv(udev, 9), buffer, 8, length, 40))).toBe(-e.EINVAL)
    const control = usb.usb_rcvctrlpipe(udev, 0)
    const vendor = usb.USB_DIR_IN | usb.USB_TYPE_VENDOR
    expect(yield* sim(usb.usb_control_msg(udev, control, 2, vendor, 0, 0, buffer, 4, 100))).toBe(4)
    expect(buffer[0]).toBe(1)
    expect(yield* sim(usb.usb_control_msg(udev, control, 77, vendor, 0, 0, buffer, 4, 100))).toBe(
      -e.EPIPE,
    )
    const plain = new Uint8Array(4)
    const recv = usb.usb_control_msg_recv(udev, 0, 2, vendor, 0, 0, plain, 4, 100, GFP_KERNEL)
    expect([yield* sim(recv), plain[0]]).toEqual([0, 1])
    kfree(buffer)
  })
})

test('a wait that nothing can end is over after a minute', () => {
  play(function* (kit) {
    const { udev } = yield* bind(kit)
    const buffer = kzalloc(8, GFP_KERNEL)!
    for (const timeout of [0, 90_000]) {
      const before = kit.machine.nowNs
      const ret = usb.usb_bulk_msg(udev, rcv(udev, 1), buffer, 8, null, timeout)
      expect(yield* sim(ret)).toBe(-e.ETIMEDOUT)
      const seconds = (kit.machine.nowNs - before) / 1e9
      expect(seconds > 60 && seconds < 62).toBe(true)
    }
  })
})

test('interrupt endpoints are asked at their interval', () => {
  const k = play(function* (kit) {
    const { udev } = yield* bind(kit, {}, SOURCE)
    const urb = usb.usb_alloc_urb(0, GFP_KERNEL)!
    const buffer = kzalloc(1, GFP_KERNEL)!
    const done = (u: usb.urb): void => {
      kit.say(`${u.status} ${buffer[0]}`)
      if (u.status === 0) send(u)
    }
    usb.usb_fill_int_urb(urb, udev, usb.usb_rcvintpipe(udev, 2), buffer, 1, done, null, 4)
    expect(urb.interval).toBe(8)
    send(urb)
    yield* sim(msleep(35))
    yield* sim(usb.usb_kill_urb(urb))
  })
  expect(k.log.slice(1)).toEqual(['0 0', '0 1', '0 2', `${-e.ENOENT} 2`])
})

test('a buffer that no device can reach is refused', () => {
  const k = play(function* (kit) {
    const { udev } = yield* bind(kit)
    const urb = bulk(udev, snd(udev, 2), 4, () => {})
    urb.transfer_buffer = new Uint8Array(4)
    expect(send(urb)).toBe(-e.EAGAIN)
  })
  expect(k.kinds).toEqual(['warn.usb-not-dma-capable'])
})

class camera extends usb_device_model {
  override interfaces = [
    { endpoints: [{ address: 0x81, type: 'isochronous' as const, maxPacket: 16, interval: 1 }] },
  ]
  frames = 0

  override in(_address: number, length: number): Uint8Array | null {
    return this.frames++ % 2 ? null : new Uint8Array(length).fill(this.frames)
  }
}

test('isochronous packets come at their times, or stay empty', () => {
  const k = play(function* (kit) {
    const { udev } = yield* bind(kit, {}, { port: '1-1', model: camera })
    const buffer = kzalloc(48, GFP_KERNEL)!
    const urb = usb.usb_alloc_urb(3, GFP_KERNEL)!
    const pipe = usb.usb_rcvisocpipe(udev, 1)
    const done = (u: usb.urb): void => {
      const packets = u.iso_frame_desc.map((p) => `${p.status}:${p.actual_length}`)
      kit.say(`${u.status} ${u.actual_length} ${packets.join(' ')}`)
    }
    usb.usb_fill_bulk_urb(urb, udev, pipe, buffer, 48, done, null)
    urb.interval = 1
    expect(send(urb)).toBe(-e.EINVAL)
    urb.number_of_packets = 3
    urb.iso_frame_desc.forEach((p, n) => ((p.offset = 16 * n), (p.length = n === 2 ? 17 : 16)))
    expect([send(urb), urb.iso_frame_desc[0]!.status]).toEqual([-e.EMSGSIZE, -e.EXDEV])
    urb.iso_frame_desc[2]!.length = 16
    expect(send(urb)).toBe(0)
    yield* sim(msleep(1))
    expect([buffer[0], buffer[16], buffer[32]]).toEqual([1, 0, 3])
  })
  expect(k.log.slice(1)).toEqual(['0 32 0:16 0:0 0:16'])
})
