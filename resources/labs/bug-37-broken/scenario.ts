import { insmod, msleep, rmmod, run_until_quiet } from 'klab/scenario'

/** The camera has gone to sleep when the network card begins to receive. */
export default function () {
  insmod('driver')
  run_until_quiet()
  insmod('nic')
  msleep(20000)
  rmmod('nic')
  rmmod('driver')
}
