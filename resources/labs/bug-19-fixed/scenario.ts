import { insmod, msleep, rmmod, run_until_quiet } from 'klab/scenario'

/** Three frames of three segments go out; then the driver is unloaded. */
export default function () {
  insmod('driver')
  msleep(20)
  rmmod('driver')
  run_until_quiet()
}
