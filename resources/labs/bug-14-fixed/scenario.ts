import { insmod, kill, msleep, rmmod, run_until_quiet, spawn, wait } from 'klab/scenario'
import { client } from './user'

/** One program has its answer; another is killed while it waits: the answer comes all the same. */
export default function () {
  insmod('driver')
  wait(spawn(client))
  const impatient = spawn(client)
  msleep(10)
  kill(impatient)
  wait(impatient)
  run_until_quiet()
  rmmod('driver')
}
