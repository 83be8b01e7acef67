import { insmod, rmmod, run_until_quiet, spawn, wait } from 'klab/scenario'
import { renderer } from './user'

/** A program binds a buffer to the card with one thread and unmaps it with another. */
export default function () {
  insmod('driver')
  wait(spawn(renderer))
  run_until_quiet()
  rmmod('driver')
}
