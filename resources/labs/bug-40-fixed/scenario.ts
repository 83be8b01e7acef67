import { insmod, msleep, rmmod, run_until_quiet, unplug } from 'klab/scenario'

/** The reset work has just started when the interface goes down. */
export default function () {
  insmod('driver')
  msleep(6)
  unplug('01:00.0')
  run_until_quiet()
  rmmod('driver')
}
