import { insmod, msleep, rmmod, run_until_quiet, unplug } from 'klab/scenario'

/** The card is pulled out before the report about it is written. */
export default function () {
  insmod('driver')
  msleep(10)
  unplug('01:00.0')
  run_until_quiet()
  rmmod('driver')
}
