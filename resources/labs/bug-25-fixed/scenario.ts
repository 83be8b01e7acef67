import { insmod, msleep, rmmod, run_until_quiet, unplug } from 'klab/scenario'

/** The queue is disabled while the accelerator works. */
export default function () {
  insmod('driver')
  msleep(5)
  unplug('01:00.0')
  run_until_quiet()
  rmmod('driver')
}
