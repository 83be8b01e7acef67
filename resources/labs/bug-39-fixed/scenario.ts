import { insmod, rmmod, run_until_quiet } from 'klab/scenario'

/** The MAC is bound and unbound; then the frame manager goes with its ports. */
export default function () {
  insmod('fman')
  insmod('driver')
  rmmod('driver')
  rmmod('fman')
  run_until_quiet()
}
