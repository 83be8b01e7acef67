import { insmod, rmmod, spawn, wait } from 'klab/scenario'
import { client } from './user'

export default function () {
  insmod('driver')
  wait(spawn(client))
  rmmod('driver')
}
