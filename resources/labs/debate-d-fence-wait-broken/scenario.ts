import { insmod, rmmod, run_until_quiet, spawn, wait } from 'klab/scenario'
import { program } from './user'

/** A program unmaps memory that the card has worked in. */
export default function () {
  insmod('driver')
  wait(spawn(program))
  run_until_quiet()
  rmmod('driver')
}
