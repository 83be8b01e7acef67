import { file, inode, type file_operations } from 'linux/fs'
import { ENOTTY } from 'linux/errno'
import { misc_deregister, misc_register, MISC_DYNAMIC_MINOR, miscdevice } from 'linux/miscdevice'
import { THIS_MODULE } from 'linux/module'
import { KLAB, KLAB_PROBE_EXIT } from './klab'

function op(i: inode, f: file) {
  KLAB('open', 'called=1')
  return 0
}
function rl(i: inode, f: file) {
  KLAB('release', 'called=1')
  return 0
}
function io(f: file, cmd: number, arg: number) {
  KLAB('ioctl', 'cmd=%u', cmd)
  if (cmd === 100) {
    misc_deregister(md)
    KLAB('deregister', 'returned=1')
    return 0
  }
  return cmd === 200 ? 42 : -ENOTTY
}
const fo: file_operations = { owner: THIS_MODULE, open: op, release: rl, unlocked_ioctl: io }
const md = new miscdevice({ minor: MISC_DYNAMIC_MINOR, name: 'klabdev', fops: fo })
function probe() {
  KLAB('misc', 'register=%d', misc_register(md))
}
function bye() {
  KLAB('exit', 'called=1')
}
KLAB_PROBE_EXIT('misc-dereg-open', probe, bye)
