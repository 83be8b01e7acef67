import { cdev, cdev_add, cdev_del, cdev_init } from 'linux/cdev'
import { alloc_chrdev_region, file, inode, MAJOR, MINOR, MKDEV, register_chrdev, unregister_chrdev, unregister_chrdev_region, type file_operations, iminor } from 'linux/fs'
import { class as class_, class_create, class_destroy, device_create, device_destroy } from 'linux/device'
import { THIS_MODULE } from 'linux/module'
import { IS_ERR } from 'linux/err'
import { ptr, type dev_t } from 'linux/types'
import { copy_to_user } from 'linux/uaccess'
import { EBUSY } from 'linux/errno'
import { KLAB, KLAB_PROBE_EXIT } from './klab'
const devno = ptr<dev_t>(0)
const c = new cdev()
let cls: class_
let opened = 0
function op(i: inode, f: file) { if (opened) return -EBUSY; opened = 1; KLAB('open', 'minor=%d', iminor(i)); return 0 }
function rl(i: inode, f: file) { opened = 0; return 0 }
function rd(f: file, buf: any, n: number, pos: { value: number }) { if (pos.value) return 0; copy_to_user(buf, new Uint8Array([65]), 1); pos.value += 1; return 1 }
const fops: file_operations = { owner: THIS_MODULE, open: op, release: rl, read: rd }
function probe() {
  KLAB('region', 'ret=%d', alloc_chrdev_region(devno, 0, 2, 'klabc'))
  cdev_init(c, fops)
  c.owner = THIS_MODULE
  KLAB('cdev', 'add=%d', cdev_add(c, devno.value, 2))
  cls = class_create('klabcls')
  const d = device_create(cls, null, MKDEV(MAJOR(devno.value), 1), null, 'klabc%d', 1)
  KLAB('device', 'err=%d', IS_ERR(d))
  KLAB('chrdev', 'busy=%d', register_chrdev(MAJOR(devno.value), 'other', fops))
}
function bye() {
  device_destroy(cls, MKDEV(MAJOR(devno.value), 1))
  class_destroy(cls)
  cdev_del(c)
  unregister_chrdev_region(devno.value, 2)
  KLAB('exit', 'called=1')
}
KLAB_PROBE_EXIT('misc-cdev', probe, bye)
