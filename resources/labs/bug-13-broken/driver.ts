import { module_pci_driver, pci_get_drvdata, pci_set_drvdata, pcim_enable_device, pcim_iomap, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { misc_deregister, misc_register, miscdevice, MISC_DYNAMIC_MINOR } from 'linux/miscdevice'
import { type file, type inode } from 'linux/fs'
import { kref, kref_get, kref_init, kref_put } from 'linux/kref'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { ENOMEM } from 'linux/errno'
import { container_of } from 'linux/container_of'
import { writel, type iomem } from 'linux/io'
import { THIS_MODULE } from 'linux/module'

const MRPC_DMA_EN = 0x60

class switchtec_dev {
  ref = new kref()
  mmio!: iomem
  misc = new miscdevice()
}

/** The last reference is gone: of the module, or of an open file. */
function stdev_release(ref: kref) {
  const stdev = container_of(ref, switchtec_dev, 'ref')
  writel(0, stdev.mmio + MRPC_DMA_EN) // a count on the memory is no promise of the hardware
  kfree(stdev)
}

function switchtec_dev_open(inode: inode, file: file) {
  const stdev = container_of(file.private_data as miscdevice, switchtec_dev, 'misc')
  kref_get(stdev.ref)
  file.private_data = stdev
  return 0
}

function switchtec_dev_release(inode: inode, file: file) {
  const stdev = file.private_data as switchtec_dev
  kref_put(stdev.ref, stdev_release)
  return 0
}

const switchtec_fops = { owner: THIS_MODULE, open: switchtec_dev_open, release: switchtec_dev_release }

function switchtec_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pcim_enable_device(pdev)
  if (ret) return ret
  const stdev = kzalloc(switchtec_dev, GFP_KERNEL)
  if (!stdev) return -ENOMEM
  kref_init(stdev.ref)
  const mmio = pcim_iomap(pdev, 0, 0) // unmapped by itself when the driver is unbound
  if (!mmio) {
    kfree(stdev)
    return -ENOMEM
  }
  stdev.mmio = mmio
  stdev.misc.minor = MISC_DYNAMIC_MINOR
  stdev.misc.name = 'switchtec0'
  stdev.misc.fops = switchtec_fops
  writel(1, stdev.mmio + MRPC_DMA_EN)
  ret = misc_register(stdev.misc)
  if (ret) {
    writel(0, stdev.mmio + MRPC_DMA_EN)
    kfree(stdev)
    return ret
  }
  pci_set_drvdata(pdev, stdev)
  return 0
}

function switchtec_remove(pdev: pci_dev) {
  const stdev = pci_get_drvdata<switchtec_dev>(pdev)
  misc_deregister(stdev.misc)
  kref_put(stdev.ref, stdev_release)
}

const switchtec_ids = [PCI_DEVICE(0x1234, 0x11e8)]

module_pci_driver({ name: 'switchtec', id_table: switchtec_ids, probe: switchtec_probe, remove: switchtec_remove })
