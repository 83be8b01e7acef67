import { insmod, msleep, rmmod } from 'klab/scenario'

export default function () {
  insmod('driver')
  msleep(5)
  rmmod('driver')
}
