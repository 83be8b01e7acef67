import { module_pci_driver, pci_disable_device, pci_enable_device, pci_get_drvdata, pci_iomap, pci_iounmap, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { jiffies, msecs_to_jiffies } from 'linux/jiffies'
import { add_timer_on, mod_timer, timer_delete, timer_list, timer_setup, TIMER_PINNED } from 'linux/timer'
import { ENOMEM } from 'linux/errno'
import { container_of } from 'linux/container_of'
import { mdelay } from 'linux/delay'
import { writel, type iomem } from 'linux/io'

const EDU_LIVENESS = 0x04

class cpu_wdt {
  mmio!: iomem
  ticks = 0
  timer = new timer_list()
}

/** Feeds the watchdog; a slow bus keeps the callback busy for a while. */
function wdt_trigger(t: timer_list) {
  const wdt = container_of(t, cpu_wdt, 'timer')
  mdelay(6)
  writel(wdt.ticks, wdt.mmio + EDU_LIVENESS)
  wdt.ticks++
  mod_timer(wdt.timer, jiffies + msecs_to_jiffies(4))
}

function wdt_probe(pdev: pci_dev, id: pci_device_id) {
  const ret = pci_enable_device(pdev)
  if (ret) return ret
  const wdt = kzalloc(cpu_wdt, GFP_KERNEL)
  if (!wdt) {
    pci_disable_device(pdev)
    return -ENOMEM
  }
  wdt.mmio = pci_iomap(pdev, 0, 0)
  if (!wdt.mmio) {
    kfree(wdt)
    pci_disable_device(pdev)
    return -ENOMEM
  }
  timer_setup(wdt.timer, wdt_trigger, TIMER_PINNED)
  pci_set_drvdata(pdev, wdt)
  wdt.timer.expires = jiffies + msecs_to_jiffies(4)
  add_timer_on(wdt.timer, 1)
  return 0
}

function wdt_remove(pdev: pci_dev) {
  const wdt = pci_get_drvdata<cpu_wdt>(pdev)
  timer_delete(wdt.timer) // answers 0 and goes on: the callback is running, not pending
  pci_iounmap(pdev, wdt.mmio)
  pci_disable_device(pdev)
  kfree(wdt)
}

const wdt_ids = [PCI_DEVICE(0x1234, 0x11e8)]

module_pci_driver({ name: 'cpu_wdt', id_table: wdt_ids, probe: wdt_probe, remove: wdt_remove })
