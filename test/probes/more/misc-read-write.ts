import { simple_read_from_buffer, file, inode, no_llseek, noop_llseek, type file_operations } from 'linux/fs'
import { misc_deregister, misc_register, MISC_DYNAMIC_MINOR, miscdevice } from 'linux/miscdevice'
import { copy_from_user, copy_to_user, get_user, put_user } from 'linux/uaccess'
import { EFAULT, EINVAL, ENOMEM, ENOTTY } from 'linux/errno'
import { THIS_MODULE, MODULE_LICENSE, MODULE_DESCRIPTION } from 'linux/module'
import { POLLIN, POLLOUT, EPOLLIN, EPOLLOUT, poll_wait, type poll_table } from 'linux/poll'
import { wait_queue_head_t, init_waitqueue_head } from 'linux/wait'
import { kzalloc, kfree, GFP_KERNEL } from 'linux/slab'
import { loff_t, ptr, size_t } from 'linux/types'
import { container_of } from 'linux/container_of'
import { KLAB, KLAB_PROBE_EXIT } from './klab'

MODULE_LICENSE('GPL')
class dev {
  misc = new miscdevice()
  wq = new wait_queue_head_t()
  buf: Uint8Array = new Uint8Array(32)
  len = 0
}
const d = new dev()
function op(i: inode, f: file) {
  const p = container_of(f.private_data as miscdevice, dev, 'misc')
  KLAB('open', 'same=%d', p === d)
  f.private_data = p
  return 0
}
function rd(f: file, buf: any, n: size_t, pos: { value: loff_t }) {
  const p = f.private_data as dev
  return simple_read_from_buffer(buf, n, pos, p.buf, p.len)
}
function wr(f: file, buf: any, n: size_t, pos: { value: loff_t }) {
  const p = f.private_data as dev
  if (n > 32) return -EINVAL
  if (copy_from_user(p.buf, buf, n)) return -EFAULT
  p.len = n
  return n
}
function po(f: file, wait: poll_table) {
  const p = f.private_data as dev
  poll_wait(f, p.wq, wait)
  return p.len ? EPOLLIN : EPOLLOUT
}
function rl(i: inode, f: file) {
  KLAB('release', 'called=1')
  return 0
}
const fops: file_operations = { owner: THIS_MODULE, open: op, read: rd, write: wr, poll: po, release: rl }
function probe() {
  init_waitqueue_head(d.wq)
  d.misc.minor = MISC_DYNAMIC_MINOR
  d.misc.name = 'klabrw'
  d.misc.fops = fops
  KLAB('reg', 'ret=%d', misc_register(d.misc))
  KLAB('reg', 'twice_same_name=%d', misc_register(new miscdevice({ minor: MISC_DYNAMIC_MINOR, name: 'klabrw', fops })))
}
function bye() {
  misc_deregister(d.misc)
  KLAB('exit', 'called=1')
}
KLAB_PROBE_EXIT('misc-read-write', probe, bye)
