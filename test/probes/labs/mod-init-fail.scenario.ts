import { spawn, wait } from 'klab/scenario'
import { delmod, loadmod, tool } from './user'

function user() {
  tool('mod-init-fail')
  loadmod('mod_init_fail', 'ret=-5')
  delmod('mod_init_fail')
  loadmod('mod_init_fail', 'ret=7')
  loadmod('mod_init_fail', 'ret=0')
  delmod('mod_init_fail')
}

export default function () {
  wait(spawn(user))
}
