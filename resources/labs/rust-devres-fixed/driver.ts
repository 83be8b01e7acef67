import { pr_info } from 'linux/printk'
import { Arc } from 'rust/sync'
import type { Core } from 'rust/device'
import { Devres } from 'rust/devres'
import { GFP_KERNEL } from 'rust/alloc'
import { drop } from 'rust/mem'
import * as pci from 'rust/pci'
import { new_delayed_work, system } from 'rust/workqueue'

const EDU_ID = 0x00
const EDU_SIZE = 0x100
const DELAY = 100 // jiffies

/** What the driver and the queue share. The count keeps this memory, and nothing but this memory. */
class Stats {
  work = new_delayed_work('Stats::run', Stats.run)
  samples = 0

  constructor(readonly bar: Devres<pci.Bar>) {}

  static run(self: Arc<Stats>) {
    using bar = self.value.bar.try_access() // a guard for as long as this function runs, or null
    if (!bar) {
      pr_info('edu_stats: the device is gone\n')
      return
    }
    self.value.samples++
    pr_info('edu_stats: id %x, sample %d\n', bar.value.read32(EDU_ID), self.value.samples)
  }
}

class EduStats {
  static ID_TABLE = [pci.DeviceId.from_id(0x1234, 0x11e8)]

  constructor(readonly stats: Arc<Stats>) {}

  static probe(pdev: pci.Device<Core>) {
    pdev.enable_device_mem()
    const bar = pdev.iomap_region_sized(0, 'edu_stats', EDU_SIZE).into_devres()
    const stats = Arc.new(new Stats(bar), GFP_KERNEL)
    drop(system().enqueue_delayed(stats.clone(), DELAY))
    return new EduStats(stats)
  }
}

pci.module_pci_driver({ type: EduStats, name: 'edu_stats' })
