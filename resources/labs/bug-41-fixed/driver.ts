import { module_pci_driver, pci_disable_device, pci_enable_device, pci_get_drvdata, pci_set_drvdata, PCI_DEVICE, type pci_dev, type pci_device_id } from 'linux/pci'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { jiffies, msecs_to_jiffies } from 'linux/jiffies'
import { add_timer_on, mod_timer, timer_delete_sync, timer_list, timer_setup, timer_shutdown_sync, TIMER_PINNED } from 'linux/timer'
import { spin_lock, spin_lock_init, spin_lock_irqsave, spin_unlock, spin_unlock_irqrestore, spinlock_t } from 'linux/spinlock'
import { ENOMEM } from 'linux/errno'
import { container_of } from 'linux/container_of'
import { mdelay } from 'linux/delay'

class sa1100_port {
  lock = new spinlock_t()
  timer = new timer_list()
  status = 0
}

/** Polls the modem lines; slow hardware. */
function sa1100_timeout(t: timer_list) {
  const sport = container_of(t, sa1100_port, 'timer')
  mdelay(3)
  spin_lock(sport.lock)
  sport.status++
  spin_unlock(sport.lock)
  mod_timer(sport.timer, jiffies + msecs_to_jiffies(8))
}

function sa1100_set_termios(sport: sa1100_port) {
  timer_delete_sync(sport.timer) // before the lock is taken
  const flags = spin_lock_irqsave(sport.lock)
  sport.status = 0
  spin_unlock_irqrestore(sport.lock, flags)
}

function sa1100_probe(pdev: pci_dev, id: pci_device_id) {
  const ret = pci_enable_device(pdev)
  if (ret) return ret
  const sport = kzalloc(sa1100_port, GFP_KERNEL)
  if (!sport) {
    pci_disable_device(pdev)
    return -ENOMEM
  }
  spin_lock_init(sport.lock)
  timer_setup(sport.timer, sa1100_timeout, TIMER_PINNED)
  pci_set_drvdata(pdev, sport)
  sport.timer.expires = jiffies + 1
  add_timer_on(sport.timer, 1)
  return 0
}

function sa1100_remove(pdev: pci_dev) {
  const sport = pci_get_drvdata<sa1100_port>(pdev)
  sa1100_set_termios(sport)
  timer_shutdown_sync(sport.timer)
  pci_disable_device(pdev)
  kfree(sport)
}

const sa1100_ids = [PCI_DEVICE(0x1234, 0x11e8)]

module_pci_driver({ name: 'sa1100', id_table: sa1100_ids, probe: sa1100_probe, remove: sa1100_remove })
