import { insmod, msleep, rmmod, run_until_quiet } from 'klab/scenario'

/** The module is unloaded while the idle check is under way. */
export default function () {
  insmod('driver')
  msleep(5)
  rmmod('driver')
  run_until_quiet()
}
