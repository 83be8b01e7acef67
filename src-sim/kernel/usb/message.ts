import { machine } from '../../engine/current'
import { call, type Sim } from '../../engine/suspend'
import { EINVAL, ENOENT, ENOMEM, ETIMEDOUT } from '../errno'
import { allocate, slab } from '../mm/slab'
import {
  complete,
  completion,
  waitForCompletionStateTimeout,
  waitForCompletionTimeout,
} from '../sched/completion'
import { TASK_KILLABLE } from '../sched/states'
import { MAX_SCHEDULE_TIMEOUT, msecsToJiffies } from '../time/clock'
import {
  transferType,
  usb_ctrlrequest,
  USB_ENDPOINT_XFER_INT,
  type usb_host_endpoint,
} from './descriptors'
import { endpointOf, makePipe, PIPE_CONTROL, pipeEndpoint, pipeIn } from './pipe'
import { USB_SPEED_HIGH, type usb_device } from './structs'
import { killUrb, submitUrb } from './urb-ops'
import { allocUrb, putUrb } from './urb-ref'
import type { Urb } from './urb'

/** Requests that are waited for: drivers/usb/core/message.c. */

/** The completion function of all of them. */
function usb_api_blocking_completion(urb: Urb): void {
  const context = urb.context as { done: completion; status: number }
  context.status = urb.status
  complete(context.done)
}

/** The longest that a wait may last which not even a fatal signal ends. */
const MAX_TIMEOUT_MS = 60_000

/** How long to wait, in ms, and whether a fatal signal ends it; then 0 is for ever. */
export interface Patience {
  timeoutMs: number
  killable?: boolean
}

/** `usb_start_wait_urb`: 0 or -errno. Takes the request along. */
function* startAndWait(
  urb: Urb,
  patience: Patience,
  out: { value: number } | null,
): Sim<number> {
  const context = { done: new completion(), status: 0 }
  urb.context = context
  urb.actual_length = 0
  let ret = submitUrb(urb)
  if (ret === 0) {
    const left = yield* wait(context.done, patience)
    if (left <= 0) {
      yield* killUrb(urb)
      ret = context.status === -ENOENT ? left || -ETIMEDOUT : context.status
    } else ret = context.status
  }
  if (out) out.value = urb.actual_length
  putUrb(urb)
  return ret
}

/** What is left of the time, 0, or the error of a wait that was ended. */
function* wait(done: completion, { timeoutMs, killable }: Patience): Sim<number> {
  if (killable) {
    const ticks = timeoutMs > 0 ? msecsToJiffies(machine(), timeoutMs) : MAX_SCHEDULE_TIMEOUT
    const name = 'wait_for_completion_killable_timeout'
    return yield* call(
      () => waitForCompletionStateTimeout(name, done, ticks, TASK_KILLABLE) as number,
    )
  }
  const limit = timeoutMs <= 0 ? MAX_TIMEOUT_MS : Math.min(timeoutMs, MAX_TIMEOUT_MS)
  const ticks = msecsToJiffies(machine(), limit)
  return yield* call(() => waitForCompletionTimeout(done, ticks) as number)
}

function fill(
  urb: Urb,
  udev: usb_device,
  pipe: number,
  data: Uint8Array | null,
  length: number,
): void {
  urb.dev = udev
  urb.pipe = pipe
  urb.transfer_buffer = data
  urb.transfer_buffer_length = length
  urb.complete = usb_api_blocking_completion
}

/** Sends a control request; the number of bytes moved, or -errno. */
export function* controlMessage(
  udev: usb_device,
  pipe: number,
  setup: Omit<usb_ctrlrequest, '$id' | '$dead' | '$parent' | '$field'>,
  data: Uint8Array | null,
  patience: Patience,
): Sim<number> {
  const request = allocate(usb_ctrlrequest, true)
  if (!request) return -ENOMEM
  Object.assign(request, setup)
  const urb = allocUrb(0)
  let ret = -ENOMEM
  if (urb) {
    const length = { value: 0 }
    urb.setup_packet = request
    fill(urb, udev, pipe, data, setup.wLength)
    const error = yield* startAndWait(urb, patience, length)
    ret = error || length.value
  }
  slab(machine()).free(request)
  return ret
}

/** Bulk or interrupt, as the endpoint is. 0 or -errno. */
export function* bulkMessage(
  udev: usb_device,
  pipe: number,
  data: Uint8Array,
  length: number,
  out: { value: number } | null,
  patience: Patience,
): Sim<number> {
  const ep = endpointOf(udev, pipe)
  if (!ep || length < 0) return -EINVAL
  const urb = allocUrb(0)
  if (!urb) return -ENOMEM
  const periodic = transferType(ep.desc) === USB_ENDPOINT_XFER_INT
  fill(urb, udev, periodic ? asInterrupt(pipe) : pipe, data, length)
  if (periodic) urb.interval = interval(udev, ep)
  return yield* startAndWait(urb, patience, out)
}

const asInterrupt = (pipe: number): number => ((pipe & 0x3fffffff) | 0x40000000) >>> 0

/** In frames, or in microframes at high speed and above. */
export function intervalOf(udev: usb_device, wanted: number): number {
  if (udev.speed < USB_SPEED_HIGH) return wanted
  return 1 << (Math.min(16, Math.max(1, wanted)) - 1)
}

const interval = (udev: usb_device, ep: usb_host_endpoint): number =>
  intervalOf(udev, ep.desc.bInterval)

const CLEAR_FEATURE = 1
const TO_ENDPOINT = 2
const CONTROL = { timeoutMs: 5000 }

/** `usb_clear_halt`: ends the halt of an endpoint that has refused. 0 or -errno. */
export function* clearHalt(udev: usb_device, pipe: number): Sim<number> {
  const ep = endpointOf(udev, pipe)
  const setup = {
    bRequestType: TO_ENDPOINT,
    bRequest: CLEAR_FEATURE,
    wValue: 0,
    wIndex: pipeEndpoint(pipe) | (pipeIn(pipe) ? 0x80 : 0),
    wLength: 0,
  }
  const control = makePipe(PIPE_CONTROL, udev, 0, false)
  const ret = yield* controlMessage(udev, control, setup, null, CONTROL)
  if (ret < 0) return ret
  if (ep) ep.$halted = false
  return 0
}
