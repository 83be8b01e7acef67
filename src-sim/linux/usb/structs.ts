import { quiet } from '../../kernel/api'
import * as d from '../../kernel/usb/descriptors'
import * as m from '../../kernel/usb/match'
import * as pipe from '../../kernel/usb/pipe'
import type { usb_device, usb_device_id } from '../../kernel/usb/structs'
import type { urb } from '../../kernel/usb/urb'

/** Descriptors, ids and pipes. */

export {
  usb_ctrlrequest,
  usb_device_descriptor,
  usb_endpoint_descriptor,
  usb_host_endpoint,
  usb_host_interface,
  usb_interface_descriptor,
  USB_DIR_IN,
  USB_DIR_OUT,
  USB_ENDPOINT_NUMBER_MASK,
  USB_ENDPOINT_XFER_BULK,
  USB_ENDPOINT_XFER_CONTROL,
  USB_ENDPOINT_XFER_INT,
  USB_ENDPOINT_XFER_ISOC,
  USB_ENDPOINT_XFERTYPE_MASK,
} from '../../kernel/usb/descriptors'
export { PIPE_BULK, PIPE_CONTROL, PIPE_INTERRUPT, PIPE_ISOCHRONOUS } from '../../kernel/usb/pipe'
export {
  USB_DEVICE_ID_MATCH_DEV_CLASS,
  USB_DEVICE_ID_MATCH_DEV_HI,
  USB_DEVICE_ID_MATCH_DEV_LO,
  USB_DEVICE_ID_MATCH_DEV_PROTOCOL,
  USB_DEVICE_ID_MATCH_DEV_SUBCLASS,
  USB_DEVICE_ID_MATCH_INT_CLASS,
  USB_DEVICE_ID_MATCH_INT_NUMBER,
  USB_DEVICE_ID_MATCH_INT_PROTOCOL,
  USB_DEVICE_ID_MATCH_INT_SUBCLASS,
  USB_DEVICE_ID_MATCH_PRODUCT,
  USB_DEVICE_ID_MATCH_VENDOR,
} from '../../kernel/usb/match'
export const USB_DEVICE_ID_MATCH_DEVICE =
  m.USB_DEVICE_ID_MATCH_VENDOR | m.USB_DEVICE_ID_MATCH_PRODUCT
export const USB_DEVICE_ID_MATCH_DEV_RANGE =
  m.USB_DEVICE_ID_MATCH_DEV_LO | m.USB_DEVICE_ID_MATCH_DEV_HI
export const USB_DEVICE_ID_MATCH_DEVICE_AND_VERSION =
  USB_DEVICE_ID_MATCH_DEVICE | USB_DEVICE_ID_MATCH_DEV_RANGE
export const USB_DEVICE_ID_MATCH_DEV_INFO =
  m.USB_DEVICE_ID_MATCH_DEV_CLASS |
  m.USB_DEVICE_ID_MATCH_DEV_SUBCLASS |
  m.USB_DEVICE_ID_MATCH_DEV_PROTOCOL
export const USB_DEVICE_ID_MATCH_INT_INFO =
  m.USB_DEVICE_ID_MATCH_INT_CLASS |
  m.USB_DEVICE_ID_MATCH_INT_SUBCLASS |
  m.USB_DEVICE_ID_MATCH_INT_PROTOCOL

// Entries of id tables

const vendor = (idVendor: number, idProduct: number): usb_device_id => ({
  match_flags: USB_DEVICE_ID_MATCH_DEVICE,
  idVendor,
  idProduct,
  driver_info: 0,
})

/** A device of one maker, all its interfaces. */
export const USB_DEVICE = quiet(function USB_DEVICE(vend: number, prod: number): usb_device_id {
  return vendor(vend, prod)
})
/** The same between two release numbers. */
export const USB_DEVICE_VER = quiet(function USB_DEVICE_VER(
  vend: number,
  prod: number,
  lo: number,
  hi: number,
): usb_device_id {
  return {
    ...vendor(vend, prod),
    match_flags: USB_DEVICE_ID_MATCH_DEVICE_AND_VERSION,
    bcdDevice_lo: lo,
    bcdDevice_hi: hi,
  }
})
/** The interfaces of such a device that are of one class, protocol or number. */
export const USB_DEVICE_INTERFACE_CLASS = quiet(function USB_DEVICE_INTERFACE_CLASS(
  vend: number,
  prod: number,
  cl: number,
): usb_device_id {
  const match_flags = USB_DEVICE_ID_MATCH_DEVICE | m.USB_DEVICE_ID_MATCH_INT_CLASS
  return { ...vendor(vend, prod), match_flags, bInterfaceClass: cl }
})
export const USB_DEVICE_INTERFACE_PROTOCOL = quiet(function USB_DEVICE_INTERFACE_PROTOCOL(
  vend: number,
  prod: number,
  pr: number,
): usb_device_id {
  const match_flags = USB_DEVICE_ID_MATCH_DEVICE | m.USB_DEVICE_ID_MATCH_INT_PROTOCOL
  return { ...vendor(vend, prod), match_flags, bInterfaceProtocol: pr }
})
export const USB_DEVICE_INTERFACE_NUMBER = quiet(function USB_DEVICE_INTERFACE_NUMBER(
  vend: number,
  prod: number,
  num: number,
): usb_device_id {
  const match_flags = USB_DEVICE_ID_MATCH_DEVICE | m.USB_DEVICE_ID_MATCH_INT_NUMBER
  return { ...vendor(vend, prod), match_flags, bInterfaceNumber: num }
})
/** Devices of a class, from anybody. */
export const USB_DEVICE_INFO = quiet(function USB_DEVICE_INFO(
  cl: number,
  sc: number,
  pr: number,
): usb_device_id {
  return {
    match_flags: USB_DEVICE_ID_MATCH_DEV_INFO,
    bDeviceClass: cl,
    bDeviceSubClass: sc,
    bDeviceProtocol: pr,
    driver_info: 0,
  }
})
/** Interfaces of a class, from anybody. */
export const USB_INTERFACE_INFO = quiet(function USB_INTERFACE_INFO(
  cl: number,
  sc: number,
  pr: number,
): usb_device_id {
  return {
    match_flags: USB_DEVICE_ID_MATCH_INT_INFO,
    bInterfaceClass: cl,
    bInterfaceSubClass: sc,
    bInterfaceProtocol: pr,
    driver_info: 0,
  }
})
export const USB_DEVICE_AND_INTERFACE_INFO = quiet(function USB_DEVICE_AND_INTERFACE_INFO(
  vend: number,
  prod: number,
  cl: number,
  sc: number,
  pr: number,
): usb_device_id {
  const match_flags = USB_DEVICE_ID_MATCH_INT_INFO | USB_DEVICE_ID_MATCH_DEVICE
  return { ...USB_INTERFACE_INFO(cl, sc, pr), ...vendor(vend, prod), match_flags }
})

export const USB_CLASS_PER_INTERFACE = 0
export const USB_CLASS_HID = 3
export const USB_CLASS_MASS_STORAGE = 8
export const USB_CLASS_VENDOR_SPEC = 0xff
export const USB_TYPE_STANDARD = 0
export const USB_TYPE_CLASS = 0x20
export const USB_TYPE_VENDOR = 0x40
export const USB_RECIP_DEVICE = 0
export const USB_RECIP_INTERFACE = 1
export const USB_RECIP_ENDPOINT = 2
export const USB_REQ_GET_STATUS = 0
export const USB_REQ_CLEAR_FEATURE = 1
export const USB_REQ_SET_FEATURE = 3
export const USB_REQ_GET_DESCRIPTOR = 6
export const USB_REQ_GET_CONFIGURATION = 8
export const USB_REQ_SET_CONFIGURATION = 9
export const USB_REQ_SET_INTERFACE = 0x0b
export const USB_DT_DEVICE = 1
export const USB_DT_STRING = 3
/** Milliseconds. */
export const USB_CTRL_GET_TIMEOUT = 5000
export const USB_CTRL_SET_TIMEOUT = 5000

// Endpoints

type Descriptor = d.usb_endpoint_descriptor

const test = <T>(name: string, f: (epd: Descriptor) => T): ((epd: Descriptor) => T) =>
  quiet(Object.defineProperty((epd: Descriptor) => f(epd), 'name', { value: name }))

const isOfType = (type: number) => (epd: Descriptor) => (d.transferType(epd) === type ? 1 : 0)
const flag = (x: boolean): number => (x ? 1 : 0)

export const usb_endpoint_num = test('usb_endpoint_num', (e) => e.bEndpointAddress & 0xf)
export const usb_endpoint_type = test('usb_endpoint_type', d.transferType)
export const usb_endpoint_maxp = test('usb_endpoint_maxp', d.maxPacket)
export const usb_endpoint_dir_in = test('usb_endpoint_dir_in', (e) => flag(d.endpointIn(e)))
export const usb_endpoint_dir_out = test('usb_endpoint_dir_out', (e) => flag(!d.endpointIn(e)))
export const usb_endpoint_xfer_bulk = test('usb_endpoint_xfer_bulk', isOfType(2))
export const usb_endpoint_xfer_control = test('usb_endpoint_xfer_control', isOfType(0))
export const usb_endpoint_xfer_int = test('usb_endpoint_xfer_int', isOfType(3))
export const usb_endpoint_xfer_isoc = test('usb_endpoint_xfer_isoc', isOfType(1))

const both = (type: number, isIn: boolean) => (e: Descriptor) =>
  flag(d.transferType(e) === type && d.endpointIn(e) === isIn)

export const usb_endpoint_is_bulk_in = test('usb_endpoint_is_bulk_in', both(2, true))
export const usb_endpoint_is_bulk_out = test('usb_endpoint_is_bulk_out', both(2, false))
export const usb_endpoint_is_int_in = test('usb_endpoint_is_int_in', both(3, true))
export const usb_endpoint_is_int_out = test('usb_endpoint_is_int_out', both(3, false))
export const usb_endpoint_is_isoc_in = test('usb_endpoint_is_isoc_in', both(1, true))
export const usb_endpoint_is_isoc_out = test('usb_endpoint_is_isoc_out', both(1, false))

// Pipes

const pipeMaker = (name: string, kind: number, isIn: boolean) =>
  quiet(
    Object.defineProperty(
      (dev: usb_device, endpoint: number): number => pipe.makePipe(kind, dev, endpoint, isIn),
      'name',
      { value: name },
    ),
  )

/** A number for the way to an endpoint, for the fill functions and the message functions. */
export const usb_sndctrlpipe = pipeMaker('usb_sndctrlpipe', pipe.PIPE_CONTROL, false)
export const usb_rcvctrlpipe = pipeMaker('usb_rcvctrlpipe', pipe.PIPE_CONTROL, true)
export const usb_sndbulkpipe = pipeMaker('usb_sndbulkpipe', pipe.PIPE_BULK, false)
export const usb_rcvbulkpipe = pipeMaker('usb_rcvbulkpipe', pipe.PIPE_BULK, true)
export const usb_sndintpipe = pipeMaker('usb_sndintpipe', pipe.PIPE_INTERRUPT, false)
export const usb_rcvintpipe = pipeMaker('usb_rcvintpipe', pipe.PIPE_INTERRUPT, true)
export const usb_sndisocpipe = pipeMaker('usb_sndisocpipe', pipe.PIPE_ISOCHRONOUS, false)
export const usb_rcvisocpipe = pipeMaker('usb_rcvisocpipe', pipe.PIPE_ISOCHRONOUS, true)

export const usb_pipein = quiet((p: number): number => flag(pipe.pipeIn(p)))
export const usb_pipeout = quiet((p: number): number => flag(!pipe.pipeIn(p)))
export const usb_pipeendpoint = quiet((p: number): number => pipe.pipeEndpoint(p))
export const usb_pipedevice = quiet((p: number): number => pipe.pipeDevice(p))
export const usb_pipetype = quiet((p: number): number => pipe.pipeKind(p))
export const usb_pipebulk = quiet((p: number): number => flag(pipe.pipeKind(p) === 3))
export const usb_pipecontrol = quiet((p: number): number => flag(pipe.pipeKind(p) === 2))
export const usb_pipeint = quiet((p: number): number => flag(pipe.pipeKind(p) === 1))
export const usb_pipeisoc = quiet((p: number): number => flag(pipe.pipeKind(p) === 0))
export const usb_urb_dir_in = quiet((u: urb): number => flag((u.transfer_flags & 0x200) !== 0))
export const usb_urb_dir_out = quiet((u: urb): number => flag((u.transfer_flags & 0x200) === 0))

/** Largest packet of the endpoint that a pipe leads to; 0 when there is none. */
export const usb_maxpacket = quiet(function usb_maxpacket(udev: usb_device, p: number): number {
  const ep = pipe.endpointOf(udev, p)
  return ep ? d.maxPacket(ep.desc) : 0
})
