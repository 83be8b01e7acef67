import { pci_disable_device, pci_enable_device, pci_get_drvdata, pci_iomap, pci_iounmap, pci_register_driver, pci_resource_start, pci_set_drvdata, pci_set_master, pci_unregister_driver, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { pci_p2pdma_bus_addr_map, pci_p2pdma_map_type, PCI_P2PDMA_MAP_BUS_ADDR, pcim_p2pdma_init, pcim_p2pdma_provider, type p2pdma_provider } from 'linux/pci-p2pdma'
import { module_exit, module_init } from 'linux/module'
import { DEFINE_MUTEX, mutex_lock, mutex_unlock } from 'linux/mutex'
import { EINVAL, ENODEV, ENOMEM } from 'linux/errno'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { writel, type iomem } from 'linux/io'
import { msleep } from 'linux/delay'

/** The card with memory. */
class provider_dev {
  mem: p2pdma_provider | null = null
  start = 0
}

/** The card that writes into it. */
class importer_dev {
  regs: iomem = 0
}

const peers_lock = DEFINE_MUTEX('peers_lock')
let provider: provider_dev | null = null // protected by peers_lock

function provider_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pci_enable_device(pdev)
  if (ret) return ret
  const dev = kzalloc(provider_dev, GFP_KERNEL)
  ret = dev ? pcim_p2pdma_init(pdev) : -ENOMEM
  if (ret) {
    kfree(dev)
    pci_disable_device(pdev)
    return ret
  }
  dev!.mem = pcim_p2pdma_provider(pdev, 2)
  dev!.start = pci_resource_start(pdev, 2)
  pci_set_drvdata(pdev, dev)
  mutex_lock(peers_lock)
  provider = dev
  mutex_unlock(peers_lock)
  return 0
}

/** Takes care of new importers only; the one that is there goes on. */
function provider_remove(pdev: pci_dev) {
  const dev = pci_get_drvdata<provider_dev>(pdev)
  mutex_lock(peers_lock)
  provider = null
  mutex_unlock(peers_lock)
  pci_disable_device(pdev)
  kfree(dev)
}

/** Called with peers_lock held. */
function importer_attach(pdev: pci_dev, imp: importer_dev) {
  if (!provider || !provider.mem) return -ENODEV
  if (pci_p2pdma_map_type(provider.mem, pdev.dev) !== PCI_P2PDMA_MAP_BUS_ADDR) return -EINVAL
  writel(pci_p2pdma_bus_addr_map(provider.mem, provider.start), imp.regs)
  return 0
}

function importer_probe(pdev: pci_dev, id: pci_device_id) {
  let ret = pci_enable_device(pdev)
  if (ret) return ret
  const imp = kzalloc(importer_dev, GFP_KERNEL)
  ret = -ENOMEM
  if (imp) {
    imp.regs = pci_iomap(pdev, 0, 0)
    pci_set_master(pdev)
    pci_set_drvdata(pdev, imp)
    mutex_lock(peers_lock)
    if (imp.regs) ret = importer_attach(pdev, imp)
    mutex_unlock(peers_lock)
    if (!ret) return 0
    if (imp.regs) pci_iounmap(pdev, imp.regs)
    kfree(imp)
  }
  pci_disable_device(pdev)
  return ret
}

function importer_remove(pdev: pci_dev) {
  const imp = pci_get_drvdata<importer_dev>(pdev)
  writel(0, imp.regs)
  msleep(2)
  pci_iounmap(pdev, imp.regs)
  pci_disable_device(pdev)
  kfree(imp)
}

const provider_driver = {
  name: 'provider',
  id_table: [PCI_DEVICE(0x1af4, 0x0010)],
  probe: provider_probe,
  remove: provider_remove,
}

const importer_driver = {
  name: 'importer',
  id_table: [PCI_DEVICE(0x1af4, 0x0011)],
  probe: importer_probe,
  remove: importer_remove,
}

module_init(() => {
  const ret = pci_register_driver(provider_driver)
  if (ret) return ret
  return pci_register_driver(importer_driver)
})

module_exit(() => {
  pci_unregister_driver(importer_driver)
  pci_unregister_driver(provider_driver)
})
