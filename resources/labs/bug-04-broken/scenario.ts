import { insmod, msleep, rmmod, run_until_quiet, unplug } from 'klab/scenario'

/** The device goes away while the trigger callback is in the middle of its work. */
export default function () {
  insmod('driver')
  msleep(20)
  unplug('01:00.0')
  run_until_quiet()
  rmmod('driver')
}
