import { insmod, rmmod, run_until_quiet } from 'klab/scenario'

export default function () {
  insmod('cards')
  run_until_quiet()
  rmmod('cards')
}
