import { module_exit, module_init, THIS_MODULE } from 'linux/module'
import { misc_deregister, misc_init, misc_register, miscdevice } from 'linux/miscdevice'
import { pr_info } from 'linux/printk'
import type { file, inode } from 'linux/fs'

function nsm_open(inode: inode, file: file) {
  return 0
}

function nsm_ioctl(file: file, cmd: number, arg: unknown) {
  pr_info('nsm: request %d\n', cmd)
  return 0
}

const nsm_fops = {
  owner: THIS_MODULE,
  open: nsm_open,
  unlocked_ioctl: nsm_ioctl,
}

const nsm = misc_init(new miscdevice(), { name: 'nsm', fops: nsm_fops })

function nsm_init() {
  return misc_register(nsm)
}

function nsm_exit() {
  misc_deregister(nsm)
}

module_init(nsm_init)
module_exit(nsm_exit)
