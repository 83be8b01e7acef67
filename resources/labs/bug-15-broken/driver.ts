import { module_platform_driver, platform_get_drvdata, platform_set_drvdata, type platform_device } from 'linux/platform_device'
import { misc_deregister, misc_register, miscdevice, MISC_DYNAMIC_MINOR } from 'linux/miscdevice'
import { list_add_tail, list_del, list_for_each_entry, list_head, LIST_HEAD } from 'linux/list'
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from 'linux/mutex'
import { nonseekable_open, type file, type inode } from 'linux/fs'
import { ENODEV, ENOTTY } from 'linux/errno'
import { THIS_MODULE } from 'linux/module'
import { msleep } from 'linux/delay'

const WMI_GET_SIZE = 1

/** A block of methods of the firmware. */
class wmi_block {
  list = new list_head()
  driver_name = ''
  req_buf_size = 0
  char_dev = new miscdevice()
}

/** The one block there is. It lives as long as the module, which every open file pins. */
const smbios = new wmi_block()

/** The blocks that are bound. */
const wmi_block_list = LIST_HEAD('wmi_block_list')
const wmi_list_lock = DEFINE_MUTEX('wmi_list_lock')

function wmi_char_open(inode: inode, file: file) {
  const { name } = file.private_data as miscdevice
  mutex_lock(wmi_list_lock)
  for (const wblock of list_for_each_entry(wmi_block_list, wmi_block, 'list')) {
    if (wblock.driver_name !== name) continue
    file.private_data = wblock
    break
  }
  mutex_unlock(wmi_list_lock)
  if (!file.private_data) return -ENODEV // never so: the misc core has stored its own pointer
  return nonseekable_open(inode, file)
}

function wmi_ioctl(file: file, cmd: number, arg: unknown) {
  const wblock = file.private_data as wmi_block
  if (cmd !== WMI_GET_SIZE) return -ENOTTY
  return wblock.req_buf_size
}

const wmi_fops = { owner: THIS_MODULE, open: wmi_char_open, unlocked_ioctl: wmi_ioctl }

/** Tells the firmware that nobody listens any more. */
function wmi_method_disable() {
  msleep(5)
}

function wmi_probe(pdev: platform_device) {
  const wblock = smbios
  wblock.driver_name = 'dell-smbios'
  wblock.req_buf_size = 4096
  wblock.char_dev.minor = MISC_DYNAMIC_MINOR
  wblock.char_dev.name = wblock.driver_name
  wblock.char_dev.nodename = 'wmi/dell-smbios'
  wblock.char_dev.fops = wmi_fops
  platform_set_drvdata(pdev, wblock)
  mutex_lock(wmi_list_lock)
  list_add_tail(wblock.list, wmi_block_list)
  mutex_unlock(wmi_list_lock)
  const ret = misc_register(wblock.char_dev)
  if (ret) wmi_forget(wblock)
  return ret
}

function wmi_forget(wblock: wmi_block) {
  mutex_lock(wmi_list_lock)
  list_del(wblock.list)
  mutex_unlock(wmi_list_lock)
}

function wmi_remove(pdev: platform_device) {
  const wblock = platform_get_drvdata<wmi_block>(pdev)
  wmi_forget(wblock) // from here on open() finds nothing, but it is still called
  wmi_method_disable()
  misc_deregister(wblock.char_dev)
}

module_platform_driver({ driver: { name: 'wmi' }, probe: wmi_probe, remove: wmi_remove })
