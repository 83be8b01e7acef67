import { insmod, rmmod, run_until_quiet, usleep } from 'klab/scenario'

/** The driver is unloaded while the engine works. */
export default function () {
  insmod('driver')
  usleep(1500)
  rmmod('driver')
  run_until_quiet()
}
