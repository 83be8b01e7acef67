import { clear, event, flowIn, flowOut, hold, set, unhold } from '../declare'

/** Requests to USB devices, and the states of those. */

export const usb_urb_submit = event(
  'usb_urb_submit', 'hardware', 'A request is handed to the host controller.',
  ['urb:obj', 'device:obj', 'function:sym', 'endpoint:hex', 'length:u32 bytes'],
  [set('urb', 'in flight'), hold('device', 'urb', 'request under way'), flowOut('urb', 'urb')],
)
export const usb_urb_unlink = event(
  'usb_urb_unlink', 'hardware', 'Somebody ends a request before its time.',
  ['urb:obj', 'device:obj', 'status:i32'],
)
export const usb_urb_complete = event(
  'usb_urb_complete', 'hardware', 'The completion function of a request is called.',
  ['urb:obj', 'device:obj', 'function:sym', 'status:i32', 'actual_length:u32 bytes'],
  [clear('urb', 'in flight'), unhold('device', 'urb', 'request under way'), flowIn('urb', 'urb')],
)
export const usb_device_state = event(
  'usb_device_state', 'hardware', 'A USB device comes to another state.',
  ['device:obj', 'state:str'], [set('device', 'usb', '$state')],
)
