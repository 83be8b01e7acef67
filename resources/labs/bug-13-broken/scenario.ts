import { insmod, msleep, rmmod, run_until_quiet, spawn, surprise_remove, wait } from 'klab/scenario'
import { client } from './user'

/** The switch is pulled out while a program has its node open. */
export default function () {
  insmod('driver')
  const process = spawn(client)
  msleep(10)
  surprise_remove('01:00.0')
  wait(process)
  run_until_quiet()
  rmmod('driver')
}
