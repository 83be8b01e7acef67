import { insmod, msleep, rmmod, run_until_quiet, unplug } from 'klab/scenario'

/** The adapter is pulled out just after it has reported a change of its link. */
export default function () {
  insmod('netcore')
  insmod('driver')
  msleep(16)
  unplug('01:00.0')
  run_until_quiet()
  rmmod('driver')
  rmmod('netcore')
}
