import { insmod, msleep, rmmod, run_until_quiet } from 'klab/scenario'

/** The second device is probed while the first one, on the same line, raises its alarms. */
export default function () {
  insmod('driver')
  msleep(5)
  rmmod('driver')
  run_until_quiet()
}
