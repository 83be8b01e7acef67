import { insmod, msleep, rmmod, run_until_quiet } from 'klab/scenario'

/** The module is unloaded while packets are coming in. */
export default function () {
  insmod('driver')
  msleep(20)
  rmmod('driver')
  run_until_quiet()
}
