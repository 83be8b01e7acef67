import { call_rcu, kfree_rcu, rcu_barrier, rcu_dereference, rcu_dereference_protected, rcu_head, rcu_read_lock, rcu_read_unlock, rcu_assign_pointer, synchronize_rcu, rcu_read_lock_held, rcu_access_pointer } from 'linux/rcupdate'
import { DEFINE_SRCU, srcu_read_lock, srcu_read_unlock, synchronize_srcu, call_srcu, srcu_barrier } from 'linux/srcu'
import { list_add_rcu, list_del_rcu, list_for_each_entry_rcu } from 'linux/rculist'
import { LIST_HEAD, list_head } from 'linux/list'
import { container_of } from 'linux/container_of'
import { ptr } from 'linux/types'
import { kfree, kzalloc, GFP_KERNEL } from 'linux/slab'
import { kthread_run, kthread_stop } from 'linux/kthread'
import { msleep } from 'linux/delay'
import { KLAB, KLAB_PROBE } from './klab'
class obj { rcu = new rcu_head(); link = new list_head(); v = 0 }
const gp = ptr<obj | null>(null)
const head = LIST_HEAD('head')
const srcu = DEFINE_SRCU('srcu')
function freed(r: rcu_head) { const o = container_of(r, obj, 'rcu'); KLAB('freed', 'v=%d', o.v); kfree(o) }
function reader(p: null) {
  rcu_read_lock()
  const o = rcu_dereference(gp, 'value')
  KLAB('reader', 'v=%d held=%d', o ? o.v : -1, rcu_read_lock_held())
  rcu_read_unlock()
  return 0
}
function probe() {
  const o = kzalloc(obj, GFP_KERNEL)!
  o.v = 5
  rcu_assign_pointer(gp, 'value', o)
  list_add_rcu(o.link, head)
  const t = kthread_run(reader, null, 'rdr')
  msleep(5)
  rcu_read_lock()
  for (const e of list_for_each_entry_rcu(head, obj, 'link')) KLAB('walk', 'v=%d', e.v)
  rcu_read_unlock()
  rcu_assign_pointer(gp, 'value', null)
  list_del_rcu(o.link)
  call_rcu(o.rcu, freed)
  KLAB('called', 'null=%d', rcu_access_pointer(gp, 'value') === null)
  rcu_barrier()
  KLAB('barrier', 'done=1')
  const i = srcu_read_lock(srcu)
  srcu_read_unlock(srcu, i)
  synchronize_srcu(srcu)
  const p = kzalloc(obj, GFP_KERNEL)!
  kfree_rcu(p, 'rcu')
  synchronize_rcu()
  KLAB('end2', 'x=1')
}
KLAB_PROBE('rcu-functions', probe)
