import { usb_bulk_msg, usb_rcvbulkpipe, usb_set_intfdata, usb_sndbulkpipe, USB_DEVICE, interface_to_usbdev, module_usb_driver, type usb_device, type usb_device_id, type usb_interface } from 'linux/usb'
import { dev_info } from 'linux/device'
import { ptr } from 'linux/types'

const COMMAND = 8
const TIMEOUT_MS = 100
const READ_PORT = 3

/** Asks the converter for a port and reads its answer. 0 or -errno. */
function dt9812_read_port(udev: usb_device) {
  const command = new Uint8Array(COMMAND)
  const done = ptr(0)
  command[0] = READ_PORT
  let ret = usb_bulk_msg(udev, usb_sndbulkpipe(udev, 2), command, COMMAND, done, TIMEOUT_MS)
  if (!ret) ret = usb_bulk_msg(udev, usb_rcvbulkpipe(udev, 1), command, COMMAND, done, TIMEOUT_MS)
  if (!ret) dev_info(udev.dev, 'port %d, %d bytes\n', command[0], done.value)
  return ret
}

function dt9812_probe(intf: usb_interface, id: usb_device_id) {
  const udev = interface_to_usbdev(intf)
  usb_set_intfdata(intf, udev)
  dt9812_read_port(udev)
  return 0
}

function dt9812_disconnect(intf: usb_interface) {
  usb_set_intfdata(intf, null)
}

module_usb_driver({
  name: 'dt9812',
  id_table: [USB_DEVICE(0x1234, 0x0001)],
  probe: dt9812_probe,
  disconnect: dt9812_disconnect,
})
