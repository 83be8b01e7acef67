import { insmod, msleep, rmmod, run_until_quiet, unplug } from 'klab/scenario'

/** A connector change is being handled when the device goes away. */
export default function () {
  insmod('driver')
  msleep(3)
  unplug('01:00.0')
  run_until_quiet()
  rmmod('driver')
}
