import { insmod, msleep, rmmod, run_until_quiet } from 'klab/scenario'

/** Three frames go out, of which the second one has more fragments than there is room for. */
export default function () {
  insmod('driver')
  msleep(20)
  rmmod('driver')
  run_until_quiet()
}
