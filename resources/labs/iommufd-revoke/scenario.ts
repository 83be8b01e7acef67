import { insmod, rmmod, run_until_quiet, spawn, wait } from 'klab/scenario'
import { vmm } from './user'

export default function () {
  insmod('driver')
  wait(spawn(vmm))
  rmmod('driver')
  run_until_quiet()
}
