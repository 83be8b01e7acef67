import { insmod, rmmod, run_until_quiet, spawn, wait } from 'klab/scenario'
import { client } from './user'

/** A program uses the card; then the driver goes. */
export default function () {
  insmod('driver')
  wait(spawn(client))
  run_until_quiet()
  rmmod('driver')
}
