import { kobject, kobject_add, kobject_init, kobject_init_and_add, kobject_put, type kobj_type } from 'linux/kobject'
import { kref_read } from 'linux/kref'
import { KLAB, KLAB_PROBE } from './klab'

function rel(k: kobject) {
  KLAB('release', 'name=%s', k.name ?? 'none')
}
const kt: kobj_type = { release: rel }
const nokt: kobj_type = {}
const a = new kobject()
const b = new kobject()
const c = new kobject()
const d = new kobject()
const e = new kobject()
function probe() {
  KLAB('add', 'first=%d', kobject_init_and_add(a, kt, null, 'klab_dup'))
  KLAB('add', 'duplicate=%d', kobject_init_and_add(b, kt, null, 'klab_dup'))
  KLAB('state', 'dup_refs=%u in_sysfs=%d', kref_read(b.kref), !!b.state_in_sysfs)
  kobject_put(b)
  kobject_init(c, kt)
  KLAB('add', 'empty_name=%d', kobject_add(c, null, '%s', ''))
  kobject_put(c)
  KLAB('add', 'not_initialised=%d', kobject_add(d, null, 'klab_d'))
  KLAB('add', 'no_release=%d', kobject_init_and_add(e, nokt, null, 'klab_e'))
  kobject_put(e)
  kobject_put(a)
}
KLAB_PROBE('kobj-add-errors', probe)
