import { DEFINE_IDA, ida_alloc, ida_alloc_range, ida_alloc_max, ida_free, ida_destroy } from 'linux/idr'
import { DEFINE_IDR, idr_alloc, idr_find, idr_remove, idr_for_each_entry, idr_destroy, idr_alloc_cyclic } from 'linux/idr'
import { DEFINE_XARRAY, DEFINE_XARRAY_ALLOC, xa_store, xa_load, xa_erase, xa_for_each, xa_alloc, xa_empty, xa_limit_32b, XA_LIMIT, xa_is_err, xa_insert, xa_destroy } from 'linux/xarray'
import { DEFINE_KFIFO, kfifo_put, kfifo_get, kfifo_len, kfifo_is_full, kfifo_is_empty } from 'linux/kfifo'
import { BLOCKING_NOTIFIER_HEAD, ATOMIC_NOTIFIER_HEAD, blocking_notifier_call_chain, blocking_notifier_chain_register, blocking_notifier_chain_unregister, notifier_block, NOTIFY_OK, NOTIFY_STOP, NOTIFY_DONE } from 'linux/notifier'
import { kmem_cache_create, kmem_cache_alloc, kmem_cache_free, kmem_cache_destroy, GFP_KERNEL } from 'linux/slab'
import { set_bit, test_bit, test_and_set_bit, clear_bit, find_first_zero_bit, DECLARE_BITMAP, for_each_set_bit, hweight32, fls, ffs } from 'linux/bitmap'
import { alloc_percpu, per_cpu_ptr, this_cpu_ptr, this_cpu_inc, free_percpu, DEFINE_PER_CPU, get_cpu_ptr, put_cpu_ptr } from 'linux/percpu'
import { for_each_online_cpu, num_online_cpus } from 'linux/cpumask'
import { ptr } from 'linux/types'
import { GFP_KERNEL as G } from 'linux/gfp'
import { KLAB, KLAB_PROBE } from './klab'
class thing { a = 1 }
const ida = DEFINE_IDA('ida')
const idr = DEFINE_IDR('idr')
const xa = DEFINE_XARRAY('xa')
const xaa = DEFINE_XARRAY_ALLOC('xaa')
const chain = BLOCKING_NOTIFIER_HEAD('chain')
function n1(nb: notifier_block, action: number, data: string) { KLAB('n1', 'action=%d data=%s', action, data); return NOTIFY_OK }
function n2(nb: notifier_block, action: number, data: string) { KLAB('n2', 'action=%d', action); return action === 2 ? NOTIFY_STOP : NOTIFY_DONE }
function probe() {
  KLAB('ida', '%d %d %d', ida_alloc(ida, GFP_KERNEL), ida_alloc(ida, GFP_KERNEL), ida_alloc_range(ida, 5, 5, GFP_KERNEL))
  KLAB('ida', 'full=%d', ida_alloc_range(ida, 5, 5, GFP_KERNEL))
  ida_free(ida, 0)
  KLAB('ida', '%d', ida_alloc_max(ida, 10, GFP_KERNEL))
  const o = new thing()
  KLAB('idr', '%d %d', idr_alloc(idr, o, 1, 0, GFP_KERNEL), idr_alloc(idr, o, 1, 2, GFP_KERNEL))
  KLAB('idr', 'find=%d none=%d rm=%d again=%d', idr_find(idr, 1) === o, idr_find(idr, 7) === null, idr_remove(idr, 1) === o, idr_remove(idr, 1) === null)
  KLAB('xa', 'store=%d load=%d ins=%d erase=%d empty=%d', xa_store(xa, 3, o, GFP_KERNEL) === null, xa_load(xa, 3) === o, xa_insert(xa, 3, o, GFP_KERNEL), xa_erase(xa, 3) === o, xa_empty(xa))
  const id = ptr<number>(0)
  KLAB('xaa', 'r=%d id=%d', xa_alloc(xaa, id, o, xa_limit_32b, GFP_KERNEL), id.value)
  KLAB('xaa', 'r=%d id=%d', xa_alloc(xaa, id, o, XA_LIMIT(4, 4), GFP_KERNEL), id.value)
  KLAB('xaa', 'r=%d', xa_alloc(xaa, id, o, XA_LIMIT(4, 4), GFP_KERNEL))
  const f = DEFINE_KFIFO('f', 4)
  for (let i = 0; i < 5; i++) KLAB('fifo', 'put=%d', kfifo_put(f, i))
  const v = ptr<number>(0)
  KLAB('fifo', 'get=%d v=%d len=%d', kfifo_get(f, v), v.value, kfifo_len(f))
  const a = new notifier_block({ notifier_call: n1, priority: 0 })
  const b = new notifier_block({ notifier_call: n2, priority: 10 })
  blocking_notifier_chain_register(chain, a)
  blocking_notifier_chain_register(chain, b)
  KLAB('chain', 'twice=%d', blocking_notifier_chain_register(chain, b))
  KLAB('chain', 'ret=0x%x', blocking_notifier_call_chain(chain, 1, 'x'))
  KLAB('chain', 'ret=0x%x', blocking_notifier_call_chain(chain, 2, 'x'))
  KLAB('chain', 'unreg=%d again=%d', blocking_notifier_chain_unregister(chain, a), blocking_notifier_chain_unregister(chain, a))
  const cache = kmem_cache_create('klab_cache', thing, 0, 0, null)!
  const t = kmem_cache_alloc(cache, GFP_KERNEL)
  kmem_cache_free(cache, t!)
  kmem_cache_destroy(cache)
  const bm = DECLARE_BITMAP('bm', 64)
  set_bit(3, bm)
  KLAB('bit', '%d %d %d w=%d fls=%d ffs=%d', test_bit(3, bm), test_and_set_bit(3, bm), find_first_zero_bit(bm, 64), hweight32(0xff), fls(0x80), ffs(0x80))
  const pc = alloc_percpu(thing)!
  for (const cpu of for_each_online_cpu()) per_cpu_ptr(pc, cpu).a = cpu + 1
  KLAB('percpu', 'sum=%d n=%d', per_cpu_ptr(pc, 0).a + per_cpu_ptr(pc, 1).a, num_online_cpus())
  free_percpu(pc)
}
KLAB_PROBE('collections', probe)
