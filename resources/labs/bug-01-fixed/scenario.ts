import { insmod, msleep, rmmod, run_until_quiet, unplug } from 'klab/scenario'

/** The device is unplugged just after its watchdog has asked for a reset. */
export default function () {
  insmod('driver')
  msleep(14)
  unplug('01:00.0')
  run_until_quiet()
  rmmod('driver')
}
