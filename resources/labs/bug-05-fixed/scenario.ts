import { insmod, msleep, rmmod, unplug } from 'klab/scenario'

/** The port is unregistered while its state machine timer is armed. */
export default function () {
  insmod('driver')
  msleep(12)
  unplug('01:00.0')
  rmmod('driver')
}
