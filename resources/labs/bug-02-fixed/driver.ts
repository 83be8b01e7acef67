import { module_pci_driver, pci_disable_device, pci_enable_device, pci_get_drvdata, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { alloc_ordered_workqueue, delayed_work, destroy_workqueue, disable_delayed_work_sync, INIT_DELAYED_WORK, queue_delayed_work, type work_struct, type workqueue_struct } from 'linux/workqueue'
import { msecs_to_jiffies } from 'linux/jiffies'
import { ENOMEM } from 'linux/errno'
import { container_of } from 'linux/container_of'
import { usleep_range } from 'linux/delay'

class ocelot {
  stats_queue!: workqueue_struct
  stats_work = new delayed_work()
  frames = 0
}

/** Reads the counters of all ports and puts itself back. */
function ocelot_check_stats_work(work: work_struct) {
  const ocelot_dev = container_of(work, ocelot, 'stats_work.work')
  usleep_range(4000, 5000) // one port after the other
  ocelot_dev.frames++
  queue_delayed_work(ocelot_dev.stats_queue, ocelot_dev.stats_work, msecs_to_jiffies(20))
}

function ocelot_probe(pdev: pci_dev, id: pci_device_id) {
  const ret = pci_enable_device(pdev)
  if (ret) return ret
  const dev = kzalloc(ocelot, GFP_KERNEL)
  if (!dev) {
    pci_disable_device(pdev)
    return -ENOMEM
  }
  const queue = alloc_ordered_workqueue('ocelot-stats', 0)
  if (!queue) {
    kfree(dev)
    pci_disable_device(pdev)
    return -ENOMEM
  }
  dev.stats_queue = queue
  INIT_DELAYED_WORK(dev.stats_work, ocelot_check_stats_work)
  pci_set_drvdata(pdev, dev)
  queue_delayed_work(dev.stats_queue, dev.stats_work, msecs_to_jiffies(20))
  return 0
}

function ocelot_remove(pdev: pci_dev) {
  const dev = pci_get_drvdata<ocelot>(pdev)
  disable_delayed_work_sync(dev.stats_work) // waits, and whoever queues it from now on does nothing
  destroy_workqueue(dev.stats_queue)
  pci_disable_device(pdev)
  kfree(dev)
}

const ocelot_ids = [PCI_DEVICE(0x1234, 0x11e8)]

module_pci_driver({ name: 'ocelot', id_table: ocelot_ids, probe: ocelot_probe, remove: ocelot_remove })
