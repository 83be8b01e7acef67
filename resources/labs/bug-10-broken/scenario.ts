import { insmod, rmmod, run_until_quiet } from 'klab/scenario'

/** The probe fails at its last step; the clock goes on. */
export default function () {
  insmod('driver')
  run_until_quiet()
  rmmod('driver')
}
