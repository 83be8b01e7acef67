import { ENXIO } from '../errno'
import type { usb_host_endpoint, usb_host_interface } from '../../kernel/usb/descriptors'
import { deviceOfInterface } from '../../kernel/usb/driver'
import type { usb_interface } from '../../kernel/usb/structs'

/** Finding the endpoints that a driver needs. */

/** The first endpoint of a kind, of each kind; -ENXIO when one that was asked for is missing. */
export function usb_find_common_endpoints(
  alt: usb_host_interface,
  bulk_in: Out,
  bulk_out: Out,
  int_in: Out,
  int_out: Out,
): number {
  const wanted: [Out, number, boolean][] = [
    [bulk_in, 2, true],
    [bulk_out, 2, false],
    [int_in, 3, true],
    [int_out, 3, false],
  ]
  for (const [out] of wanted) if (out) out.value = null
  for (const [out, type, isIn] of wanted) {
    if (!out) continue
    const ep = alt.endpoint.find((e) => fits(e, type, isIn))
    if (!ep) return -ENXIO
    out.value = ep.desc
  }
  return 0
}

/** Whether all these endpoint addresses (up to a 0) are there and of this type. */
const checkEndpoints = (intf: usb_interface, addresses: readonly number[], type: number): boolean => {
  const end = addresses.indexOf(0)
  const udev = deviceOfInterface(intf)
  return addresses.slice(0, end < 0 ? undefined : end).every((address) => {
    const ep = (address & 0x80 ? udev.ep_in : udev.ep_out)[address & 0xf]
    return ep ? (ep.desc.bmAttributes & 3) === type : false
  })
}
export function usb_check_bulk_endpoints(
  intf: usb_interface,
  ep_addrs: readonly number[],
): boolean {
  return checkEndpoints(intf, ep_addrs, 2)
}
export function usb_check_int_endpoints(
  intf: usb_interface,
  ep_addrs: readonly number[],
): boolean {
  return checkEndpoints(intf, ep_addrs, 3)
}

type Out = { value: usb_host_endpoint['desc'] | null } | null

const fits = (e: usb_host_endpoint, type: number, isIn: boolean): boolean =>
  (e.desc.bmAttributes & 3) === type && (e.desc.bEndpointAddress & 0x80) !== 0 === isIn

const one =
  (at: number) =>
  (alt: usb_host_interface, out: NonNullable<Out>): number => {
    const slots: [Out, Out, Out, Out] = [null, null, null, null]
    slots[at] = out
    return usb_find_common_endpoints(alt, ...slots)
  }

export const usb_find_bulk_in_endpoint = one(0)
export const usb_find_bulk_out_endpoint = one(1)
export const usb_find_int_in_endpoint = one(2)
export const usb_find_int_out_endpoint = one(3)
