import { module_exit, module_init, THIS_MODULE } from 'linux/module'
import { misc_deregister, misc_init, misc_register, miscdevice } from 'linux/miscdevice'
import { pr_info } from 'linux/printk'
import { ENOTTY } from 'linux/errno'
import type { file, inode } from 'linux/fs'

const DEMO_HELLO = 1

function demo_open(inode: inode, file: file) {
  return 0
}

function demo_ioctl(file: file, cmd: number, arg: unknown) {
  if (cmd !== DEMO_HELLO) return -ENOTTY
  pr_info('demo: hello\n')
  return 0
}

const demo_fops = { owner: THIS_MODULE, open: demo_open, unlocked_ioctl: demo_ioctl }
const demo = misc_init(new miscdevice(), { name: 'demo', fops: demo_fops })

function demo_module_init() {
  return misc_register(demo)
}

function demo_module_exit() {
  misc_deregister(demo)
}

module_init(demo_module_init)
module_exit(demo_module_exit)
