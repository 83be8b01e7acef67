import { insmod, rmmod, run_until_quiet, spawn, wait } from 'klab/scenario'
import { program } from './user'

/** A program ends while the card works in its memory. */
export default function () {
  insmod('driver')
  wait(spawn(program))
  run_until_quiet()
  rmmod('driver')
}
