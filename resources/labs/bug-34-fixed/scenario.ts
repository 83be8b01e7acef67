import { insmod, msleep, rmmod, run_until_quiet, spawn, unplug, wait } from 'klab/scenario'
import { client } from './user'

/** The card is unbound while a program has its node open. */
export default function () {
  insmod('driver')
  const process = spawn(client)
  msleep(10)
  unplug('01:00.0')
  wait(process)
  run_until_quiet()
  rmmod('driver')
}
