import { insmod, msleep, rmmod } from 'klab/scenario'

/** The module is unloaded between two beats. */
export default function () {
  insmod('driver')
  msleep(220)
  rmmod('driver')
  msleep(200)
}
