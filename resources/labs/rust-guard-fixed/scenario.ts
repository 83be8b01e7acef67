import { insmod, rmmod, run_until_quiet } from 'klab/scenario'

/** The device raises one interrupt; its thread makes a record of it. */
export default function () {
  insmod('driver')
  run_until_quiet()
  rmmod('driver')
}
