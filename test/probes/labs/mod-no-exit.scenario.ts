import { insmod, spawn, wait } from 'klab/scenario'
import { delmod, loadmod, tool } from './user'

function user() {
  tool('mod-no-exit')
  delmod('mod_no_exit')
  loadmod('mod_no_exit')
}

export default function () {
  insmod('mod_no_exit')
  wait(spawn(user))
}
