import { cat, echo, insmod, msleep, rmmod } from 'klab/scenario'
import { printk } from 'linux/printk'
export default function () {
  insmod('drv_attributes')
  msleep(100)
  printk('cat=%s\n', cat('/sys/devices/platform/klabp.3/value'))
  printk('echo=%d\n', echo('/sys/devices/platform/klabp.3/value', '0x11'))
  printk('echo=%d\n', echo('/sys/devices/platform/klabp.3/value', 'zz'))
  printk('cat=%s\n', cat('/sys/devices/platform/klabp.3/value'))
  printk('cat=%d\n', cat('/sys/devices/platform/klabp.3/nosuch'))
  printk('rm=%d\n', rmmod('drv_attributes'))
}
