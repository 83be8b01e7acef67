import { machine } from '../../engine/current'
import type { RefOwner } from '../locking/ref-ledger'
import { refGet, refInit, refPut } from '../base/refs'
import { allocate, slab } from '../mm/slab'
import { usb_iso_packet_descriptor } from './isochronous'
import { URB_FREE_BUFFER, urb, type Urb } from './urb'

/** Life of a request's structure. */

export function initUrb(u: Urb): void {
  refInit(u.kref)
}

export function allocUrb(packets: number): Urb | null {
  const u = allocate(urb, true)
  if (!u) return null
  initUrb(u)
  u.iso_frame_desc = Array.from({ length: packets }, () => new usb_iso_packet_descriptor())
  return u
}

export function getUrb<T extends Urb | null>(u: T, owner?: RefOwner): T {
  if (u) refGet(u.kref, owner)
  return u
}

/** The last reference frees it, and its buffer when it was given away with it. */
export function putUrb(u: Urb | null): void {
  if (!u || !refPut(u.kref)) return
  const all = slab(machine())
  if (u.transfer_flags & URB_FREE_BUFFER && u.transfer_buffer) all.free(u.transfer_buffer)
  all.free(u)
}
