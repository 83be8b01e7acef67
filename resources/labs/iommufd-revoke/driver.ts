import { module_exit, module_init } from 'linux/module'
import { pci_get_drvdata, pci_register_driver, pci_set_drvdata, pci_unregister_driver, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { vfio_alloc_device, vfio_pci_core_device, vfio_pci_core_register_device, vfio_pci_core_unregister_device, vfio_pci_ops, vfio_put_device } from 'linux/vfio_pci_core'

/** Gives both cards to programs, and adds nothing of its own. */
const demo_vfio_ops = vfio_pci_ops('demo-vfio')

function demo_vfio_probe(pdev: pci_dev, id: pci_device_id) {
  const vdev = vfio_alloc_device(vfio_pci_core_device, 'vdev', pdev, demo_vfio_ops)
  pci_set_drvdata(pdev, vdev)
  return vfio_pci_core_register_device(vdev)
}

function demo_vfio_remove(pdev: pci_dev) {
  const vdev = pci_get_drvdata<vfio_pci_core_device>(pdev)
  vfio_pci_core_unregister_device(vdev)
  vfio_put_device(vdev)
}

const demo_vfio_driver = {
  name: 'demo-vfio',
  id_table: [PCI_DEVICE(0x1af4, 0x0010), PCI_DEVICE(0x1af4, 0x0011)],
  driver_managed_dma: true,
  probe: demo_vfio_probe,
  remove: demo_vfio_remove,
}

module_init(() => pci_register_driver(demo_vfio_driver))
module_exit(() => pci_unregister_driver(demo_vfio_driver))
