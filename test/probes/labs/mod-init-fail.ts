import { module_exit, module_init, module_param } from 'linux/module'
import { KLAB, KLAB_ID } from './klab'

KLAB_ID('mod-init-fail')
const ret = module_param('ret', -5, 0)
function klab_init() {
  KLAB('init', 'returning=%d', ret.value)
  return ret.value
}
function klab_exit() {
  KLAB('exit', 'called=1')
}
module_init(klab_init)
module_exit(klab_exit)
