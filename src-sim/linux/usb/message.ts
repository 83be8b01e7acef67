import type { Sim } from '../../engine/suspend'
import { machine } from '../../engine/current'
import { kernelFrame } from '../../kernel/api'
import { setInterface } from '../../kernel/usb/config'
import * as message from '../../kernel/usb/message'
import { endpointOf, makePipe, PIPE_CONTROL, pipeType } from '../../kernel/usb/pipe'
import { transferType } from '../../kernel/usb/descriptors'
import type { urb } from '../../kernel/usb/urb'
import { setDeviceState } from '../../kernel/usb/config'
import type { usb_device } from '../../kernel/usb/structs'
import { kfree, kmalloc } from '../slab'
import { EINVAL, ENODATA, ENOMEM, EREMOTEIO } from '../errno'
import type { ptr } from '../types'

/** Requests that are waited for. All may sleep; times are in milliseconds, a minute at most. */

const IN = 0x80

/** A control request; the number of bytes moved, or -errno. */
export const usb_control_msg = kernelFrame(
  'usb_control_msg',
  (
    dev: usb_device,
    pipe: number,
    request: number,
    requesttype: number,
    value: number,
    index: number,
    data: Uint8Array | null,
    size: number,
    timeout: number,
  ): Sim<number> =>
    message.controlMessage(dev, pipe, setupOf(request, requesttype, value, index, size), data, {
      timeoutMs: timeout,
    }),
)

const setupOf = (
  bRequest: number,
  bRequestType: number,
  wValue: number,
  wIndex: number,
  wLength: number,
) => ({ bRequest, bRequestType, wValue, wIndex, wLength })

/** Sends bytes from any memory: they are copied. 0 or -errno. */
export const usb_control_msg_send = kernelFrame(
  'usb_control_msg_send',
  function* (
    dev: usb_device,
    endpoint: number,
    request: number,
    requesttype: number,
    value: number,
    index: number,
    driver_data: Uint8Array | null,
    size: number,
    timeout: number,
    memflags: number,
  ): Sim<number> {
    let data: Uint8Array | null = null
    if (size > 0) {
      data = kmalloc(size, memflags)
      if (!data) return -ENOMEM
      if (driver_data) data.set(driver_data.subarray(0, size))
    }
    const pipe = makePipe(PIPE_CONTROL, dev, endpoint, false)
    const setup = setupOf(request, requesttype, value, index, size)
    const ret = yield* message.controlMessage(dev, pipe, setup, data, { timeoutMs: timeout })
    kfree(data)
    return ret < 0 ? ret : 0
  },
)

/** Receives exactly `size` bytes into any memory: 0, -EREMOTEIO when there were less, or -errno. */
export const usb_control_msg_recv = kernelFrame(
  'usb_control_msg_recv',
  function* (
    dev: usb_device,
    endpoint: number,
    request: number,
    requesttype: number,
    value: number,
    index: number,
    driver_data: Uint8Array | null,
    size: number,
    timeout: number,
    memflags: number,
  ): Sim<number> {
    if (!size || !driver_data) return -EINVAL
    const data = kmalloc(size, memflags)
    if (!data) return -ENOMEM
    const pipe = makePipe(PIPE_CONTROL, dev, endpoint, true)
    const setup = setupOf(request, requesttype, value, index, size)
    const ret = yield* message.controlMessage(dev, pipe, setup, data, { timeoutMs: timeout })
    if (ret === size) driver_data.set(data.subarray(0, size))
    kfree(data)
    return ret < 0 ? ret : ret === size ? 0 : -EREMOTEIO
  },
)

const bulk = (name: string, killable = false) =>
  kernelFrame(
    name,
    (
      usb_dev: usb_device,
      pipe: number,
      data: Uint8Array,
      len: number,
      actual_length: ptr<number> | null,
      timeout: number,
    ): Sim<number> =>
      message.bulkMessage(usb_dev, pipe, data, len, actual_length, {
        timeoutMs: timeout,
        killable,
      }),
  )

/** Moves bytes through a bulk endpoint and waits: 0, -ETIMEDOUT, or what the request came to. */
export const usb_bulk_msg = bulk('usb_bulk_msg')
export const usb_interrupt_msg = bulk('usb_interrupt_msg')
/** The same; a fatal signal ends the wait, and 0 means for ever. */
export const usb_bulk_msg_killable = bulk('usb_bulk_msg_killable', true)
/** The longest time that the other waits take, also for 0. */
export const USB_MAX_SYNCHRONOUS_TIMEOUT = 60000

/** Ends the halt of an endpoint that has refused (-EPIPE). 0 or -errno. */
export const usb_clear_halt = kernelFrame('usb_clear_halt', message.clearHalt)

/** 0, or -EINVAL when the pipe's kind is not the endpoint's. */
export function usb_pipe_type_check(dev: usb_device, pipe: number): number {
  const ep = endpointOf(dev, pipe)
  return !ep || transferType(ep.desc) !== pipeType(pipe) ? -EINVAL : 0
}
export function usb_urb_ep_type_check(urb: urb): number {
  return urb.dev ? usb_pipe_type_check(urb.dev, urb.pipe) : -EINVAL
}
/** The endpoint forgets its halt, without a word to the device. */
export function usb_reset_endpoint(dev: usb_device, epaddr: number): void {
  const ep = (epaddr & IN ? dev.ep_in : dev.ep_out)[epaddr & 0xf]
  if (ep) ep.$halted = false
}

/** Another alternate setting of an interface; requests of the old one end. 0 or -errno. */
export const usb_set_interface = kernelFrame('usb_set_interface', setInterface)

/** A descriptor by type and index, into DMA-able memory. Bytes or -errno. */
export const usb_get_descriptor = kernelFrame(
  'usb_get_descriptor',
  (
    dev: usb_device,
    type: number,
    index: number,
    buf: Uint8Array,
    size: number,
  ): Sim<number> =>
    message.controlMessage(
      dev,
      makePipe(PIPE_CONTROL, dev, 0, true),
      setupOf(6, IN, (type << 8) | index, 0, size),
      buf,
      { timeoutMs: 5000 },
    ),
)

/** A string of the device, as bytes that end with a zero; its length, or -errno. */
export const usb_string = kernelFrame(
  'usb_string',
  function* (dev: usb_device, index: number, buf: Uint8Array, size: number): Sim<number> {
    if (size <= 0 || !index) return -EINVAL
    const wire = kmalloc(256, 0)
    if (!wire) return -ENOMEM
    const pipe = makePipe(PIPE_CONTROL, dev, 0, true)
    const setup = setupOf(6, IN, (3 << 8) | index, 0x0409, 255)
    const ret = yield* message.controlMessage(dev, pipe, setup, wire, { timeoutMs: 5000 })
    let length = ret < 2 ? (ret < 0 ? ret : -ENODATA) : 0
    for (let at = 2; length >= 0 && at < ret && length < size - 1; at += 2)
      buf[length++] = wire[at]!
    if (length >= 0) buf[length] = 0
    kfree(wire)
    return length
  },
)

/** The driver says that the device is in this state, which only the hub really knows. */
export function usb_set_device_state(dev: usb_device, state: number): void {
  setDeviceState(dev, state)
}
/** The machine's only controller has no frame counter of its own: milliseconds since boot. */
export function usb_get_current_frame_number(_dev: usb_device): number {
  return Math.floor(machine().nowNs / 1_000_000) & 0x7ff
}
