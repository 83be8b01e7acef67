import { pci_dev, pci_device_id, PCI_DEVICE, pci_enable_device, pci_disable_device, pci_register_driver, pci_unregister_driver, pci_resource_start } from 'linux/pci'
import { pcim_p2pdma_init, pcim_p2pdma_provider, pci_p2pdma_add_resource, pci_alloc_p2pmem, pci_free_p2pmem, pci_p2pmem_virt_to_bus, pci_p2pdma_distance, pci_p2pdma_map_type, pci_p2pmem_publish, pci_has_p2pmem, pci_p2pmem_find } from 'linux/pci-p2pdma'
import { writel, readl } from 'linux/io'
import { KLAB, KLAB_PROBE_EXIT } from './klab'
function pr(p: pci_dev, id: pci_device_id) {
  pci_enable_device(p)
  KLAB('init', 'ret=%d again=%d', pcim_p2pdma_init(p), pcim_p2pdma_init(p))
  const own = pcim_p2pdma_provider(p, 0)
  KLAB('provider', 'bar0=%d bar1=%d offset=%d', own ? 1 : 0, pcim_p2pdma_provider(p, 1) ? 1 : 0, own!.bus_offset)
  KLAB('type', 'self=%d distance=%d', pci_p2pdma_map_type(own!, p.dev), pci_p2pdma_distance(p, p.dev, true))
  KLAB('add', 'nobar=%d behind=%d long=%d', pci_p2pdma_add_resource(p, 2, 0, 0), pci_p2pdma_add_resource(p, 0, 0, 0x100000), pci_p2pdma_add_resource(p, 0, 0x1001, 0xff000))
  KLAB('add', 'ret=%d', pci_p2pdma_add_resource(p, 0, 0x2000, 0x40000))
  const a = pci_alloc_p2pmem(p, 4096)
  const b = pci_alloc_p2pmem(p, 1)
  KLAB('alloc', 'a=%d b=%d c=%d', a ? 1 : 0, b ? 1 : 0, pci_alloc_p2pmem(p, 1) ? 1 : 0)
  KLAB('bus', 'a=0x%x null=%d', pci_p2pmem_virt_to_bus(p, a) - pci_resource_start(p, 0), pci_p2pmem_virt_to_bus(p, 0))
  KLAB('find', 'before=%d', pci_p2pmem_find(p.dev) ? 1 : 0)
  pci_p2pmem_publish(p, true)
  KLAB('find', 'has=%d self=%d', pci_has_p2pmem(p) ? 1 : 0, pci_p2pmem_find(p.dev) === p ? 1 : 0)
  pci_free_p2pmem(p, a, 4096)
  pci_free_p2pmem(p, b, 1)
  return 0
}
function rm(p: pci_dev) { KLAB('remove', 'alloc=%d', pci_alloc_p2pmem(p, 8192) ? 1 : 0); pci_disable_device(p) }
const drv = { name: 'klabp2p', id_table: [PCI_DEVICE(0x1234, 0x11e8)], probe: pr, remove: rm }
function probe() { KLAB('register', 'ret=%d', pci_register_driver(drv)) }
function bye() { KLAB('exit', 'called=1') }
KLAB_PROBE_EXIT('p2p-providers', probe, bye)
