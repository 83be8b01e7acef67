import { machine } from '../../engine/current'
import { service } from '../../engine/service'
import { call, type Sim } from '../../engine/suspend'
import { EADDRINUSE, EINVAL, ENODEV, EXFULL, ENOMEM } from '../errno'
import { addCdev, cdev, initCdev, MINORS, registerRegion } from '../fs/cdev'
import { fopsOf, replaceOps, type file, type file_operations, type inode } from '../fs/file'
import { registerClass } from '../base/class'
import { putDevice, registerDevice, unregisterDevice } from '../base/core'
import { class_, device } from '../base/device'
import { tryModuleGet } from '../base/module'
import { allocate, slab } from '../mm/slab'
import { vsprintf } from '../printk/format'
import { defineRwsem, downRead, downWrite, upRead, upWrite } from '../locking/rwsem'
import { TASK_UNINTERRUPTIBLE } from '../sched/states'
import type { usb_interface } from './structs'

/** Character devices of USB drivers, all under one major: drivers/usb/core/file.c. */

export const USB_MAJOR = 180
const MAX_MINORS = 256

/** What a driver's character devices are like; `%d` in the name is the number among them. */
export interface usb_class_driver {
  name: string
  devnode?: ((dev: device) => string | null) | null
  fops: file_operations
  minor_base?: number
}

class UsbFiles {
  readonly minors: (file_operations | null)[] = Array.from({ length: MAX_MINORS }, () => null)
  readonly lock = defineRwsem('minor_rwsem')
  readonly major = new cdev()
  readonly class = new class_({ name: 'usbmisc' })

  constructor() {
    const m = machine()
    initCdev(this.major, { open: usbOpen as unknown as (node: inode, f: file) => number })
    this.major.kobj.name = 'usb'
    registerRegion(USB_MAJOR * MINORS, MAX_MINORS, 'usb')
    this.class.devnode = (dev) => (dev.driver_data as usb_class_driver).devnode?.(dev) ?? null
    m.runtime.atomic(registerClass(this.class))
    addCdev(this.major, USB_MAJOR * MINORS, MAX_MINORS)
  }
}

const usbFiles = service(() => new UsbFiles())

/** Opening is excluded from registering, but not from unregistering's own teardown. */
function* usbOpen(node: inode, f: file): Sim<number> {
  const all = usbFiles(machine())
  yield* call(() => downRead('down_read', all.lock, TASK_UNINTERRUPTIBLE))
  const ret = yield* openLocked(all, node, f)
  upRead(all.lock)
  return ret
}

function* openLocked(all: UsbFiles, node: inode, f: file): Sim<number> {
  const ops = all.minors[node.i_rdev % MINORS]
  if (!ops || !tryModuleGet(ops.owner ?? null, fopsOf(f))) return -ENODEV
  replaceOps(f, ops)
  const { open } = ops
  return Number((open ? yield* call(() => open(node, f)) : 0) ?? 0)
}

/** Makes `/dev/<name>` for an interface; its `minor` is the number. 0 or -errno. */
export function* registerUsbDev(intf: usb_interface, cls: usb_class_driver): Sim<number> {
  if (!cls.fops) return -EINVAL
  if (intf.minor >= 0) return -EADDRINUSE
  const all = usbFiles(machine())
  yield* call(() => downWrite('down_write', all.lock, TASK_UNINTERRUPTIBLE))
  const ret = yield* registerLocked(all, intf, cls)
  upWrite(all.lock)
  return ret
}

function* registerLocked(
  all: UsbFiles,
  intf: usb_interface,
  cls: usb_class_driver,
): Sim<number> {
  const base = cls.minor_base ?? 0
  const minor = all.minors.indexOf(null, base)
  if (minor < 0) return -EXFULL
  all.minors[minor] = cls.fops
  intf.minor = minor
  const dev = allocate(device, true)
  if (dev) {
    dev.class = all.class
    dev.parent = intf.dev
    dev.devt = USB_MAJOR * MINORS + minor
    dev.driver_data = cls
    dev.release = (d) => slab(machine()).free(d)
    const name = vsprintf(machine(), cls.name, [minor - base])
    dev.kobj.name = name.split('/').at(-1)!
    const error = yield* registerDevice(dev)
    if (error === 0) {
      intf.usb_dev = dev
      return 0
    }
    yield* putDevice(dev)
    undo(all, intf)
    return error
  }
  undo(all, intf)
  return -ENOMEM
}

function undo(all: UsbFiles, intf: usb_interface): void {
  all.minors[intf.minor] = null
  intf.minor = -1
}

/** New opens fail afterwards; open files stay. */
export function* deregisterUsbDev(intf: usb_interface): Sim {
  if (intf.minor === -1) return
  const all = usbFiles(machine())
  if (intf.usb_dev) yield* unregisterDevice(intf.usb_dev)
  yield* call(() => downWrite('down_write', all.lock, TASK_UNINTERRUPTIBLE))
  all.minors[intf.minor] = null
  upWrite(all.lock)
  intf.usb_dev = null
  intf.minor = -1
}
