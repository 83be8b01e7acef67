import { expect, test } from 'vitest'
import { labOf, runLab } from '../../sim/lab/lab-kit'

/** A driver in the shape of the kernel's skeleton; DISCONNECT and RELEASE are what differs. */
const driver = (disconnect: string, read: string): string => `
import { module_usb_driver, USB_DEVICE, usb_interface, usb_device, usb_set_intfdata, usb_get_intfdata,
  usb_register_dev, usb_deregister_dev, usb_find_interface, usb_get_dev, usb_put_dev, usb_bulk_msg,
  usb_rcvbulkpipe, interface_to_usbdev, type usb_class_driver } from 'linux/usb'
import { kref, kref_init, kref_get, kref_put } from 'linux/kref'
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from 'linux/mutex'
import { kzalloc, kfree, GFP_KERNEL } from 'linux/slab'
import { copy_to_user } from 'linux/uaccess'
import { container_of } from 'linux/container_of'
import { ENOMEM, ENODEV } from 'linux/errno'
import { ptr } from 'linux/types'
import { iminor, type inode, type file, type file_operations } from 'linux/fs'

class skel {
  udev: usb_device | null = null
  interface: usb_interface | null = null
  disconnected = false
  kref = new kref()
}
const io_mutex = DEFINE_MUTEX('io_mutex')

function skel_delete(ref: kref): void {
  const dev = container_of(ref, skel, 'kref')
  usb_put_dev(dev.udev)
  kfree(dev)
}
function skel_open(node: inode, f: file): number {
  const intf = usb_find_interface(skel_driver, iminor(node))
  if (!intf) return -ENODEV
  const dev = usb_get_intfdata<skel>(intf)
  if (!dev) return -ENODEV
  kref_get(dev.kref)
  f.private_data = dev
  return 0
}
function skel_release(node: inode, f: file): number {
  const dev = f.private_data as skel
  ${read === 'count' ? 'kref_put(dev.kref, skel_delete)' : ''}
  return 0
}
function skel_read(f: file, buf: Uint8Array, count: number): number {
  const dev = f.private_data as skel
  mutex_lock(io_mutex)
  if (dev.disconnected) { mutex_unlock(io_mutex); return -ENODEV }
  const bytes = kzalloc(4, GFP_KERNEL)
  if (!bytes) { mutex_unlock(io_mutex); return -ENOMEM }
  const length = ptr(0)
  const ret = usb_bulk_msg(dev.udev!, usb_rcvbulkpipe(dev.udev!, 1), bytes, 4, length, 100)
  mutex_unlock(io_mutex)
  if (ret === 0) copy_to_user(buf, bytes, length.value)
  kfree(bytes)
  return ret < 0 ? ret : length.value
}
const skel_fops: file_operations = { open: skel_open, release: skel_release, read: skel_read }
const skel_class: usb_class_driver = { name: 'skel%d', fops: skel_fops, minor_base: 192 }

function skel_probe(intf: usb_interface): number {
  const dev = kzalloc(skel, GFP_KERNEL)
  if (!dev) return -ENOMEM
  kref_init(dev.kref)
  dev.udev = usb_get_dev(interface_to_usbdev(intf))
  dev.interface = intf
  usb_set_intfdata(intf, dev)
  return usb_register_dev(intf, skel_class)
}
function skel_disconnect(intf: usb_interface): void {
  const dev = usb_get_intfdata<skel>(intf)
  usb_set_intfdata(intf, null)
  usb_deregister_dev(intf, skel_class)
  mutex_lock(io_mutex)
  dev.disconnected = true
  mutex_unlock(io_mutex)
  ${disconnect}
}
const skel_driver = { name: 'skel', id_table: [USB_DEVICE(0x1234, 2)], probe: skel_probe, disconnect: skel_disconnect }
module_usb_driver(skel_driver)
`

const FILES = {
  'machine.ts': `import { machine } from 'klab/machine'
export default machine({ usb: [{ port: '1-1', model: 'usb-source' }] })`,
  'user.ts': `import { open, read, close, O_RDWR } from 'user/libc'
import { usleep } from 'user/libc'
export function reader(): number {
  const fd = open('/dev/skel0', O_RDWR)
  const buf = new Uint8Array(4)
  const first = read(fd, buf, 4)
  usleep(20000)
  const second = read(fd, buf, 4)
  close(fd)
  return first === 4 && second < 0 ? 0 : 1
}`,
  'scenario.ts': `import { insmod, rmmod, spawn, wait, msleep, unplug } from 'klab/scenario'
import { reader } from './user'
export default function () {
  insmod('driver')
  const p = spawn(reader)
  msleep(5)
  unplug('1-1')
  const code = wait(p)
  if (code !== 0) throw new Error('reader: ' + code)
  rmmod('driver')
}`,
}

test('an open file outlives the device: counted, it reads -ENODEV and nothing else', () => {
  const result = runLab(labOf(driver('kref_put(dev.kref, skel_delete)', 'count'), FILES))
  expect(result.findings.map((f) => f.report.join('\n'))).toEqual([])
})

test('freed in disconnect, it is used by the next read', () => {
  const result = runLab(labOf(driver('usb_put_dev(dev.udev); kfree(dev)', 'none'), FILES))
  expect(result.findings[0]).toMatchObject({ kind: 'kasan.use-after-free', file: 'driver.ts' })
})

const LATE = `
import { usb_register, usb_deregister, usb_get_dev, usb_put_dev, usb_alloc_urb, usb_free_urb,
  usb_fill_bulk_urb, usb_submit_urb, usb_kill_urb, usb_sndbulkpipe, interface_to_usbdev, USB_DEVICE,
  usb_device, usb_interface, urb } from 'linux/usb'
import { module_init, module_exit } from 'linux/module'
import { kzalloc, GFP_KERNEL } from 'linux/slab'

let udev: usb_device | null = null
let request: urb | null = null
const seen = { done: 0 }
function done(u: urb): void { seen.done++ }
function probe(intf: usb_interface): number {
  udev = usb_get_dev(interface_to_usbdev(intf))
  request = usb_alloc_urb(0, GFP_KERNEL)
  usb_fill_bulk_urb(request!, udev, usb_sndbulkpipe(udev, 2), kzalloc(64, GFP_KERNEL), 64, done, null)
  request!.transfer_flags |= 0x100
  return 0
}
const drv = { name: 'late', id_table: [USB_DEVICE(0x1234, 1)], probe }
module_init(() => usb_register(drv))
module_exit(() => {
  usb_deregister(drv)
  usb_submit_urb(request, GFP_KERNEL)
  KILL
  usb_free_urb(request)
  usb_put_dev(udev)
})
`
const ECHO = {
  'machine.ts': `import { machine } from 'klab/machine'
export default machine({ usb: [{ port: '1-1', model: 'usb-echo' }] })`,
}

test('a request that outlives its module completes into text that is gone', () => {
  const broken = runLab(labOf(LATE.replace('KILL', ''), ECHO))
  expect(broken.findings[0]?.kind).toBe('text.execute-after-unload')
  const fixed = runLab(labOf(LATE.replace('KILL', 'usb_kill_urb(request)'), ECHO))
  expect(fixed.findings.map((f) => f.title)).toEqual([])
})

test('the counted skeleton stands every order of reading, pulling out and unloading', () => {
  const lab = labOf(driver('kref_put(dev.kref, skel_delete)', 'count'), {
    ...FILES,
    'user.ts': FILES['user.ts'].replace('return first === 4 && second < 0 ? 0 : 1', 'return 0'),
  })
  for (let seed = 0; seed < 24; seed++) {
    const strategy = seed % 2 ? 'random' : 'pct'
    const result = runLab(lab, { strategy, seed })
    expect({ seed, found: result.findings.map((f) => f.report.join('\n')) }).toEqual({ seed, found: [] })
  }
})
