import { module_pci_driver, pci_get_drvdata, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { alloc_chrdev_region, unregister_chrdev_region, type file, type inode } from 'linux/fs'
import { cdev, cdev_device_add, cdev_device_del, cdev_init } from 'linux/cdev'
import { dev_set_name, device, device_initialize, put_device } from 'linux/device'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { container_of } from 'linux/container_of'
import { ENOMEM } from 'linux/errno'
import { THIS_MODULE } from 'linux/module'
import { ptr } from 'linux/types'

/** One function of a USB gadget with a node in /dev. */
class f_hidg {
  dev = new device()
  cdev = new cdev()
}

function f_hidg_open(inode: inode, file: file) {
  file.private_data = container_of(inode.i_cdev!, f_hidg, 'cdev')
  return 0
}

function f_hidg_release(inode: inode, file: file) {
  return 0
}

const f_hidg_fops = { owner: THIS_MODULE, open: f_hidg_open, release: f_hidg_release }

/** Runs when the last holder is gone: the core, or the last open file. */
function hidg_release(dev: device) {
  kfree(container_of(dev, f_hidg, 'dev'))
}

function hidg_probe(pdev: pci_dev, id: pci_device_id) {
  const hidg = kzalloc(f_hidg, GFP_KERNEL)
  if (!hidg) return -ENOMEM
  const dev = ptr<number>()
  let ret = alloc_chrdev_region(dev, 0, 1, 'hidg')
  if (ret) {
    kfree(hidg)
    return ret
  }
  cdev_init(hidg.cdev, f_hidg_fops)
  device_initialize(hidg.dev)
  hidg.dev.release = hidg_release
  hidg.dev.devt = dev.value
  dev_set_name(hidg.dev, 'hidg0')
  ret = cdev_device_add(hidg.cdev, hidg.dev) // the device becomes the cdev's parent
  if (ret) {
    unregister_chrdev_region(hidg.dev.devt, 1)
    put_device(hidg.dev)
    return ret
  }
  pci_set_drvdata(pdev, hidg)
  return 0
}

function hidg_remove(pdev: pci_dev) {
  const hidg = pci_get_drvdata<f_hidg>(pdev)
  cdev_device_del(hidg.cdev, hidg.dev)
  unregister_chrdev_region(hidg.dev.devt, 1)
  put_device(hidg.dev) // frees now, or when the last file is closed
}

const hidg_ids = [PCI_DEVICE(0x1234, 0x11e8)]

module_pci_driver({ name: 'f_hid', id_table: hidg_ids, probe: hidg_probe, remove: hidg_remove })
