import { insmod, msleep, rmmod, run_until_quiet, unplug } from 'klab/scenario'

/** The adapter goes away while its thread is asleep. */
export default function () {
  insmod('driver')
  msleep(20)
  unplug('01:00.0')
  run_until_quiet()
  rmmod('driver')
}
