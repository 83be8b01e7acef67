import { insmod, rmmod, spawn, wait, echo, cat } from 'klab/scenario'
import { close, errno, O_RDONLY, O_RDWR, O_WRONLY, open, read, read_file, write } from 'user/libc'
import { say, tool, write_text } from './user'
const D = '/sys/class/klabsys/one/'
const show = (path: string) => say(`${path.split('/').slice(-2).join('/')}=${(read_file(path) ?? `errno ${errno()}`).replaceAll('\n', '|')}`)
function program() {
  tool('drv-files')
  for (const f of ['v', 'ro', 'wo', 'err', 'uevent', 'power/control', 'power/runtime_status', 'power/runtime_usage', 'nothing']) show(D + f)
  write_text(D + 'v', '77')
  show(D + 'v')
  write_text(D + 'v', 'zz')
  write_text(D + 'ro', '1')
  write_text(D + 'wo', '9\n')
  write_text(D + 'part', 'abcdef')
  write_text(D + 'power/control', 'off')
  write_text(D + 'power/control', 'on')
  write_text(D + 'uevent', 'change')
  write_text(D + 'uevent', 'bogus')
  const P = '/sys/bus/platform/'
  show(P + 'devices/klabpd/driver_override')
  show(P + 'devices/klabpd/modalias')
  show(P + 'devices/klabpd/uevent')
  write_text(P + 'drivers/klabpd/unbind', 'klabqd.2')
  write_text(P + 'drivers/klabpd/bind', 'klabqd.2')
  write_text(P + 'devices/klabqd.2/driver_override', 'klabpd')
  show(P + 'devices/klabqd.2/driver_override')
  write_text(P + 'drivers/klabpd/bind', 'klabqd.2')
  write_text(P + 'drivers/klabpd/bind', 'klabqd.2')
  write_text(P + 'drivers/klabpd/bind', 'nosuch')
  write_text(P + 'drivers/klabpd/unbind', 'klabpd')
  write_text(P + 'drivers/klabpd/unbind', 'klabpd')
  write_text(P + 'drivers_probe', 'klabpd')
  write_text(P + 'drivers_probe', 'nosuch')
  show(P + 'drivers_autoprobe')
  write_text(P + 'devices/klabqd.2/driver_override', '\n')
  show(P + 'devices/klabqd.2/driver_override')
  show('/sys/module/drv_files/refcnt')
  show('/sys/module/drv_files/initstate')
  show('/sys/module/drv_files/coresize')
  show('/sys/module/drv_files/taint')
}
export default function () {
  insmod('drv_files')
  wait(spawn(program))
  rmmod('drv_files')
}
