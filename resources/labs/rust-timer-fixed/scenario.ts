import { insmod, msleep, rmmod } from 'klab/scenario'

/** The module is unloaded between two beats. */
export default function () {
  insmod('driver')
  msleep(25)
  rmmod('driver')
  msleep(50)
}
