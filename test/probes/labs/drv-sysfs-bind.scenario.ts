import { insmod, spawn, wait } from 'klab/scenario'
import { tool, write_text } from './user'

function user() {
  tool('drv-sysfs-bind')
  const dir = '/sys/bus/klabbus/'
  write_text(dir + 'drivers/aa/unbind', 'aa1')
  write_text(dir + 'drivers/aa/unbind', 'aa1')
  write_text(dir + 'drivers/aa/bind', 'aa1')
  write_text(dir + 'drivers/aa/bind', 'aa1')
  write_text(dir + 'drivers/aa/bind', 'nosuch')
  write_text(dir + 'drivers/bb/bind', 'aa1')
  write_text(dir + 'drivers/aa/unbind', 'aa1')
  write_text(dir + 'drivers/bb/bind', 'aa1')
  write_text(dir + 'drivers_probe', 'aa1')
}

export default function () {
  insmod('drv_sysfs_bind')
  wait(spawn(user))
}
