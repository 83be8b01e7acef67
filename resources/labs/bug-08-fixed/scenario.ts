import { insmod, msleep, rmmod, run_until_quiet, unplug } from 'klab/scenario'

/** One controller is unplugged while the other one goes on using the line. */
export default function () {
  insmod('driver')
  msleep(12)
  unplug('01:00.0')
  run_until_quiet()
  rmmod('driver')
}
