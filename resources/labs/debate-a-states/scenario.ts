import { echo, insmod, rmmod, run_until_quiet, unplug } from 'klab/scenario'

/** Bound, without a driver, and gone: the same calls each time. */
export default function () {
  insmod('driver')
  echo('/sys/bus/pci/drivers/states/unbind', '0000:01:00.0')
  insmod('later', 'state=unbound')
  rmmod('later')
  unplug('01:00.0')
  run_until_quiet()
  insmod('later', 'state=zombie')
  rmmod('later')
  rmmod('driver')
}
