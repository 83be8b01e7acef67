import { insmod, msleep, rmmod, run_until_quiet, unplug } from 'klab/scenario'

/** What the person at the keyboard does. Change the moment of the unplugging. */
export default function () {
  insmod('driver')
  msleep(5)
  unplug('01:00.0')
  run_until_quiet()
  rmmod('driver')
}
