import { insmod, msleep, rmmod, unplug } from 'klab/scenario'

/** The device goes away while the trigger callback is in the middle of its work. */
export default function () {
  insmod('driver')
  msleep(20)
  unplug('01:00.0')
  rmmod('driver')
}
