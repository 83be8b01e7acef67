import { insmod, msleep, rmmod, run_until_quiet, spawn, unplug, wait } from 'klab/scenario'
import { client } from './user'

/** The card is pulled while the process that has its doorbell mapped is at its end. */
export default function () {
  insmod('driver')
  const process = spawn(client)
  msleep(2)
  unplug('01:00.0')
  wait(process)
  run_until_quiet()
  rmmod('driver')
}
