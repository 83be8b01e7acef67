import { insmod, msleep, rmmod, run_until_quiet, unplug } from 'klab/scenario'

/** The device keeps raising interrupts until the last moment. */
export default function () {
  insmod('driver')
  msleep(30)
  unplug('01:00.0')
  run_until_quiet()
  rmmod('driver')
}
