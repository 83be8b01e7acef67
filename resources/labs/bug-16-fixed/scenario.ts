import { insmod, msleep, rmmod, run_until_quiet, spawn, wait } from 'klab/scenario'
import { client } from './user'

/** The module is unloaded while a program has its node open; if refused, again afterwards. */
export default function () {
  insmod('driver')
  const process = spawn(client)
  msleep(10)
  rmmod('driver')
  wait(process)
  run_until_quiet()
  rmmod('driver')
}
