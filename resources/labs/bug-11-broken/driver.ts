import { module_pci_driver, pci_get_drvdata, pci_set_drvdata, pcim_enable_device, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { auxiliary_device, auxiliary_device_add, auxiliary_device_delete, auxiliary_device_init, auxiliary_device_uninit } from 'linux/auxiliary_bus'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { ERR_PTR, IS_ERR, PTR_ERR } from 'linux/err'
import { container_of } from 'linux/container_of'
import { type device } from 'linux/device'
import { dev_warn } from 'linux/printk'
import { ENOMEM } from 'linux/errno'

/** A part of the card that a driver of its own looks after. */
class pds_auxiliary_dev {
  aux_dev = new auxiliary_device()
  client_id = 0
}

/** The last reference to the device is gone: this is where the memory goes, and nowhere else. */
function pdsc_auxbus_dev_release(dev: device) {
  kfree(container_of(dev, pds_auxiliary_dev, 'aux_dev.dev'))
}

function pdsc_auxbus_dev_register(pdev: pci_dev, client_id: number, name: string) {
  const padev = kzalloc(pds_auxiliary_dev, GFP_KERNEL)
  if (!padev) return ERR_PTR<pds_auxiliary_dev>(-ENOMEM)
  padev.client_id = client_id
  const { aux_dev } = padev
  aux_dev.name = name
  aux_dev.id = client_id
  aux_dev.dev.parent = pdev.dev
  aux_dev.dev.release = pdsc_auxbus_dev_release
  let err = auxiliary_device_init(aux_dev)
  if (!err) {
    err = auxiliary_device_add(aux_dev)
    if (!err) return padev
    dev_warn(pdev.dev, 'auxiliary_device_add of %s failed: %d\n', name, err)
    auxiliary_device_uninit(aux_dev) // drops the last reference: release() has freed padev
  }
  kfree(padev) // right when the init has failed, but not after it
  return ERR_PTR<pds_auxiliary_dev>(err)
}

function pdsc_auxbus_dev_del(padev: pds_auxiliary_dev) {
  auxiliary_device_delete(padev.aux_dev)
  auxiliary_device_uninit(padev.aux_dev)
}

function pdsc_probe(pdev: pci_dev, id: pci_device_id) {
  const ret = pcim_enable_device(pdev)
  if (ret) return ret
  const padev = pdsc_auxbus_dev_register(pdev, 0, 'vDPA')
  if (IS_ERR(padev)) return PTR_ERR(padev)
  pci_set_drvdata(pdev, padev)
  return 0
}

function pdsc_remove(pdev: pci_dev) {
  pdsc_auxbus_dev_del(pci_get_drvdata<pds_auxiliary_dev>(pdev))
}

const pdsc_ids = [PCI_DEVICE(0x1234, 0x11e8)]

module_pci_driver({ name: 'pds_core', id_table: pdsc_ids, probe: pdsc_probe, remove: pdsc_remove })
