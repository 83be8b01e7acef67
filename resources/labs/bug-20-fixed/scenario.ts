import { insmod, msleep, rmmod, run_until_quiet } from 'klab/scenario'

/** Three packets are received and redirected; then the driver is unloaded. */
export default function () {
  insmod('driver')
  msleep(20)
  rmmod('driver')
  run_until_quiet()
}
