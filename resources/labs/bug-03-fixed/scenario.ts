import { insmod, msleep, rmmod, unplug } from 'klab/scenario'

/** The device keeps raising interrupts until the last moment. */
export default function () {
  insmod('driver')
  msleep(30)
  unplug('01:00.0')
  rmmod('driver')
}
