import { insmod, msleep, rmmod, run_until_quiet } from 'klab/scenario'

/** The driver asks for statistics when it is loaded. */
export default function () {
  insmod('driver')
  msleep(20)
  rmmod('driver')
  run_until_quiet()
}
