import { KernelObject } from '../../engine/object'
import { refcount_t } from '../locking/refcount'
import { WaitList } from '../sched/schedule'
import type { usb_ctrlrequest, usb_host_endpoint } from './descriptors'
import type { usb_iso_packet_descriptor } from './isochronous'
import type { usb_device } from './structs'

export const URB_SHORT_NOT_OK = 0x0001
export const URB_ISO_ASAP = 0x0002
export const URB_NO_TRANSFER_DMA_MAP = 0x0004
export const URB_ZERO_PACKET = 0x0040
export const URB_NO_INTERRUPT = 0x0080
export const URB_FREE_BUFFER = 0x0100
export const URB_DIR_IN = 0x0200
export const URB_DIR_OUT = 0

export type usb_complete_t = (urb: urb) => void

/** Requests that are waited for or ended together. */
export class usb_anchor extends KernelObject {
  /** New members are refused by the core. */
  poisoned = 0
  /** @internal Oldest first. */
  readonly $urbs: urb[] = []
  /** @internal Givebacks under way: nobody is woken meanwhile. */
  $suspended = 0
  /** @internal */
  readonly $waiters = new WaitList()
}

/**
 * A request: a buffer to be moved through an endpoint, and the function that is called when that is
 * over. Submitted, it belongs to the core until that function runs.
 */
export class urb extends KernelObject {
  dev: usb_device | null = null
  ep: usb_host_endpoint | null = null
  pipe = 0
  /** -EINPROGRESS while it is under way; then 0 or why it failed. */
  status = 0
  transfer_flags = 0
  transfer_buffer: Uint8Array | null = null
  transfer_dma = 0
  transfer_buffer_length = 0
  actual_length = 0
  setup_packet: usb_ctrlrequest | null = null
  start_frame = 0
  number_of_packets = 0
  iso_frame_desc: usb_iso_packet_descriptor[] = []
  interval = 0
  error_count = 0
  context: any = null
  complete: usb_complete_t | null = null
  anchor: usb_anchor | null = null
  kref = new refcount_t()
  /** What the controller keeps: set while it is under way. */
  hcpriv: object | null = null
  unlinked = 0
  /** @internal How often it is under way: submitted and its completion not over. */
  $useCount = 0
  /** @internal How many forbid to submit it. */
  $reject = 0
  /** @internal Mapped for DMA: the address, until it is unmapped. */
  $mapped: number | null = null

  constructor() {
    super()
    this.kref.$parent = this
    this.kref.$field = 'kref'
  }
}

export type Urb = urb
