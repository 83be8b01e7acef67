import { insmod, param, rmmod, run_until_quiet, spawn, wait } from 'klab/scenario'
import { program } from './user'

/** A program ends; its last reference is dropped by the worker that answers page requests. */
export default function () {
  insmod('driver', `design=${param('design')}`)
  wait(spawn(program))
  run_until_quiet()
  rmmod('driver')
}
