import { insmod, msleep, rmmod, run_until_quiet, unplug } from 'klab/scenario'

/** The device goes away while the counters are being read. */
export default function () {
  insmod('driver')
  msleep(24)
  unplug('01:00.0')
  run_until_quiet()
  rmmod('driver')
}
