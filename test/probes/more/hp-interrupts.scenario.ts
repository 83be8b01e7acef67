import { insmod, rmmod, echo, cat } from 'klab/scenario'
export default function () {
  insmod('hp_interrupts')
  echo('/dev/kmsg', 'KLAB unbind ' + echo('/sys/bus/pci/drivers/klabpci/unbind', '0000:01:00.0'))
  echo('/dev/kmsg', 'KLAB bind ' + echo('/sys/bus/pci/drivers/klabpci/bind', '0000:01:00.0'))
  rmmod('hp_interrupts')
}
