import { insmod, msleep, rmmod, run_until_quiet, unplug } from 'klab/scenario'

/** The port is unregistered while its state machine timer is armed. */
export default function () {
  insmod('driver')
  msleep(12)
  unplug('01:00.0')
  run_until_quiet()
  rmmod('driver')
}
