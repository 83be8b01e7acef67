import { insmod, msleep, rmmod, run_until_quiet, unplug } from 'klab/scenario'

/** A device with stream endpoints goes away. */
export default function () {
  insmod('driver')
  msleep(2)
  unplug('01:00.0')
  run_until_quiet()
  rmmod('driver')
}
