import { echo, insmod, msleep, rmmod, run_until_quiet, spawn, wait } from 'klab/scenario'
import { client } from './user'

/** The device is unbound while a program opens its node over and over. */
export default function () {
  insmod('driver')
  const process = spawn(client)
  msleep(5)
  echo('/sys/bus/platform/drivers/wmi/unbind', 'wmi')
  wait(process)
  run_until_quiet()
  rmmod('driver')
}
