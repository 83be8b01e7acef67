import { module_pci_driver, pci_get_drvdata, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { alloc_chrdev_region, unregister_chrdev_region, type file, type inode } from 'linux/fs'
import { cdev, cdev_add, cdev_del, cdev_init, cdev_make_node, cdev_remove_node } from 'linux/cdev'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { ENOMEM } from 'linux/errno'
import { container_of } from 'linux/container_of'
import { THIS_MODULE } from 'linux/module'
import { ptr } from 'linux/types'

/** One function of a USB gadget with a node in /dev. */
class f_hidg {
  dev = 0
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

function hidg_probe(pdev: pci_dev, id: pci_device_id) {
  const hidg = kzalloc(f_hidg, GFP_KERNEL)
  if (!hidg) return -ENOMEM
  const dev = ptr<number>()
  let ret = alloc_chrdev_region(dev, 0, 1, 'hidg')
  if (ret) {
    kfree(hidg)
    return ret
  }
  hidg.dev = dev.value
  cdev_init(hidg.cdev, f_hidg_fops)
  ret = cdev_add(hidg.cdev, hidg.dev, 1)
  if (ret) {
    unregister_chrdev_region(hidg.dev, 1)
    kfree(hidg)
    return ret
  }
  cdev_make_node('hidg0', hidg.dev)
  pci_set_drvdata(pdev, hidg)
  return 0
}

function hidg_remove(pdev: pci_dev) {
  const hidg = pci_get_drvdata<f_hidg>(pdev)
  cdev_remove_node('hidg0')
  cdev_del(hidg.cdev) // no new opens; the file that is open keeps the cdev
  unregister_chrdev_region(hidg.dev, 1)
  kfree(hidg) // with the cdev inside
}

const hidg_ids = [PCI_DEVICE(0x1234, 0x11e8)]

module_pci_driver({ name: 'f_hid', id_table: hidg_ids, probe: hidg_probe, remove: hidg_remove })
