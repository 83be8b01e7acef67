import { insmod, spawn, wait } from 'klab/scenario'
import { tool, write_text } from './user'

function user() {
  tool('hp-irq-not-freed')
  write_text('/sys/bus/pci/drivers/klabedu/unbind', '0000:01:00.0')
  write_text('/sys/bus/pci/drivers/klabedu/bind', '0000:01:00.0')
  write_text('/sys/bus/pci/drivers/klabedu/unbind', '0000:01:00.0')
}

export default function () {
  insmod('hp_irq_not_freed')
  wait(spawn(user))
}
