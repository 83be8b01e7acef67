import { echo, insmod, msleep, rmmod, run_until_quiet, spawn, wait } from 'klab/scenario'
import { client } from './user'

/** The host is unbound while two programs take turns in sending messages through it. */
export default function () {
  insmod('dmaengine')
  insmod('spi')
  insmod('driver')
  const one = spawn(client)
  const other = spawn(client)
  msleep(8)
  echo('/sys/bus/platform/drivers/fsl_lpspi/unbind', 'fsl_lpspi')
  wait(one)
  wait(other)
  run_until_quiet()
  rmmod('driver')
  rmmod('spi')
  rmmod('dmaengine')
}
