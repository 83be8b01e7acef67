import { machine } from '../../engine/current'
import { kernelCall, kernelFrame } from '../../kernel/api'
import * as anchors from '../../kernel/usb/anchor'
import { allocCoherent, freeCoherent } from '../../kernel/dma/coherent'
import { usbHost } from '../../kernel/usb/host'
import { intervalOf } from '../../kernel/usb/message'
import type { usb_ctrlrequest } from '../../kernel/usb/descriptors'
import type { usb_device } from '../../kernel/usb/structs'
import { urb, usb_anchor, type usb_complete_t } from '../../kernel/usb/urb'
import * as ops from '../../kernel/usb/urb-ops'
import * as refs from '../../kernel/usb/urb-ref'
import type { gfp_t, ptr } from '../types'

/** Requests. */

export {
  urb,
  usb_anchor,
  URB_DIR_IN,
  URB_DIR_OUT,
  URB_FREE_BUFFER,
  URB_ISO_ASAP,
  URB_NO_INTERRUPT,
  URB_NO_TRANSFER_DMA_MAP,
  URB_SHORT_NOT_OK,
  URB_ZERO_PACKET,
  type usb_complete_t,
} from '../../kernel/usb/urb'

export { usb_iso_packet_descriptor } from '../../kernel/usb/isochronous'

/**
 * A request structure, with room for that many isochronous packets; or null. Pair:
 * `usb_free_urb`.
 */
export function usb_alloc_urb(iso_packets: number, _mem_flags: gfp_t): urb | null {
  return refs.allocUrb(iso_packets)
}
/** For a request that lies inside another structure. It must be idle when that is freed. */
export function usb_init_urb(u: urb | null): void {
  if (u) refs.initUrb(u)
}
/** Drops a reference: a request under way lives on until its completion function has returned. */
export function usb_free_urb(u: urb | null): void {
  refs.putUrb(u)
}
export const usb_put_urb = kernelCall('usb_put_urb', (u: urb | null): void => refs.putUrb(u))
export function usb_get_urb<T extends urb | null>(u: T): T {
  return refs.getUrb(u)
}

/** Fills in a control request; `setup_packet` must be allocated like a buffer. */
export function usb_fill_control_urb(
  u: urb,
  dev: usb_device,
  pipe: number,
  setup_packet: usb_ctrlrequest,
  transfer_buffer: Uint8Array | null,
  buffer_length: number,
  complete_fn: usb_complete_t,
  context: unknown,
): void {
  usb_fill_bulk_urb(u, dev, pipe, transfer_buffer, buffer_length, complete_fn, context)
  u.setup_packet = setup_packet
}
export function usb_fill_bulk_urb(
  u: urb,
  dev: usb_device,
  pipe: number,
  transfer_buffer: Uint8Array | null,
  buffer_length: number,
  complete_fn: usb_complete_t,
  context: unknown,
): void {
  u.dev = dev
  u.pipe = pipe
  u.transfer_buffer = transfer_buffer
  u.transfer_buffer_length = buffer_length
  u.complete = complete_fn
  u.context = context
}
/** `interval` as the endpoint's descriptor has it. */
export function usb_fill_int_urb(
  u: urb,
  dev: usb_device,
  pipe: number,
  transfer_buffer: Uint8Array | null,
  buffer_length: number,
  complete_fn: usb_complete_t,
  context: unknown,
  interval: number,
): void {
  usb_fill_bulk_urb(u, dev, pipe, transfer_buffer, buffer_length, complete_fn, context)
  u.interval = intervalOf(dev, interval)
  u.start_frame = -1
}

/**
 * Hands a request to the controller. 0: its completion function will be called once, in softirq
 * context. Else it will not: -ENODEV the device is gone, -EPERM it is being killed, -ENOENT the
 * endpoint is not there or disabled, -EHOSTUNREACH the device sleeps, -EBUSY it is under way.
 * Never sleeps.
 */
export const usb_submit_urb = kernelCall(
  'usb_submit_urb',
  (u: urb | null, _mem_flags: gfp_t): number => ops.submitUrb(u),
)
/** Asks for an end: -EINPROGRESS, and the completion function gets -ECONNRESET. Never sleeps. */
export const usb_unlink_urb = kernelCall('usb_unlink_urb', (u: urb | null): number =>
  ops.unlinkUrb(u),
)
/**
 * Ends a request and waits until its completion function has returned, which gets -ENOENT.
 * Resubmitting meanwhile fails with -EPERM. May sleep.
 */
export const usb_kill_urb = kernelFrame('usb_kill_urb', ops.killUrb)
/** The same, and it cannot be submitted any more. Pair: `usb_unpoison_urb`. */
export const usb_poison_urb = kernelFrame('usb_poison_urb', ops.poisonUrb)
/** It cannot be submitted (-EPERM); one that is under way goes on. Pair: `usb_unblock_urb`. */
export const usb_block_urb = kernelCall('usb_block_urb', ops.blockUrb)
export const usb_unpoison_urb = kernelCall('usb_unpoison_urb', ops.unpoisonUrb)
export const usb_unblock_urb = kernelCall('usb_unblock_urb', ops.unpoisonUrb)

// Anchors

export function init_usb_anchor(anchor: usb_anchor): void {
  anchor.$urbs.length = 0
  anchor.poisoned = 0
  anchor.$suspended = 0
}
/** Before submission; completion takes it off again. The anchor has a reference. */
export const usb_anchor_urb = kernelCall('usb_anchor_urb', anchors.anchorUrb)
export const usb_unanchor_urb = kernelCall('usb_unanchor_urb', anchors.unanchorUrb)
/** Kills all, youngest first. May sleep. */
export const usb_kill_anchored_urbs = kernelFrame('usb_kill_anchored_urbs', ops.killAnchored)
/** The same, and what is anchored later cannot be submitted. */
export const usb_poison_anchored_urbs = kernelFrame(
  'usb_poison_anchored_urbs',
  ops.poisonAnchored,
)
export const usb_unpoison_anchored_urbs = kernelCall(
  'usb_unpoison_anchored_urbs',
  ops.unpoisonAnchored,
)
/** Unlinks all and takes them off; completion functions run later. */
export const usb_unlink_anchored_urbs = kernelCall(
  'usb_unlink_anchored_urbs',
  ops.unlinkAnchored,
)
export const usb_anchor_suspend_wakeups = kernelCall(
  'usb_anchor_suspend_wakeups',
  anchors.suspendWakeups,
)
export const usb_anchor_resume_wakeups = kernelCall(
  'usb_anchor_resume_wakeups',
  anchors.resumeWakeups,
)
/** Waits (at most `timeout` ms) until nobody is anchored; 0 when the time was over. May sleep. */
export const usb_wait_anchor_empty_timeout = kernelFrame(
  'usb_wait_anchor_empty_timeout',
  anchors.waitAnchorEmpty,
)
/** The oldest, off the anchor, with a reference; or null. */
export const usb_get_from_anchor = kernelCall('usb_get_from_anchor', anchors.takeFromAnchor)
export const usb_scuttle_anchored_urbs = kernelCall(
  'usb_scuttle_anchored_urbs',
  anchors.scuttle,
)
export function usb_anchor_empty(anchor: usb_anchor): number {
  return anchor.$urbs.length === 0 ? 1 : 0
}

// Buffers

/** A buffer that the controller can reach without mapping; use URB_NO_TRANSFER_DMA_MAP with it. */
export function usb_alloc_coherent(
  _dev: usb_device,
  size: number,
  _mem_flags: gfp_t,
  dma: ptr<number>,
): Uint8Array | null {
  const mapping = allocCoherent(usbHost(machine()).controller, size)
  if (!mapping) return null
  dma.value = mapping.dma
  return mapping.cpu
}
export function usb_free_coherent(
  _dev: usb_device,
  size: number,
  addr: Uint8Array | null,
  dma: number,
): void {
  freeCoherent(usbHost(machine()).controller, size, addr, dma)
}
