import { insmod, msleep, rmmod, run_until_quiet } from 'klab/scenario'

/** The interface comes up and announces itself; then its driver is unloaded. */
export default function () {
  insmod('netcore')
  insmod('driver')
  msleep(30)
  rmmod('driver')
  run_until_quiet()
  rmmod('netcore')
}
