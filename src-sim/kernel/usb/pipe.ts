import type { usb_host_endpoint } from './descriptors'
import type { usb_device } from './structs'

/**
 * Pipes: device, endpoint, direction and kind in one number. Bit 7 is the direction, bits 8-14 the
 * device, 15-18 the endpoint, 30-31 the kind.
 */
export const PIPE_ISOCHRONOUS = 0
export const PIPE_INTERRUPT = 1
export const PIPE_CONTROL = 2
export const PIPE_BULK = 3

/** Transfer types of descriptors by kind of pipe. */
const TYPES = [1, 3, 0, 2] as const

const IN = 0x80

export const makePipe = (
  kind: number,
  dev: usb_device,
  endpoint: number,
  isIn: boolean,
): number => ((kind << 30) | ((endpoint & 0xf) << 15) | (dev.devnum << 8) | (isIn ? IN : 0)) >>> 0

export const pipeIn = (pipe: number): boolean => (pipe & IN) !== 0
export const pipeEndpoint = (pipe: number): number => (pipe >>> 15) & 0xf
export const pipeDevice = (pipe: number): number => (pipe >>> 8) & 0x7f
export const pipeKind = (pipe: number): number => pipe >>> 30
/** The transfer type that an endpoint must have for this pipe. */
export const pipeType = (pipe: number): number => TYPES[pipeKind(pipe)]!

export const kindOfType = (type: number): number => (TYPES as readonly number[]).indexOf(type)

export function endpointOf(dev: usb_device, pipe: number): usb_host_endpoint | null {
  const table = pipeIn(pipe) ? dev.ep_in : dev.ep_out
  return table[pipeEndpoint(pipe)] ?? null
}
