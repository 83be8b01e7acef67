import { echo, insmod, msleep, rmmod, run_until_quiet } from 'klab/scenario'

/** The device loses its driver while a statistics run is queued; the module stays until it is over. */
export default function () {
  insmod('driver')
  msleep(5)
  echo('/sys/bus/pci/drivers/edu_stats/unbind', '0000:01:00.0')
  run_until_quiet()
  rmmod('driver')
}
