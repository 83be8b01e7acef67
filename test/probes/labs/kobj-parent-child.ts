import { kobject, kobject_del, kobject_init_and_add, kobject_put, type kobj_type } from 'linux/kobject'
import { kref_read } from 'linux/kref'
import { NULL } from 'linux/types'
import { KLAB, KLAB_PROBE } from './klab'

function rel(k: kobject) {
  KLAB('release', 'name=%s', k.name)
}
const kt: kobj_type = { release: rel }
const p = new kobject()
const c = new kobject()
function probe() {
  KLAB('add', 'parent=%d', kobject_init_and_add(p, kt, NULL, 'klab_parent'))
  KLAB('add', 'child=%d', kobject_init_and_add(c, kt, p, 'klab_child'))
  KLAB('refs', 'parent=%u child=%u', kref_read(p.kref), kref_read(c.kref))
  kobject_put(p)
  KLAB('put', 'parent_refs=%u parent_in_sysfs=%d', kref_read(p.kref), !!p.state_in_sysfs)
  kobject_del(c)
  KLAB('del', 'child_refs=%u parent_refs=%u child_parent_null=%d', kref_read(c.kref), kref_read(p.kref), c.parent === NULL)
  kobject_put(c)
  KLAB('end', 'done=1')
}
KLAB_PROBE('kobj-parent-child', probe)
