import { insmod, rmmod, run_until_quiet, spawn, wait } from 'klab/scenario'
import { vmm } from './user'

/** A program offers memory to the hypervisor, is refused, and unmaps the memory. */
export default function () {
  insmod('driver')
  wait(spawn(vmm))
  run_until_quiet()
  rmmod('driver')
}
