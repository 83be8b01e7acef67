import { insmod, msleep, rmmod, run_until_quiet, unplug } from 'klab/scenario'

/** The port is shut down while the modem status timer runs on the other CPU. */
export default function () {
  insmod('driver')
  msleep(9)
  unplug('01:00.0')
  run_until_quiet()
  rmmod('driver')
}
