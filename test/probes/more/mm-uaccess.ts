import type { file, file_operations } from 'linux/fs'
import { MISC_DYNAMIC_MINOR, misc_register, miscdevice } from 'linux/miscdevice'
import { THIS_MODULE } from 'linux/module'
import { ptr } from 'linux/types'
import {
  access_ok, clear_user, copy_from_user, copy_from_user_nofault, copy_to_user, get_user, put_user,
  strncpy_from_user, strnlen_user,
} from 'linux/uaccess'
import { kfree, GFP_KERNEL, kmalloc } from 'linux/slab'
import { KLAB, KLAB_PROBE } from './klab'

const PAGE = 4096

function mu_ioctl(f: file, cmd: number, addr: number): number {
  const buf = kmalloc(16, GFP_KERNEL) as Uint8Array
  const end = addr + 2 * PAGE
  const x = ptr(5)
  if (cmd === 101) {
    KLAB('nofault', 'untouched=%ld', copy_from_user_nofault(buf, addr, 8))
    KLAB('from', 'left=%lu', copy_from_user(buf, addr, 8))
    KLAB('nofault', 'touched=%ld', copy_from_user_nofault(buf, addr, 8))
    KLAB('to', 'left=%lu', copy_to_user(end - 4, buf, 8))
    buf[7] = 9
    KLAB('from', 'left=%lu', copy_from_user(buf, end - 4, 8))
    KLAB('from', 'last=%d', buf[7])
    KLAB('put', 'ret=%d', put_user(77, addr))
    KLAB('get', 'ret=%d', get_user(x, addr))
    KLAB('get', 'x=%d', x.value)
    KLAB('get', 'ret=%d', get_user(x, end))
    KLAB('get', 'x=%d', x.value)
    KLAB('clear', 'left=%lu', clear_user(end - 2, 6))
    KLAB('ok', 'user=%d kernel=%d', access_ok(addr, 8) ? 1 : 0, access_ok(2 ** 63, 8) ? 1 : 0)
  } else if (cmd === 102) {
    KLAB('text', 'len=%ld', strncpy_from_user(buf, addr, 16))
    KLAB('text', 'cut=%ld', strncpy_from_user(buf, addr, 3))
    KLAB('text', 'size=%ld', strnlen_user(addr, 16))
    KLAB('text', 'size=%ld', strnlen_user(addr, 3))
    KLAB('text', 'bad=%ld', strncpy_from_user(buf, end, 16))
  } else {
    KLAB('readonly', 'left=%lu', copy_to_user(addr, buf, 8))
    KLAB('readonly', 'put=%d', put_user(1, addr))
    KLAB('readonly', 'from=%lu', copy_from_user(buf, addr, 8))
  }
  kfree(buf)
  return 0
}

const fo: file_operations = { owner: THIS_MODULE, unlocked_ioctl: mu_ioctl }
const md = new miscdevice({ minor: MISC_DYNAMIC_MINOR, name: 'klabdev', fops: fo })
KLAB_PROBE('mm-uaccess', () => {
  KLAB('misc', 'register=%d', misc_register(md))
})
