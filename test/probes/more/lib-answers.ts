import { request_irq, request_threaded_irq, free_irq, IRQF_SHARED, IRQF_ONESHOT, IRQF_NO_THREAD, IRQ_HANDLED, IRQ_NONE, IRQ_WAKE_THREAD, disable_irq, enable_irq, disable_irq_nosync, disable_hardirq, synchronize_irq, irq_wake_thread, irq_has_action, in_interrupt, in_hardirq, in_task, in_softirq, irqs_disabled, irq_set_irq_wake, request_any_context_irq, IRQC_IS_HARDIRQ, IRQC_IS_NESTED } from 'linux/interrupt'
import { irq_alloc_desc, irq_free_desc, irq_set_chip_and_handler, handle_simple_irq, handle_edge_irq, handle_level_irq, dummy_irq_chip, generic_handle_irq, irq_to_desc, irq_set_chip_data, irq_get_chip_data } from 'linux/irq'
import { local_irq_disable, local_irq_enable, local_irq_save, local_irq_restore, irqs_disabled as dis } from 'linux/irqflags'
import { preempt_count, preempt_disable, preempt_enable, in_atomic } from 'linux/preempt'
import { raw_notifier_chain_register } from 'linux/notifier'
import { BLOCKING_INIT_NOTIFIER_HEAD, BLOCKING_NOTIFIER_HEAD, blocking_notifier_chain_register, blocking_notifier_chain_unregister, blocking_notifier_call_chain, notifier_block, NOTIFY_DONE, NOTIFY_OK, NOTIFY_STOP, NOTIFY_BAD, notifier_to_errno, notifier_from_errno } from 'linux/notifier'
import { ida, ida_alloc, ida_alloc_max, ida_alloc_range, ida_free, ida_destroy, ida_is_empty } from 'linux/idr'
import { idr, idr_alloc, idr_find, idr_remove, idr_replace, idr_init, idr_destroy, idr_is_empty, idr_for_each_entry, idr_alloc_cyclic, idr_get_next } from 'linux/idr'
import { DEFINE_XARRAY_ALLOC, xa_alloc, xa_insert, xa_store, xa_load, xa_erase, xa_cmpxchg, xa_err, xa_is_err, XA_LIMIT, xa_empty, xa_destroy, xa_limit_32b, xa_find, XA_PRESENT, xa_mk_value, xa_to_value, xa_is_value } from 'linux/xarray'
import { GFP_KERNEL, kmalloc, kfree, kzalloc, krealloc, ksize, kmemdup, kcalloc } from 'linux/slab'
import { strscpy, strcmp, strlen, memcmp, strncmp, strchr, strstr, skip_spaces, strim } from 'linux/string'
import { kstrtoint, kstrtou8, kstrtobool, kstrtoul } from 'linux/kstrtox'
import { ptr, ptr_to } from 'linux/types'
import { ERR_PTR, PTR_ERR, IS_ERR } from 'linux/err'
import { ENOMEM } from 'linux/errno'
import { msleep } from 'linux/delay'
import { kfifo, kfifo_alloc, kfifo_free, kfifo_in, kfifo_out, kfifo_len, kfifo_avail, kfifo_is_full, kfifo_put, kfifo_get, kfifo_peek, kfifo_size } from 'linux/kfifo'
import { KLAB, KLAB_PROBE } from './klab'

function h(irq: number, d: any) { KLAB('hard', 'in_hardirq=%d in_task=%d off=%d', in_hardirq(), in_task(), irqs_disabled()); return d === 'thr' ? IRQ_WAKE_THREAD : IRQ_HANDLED }
function th(irq: number, d: any) { KLAB('thread', 'in_task=%d off=%d', in_task(), irqs_disabled()); return IRQ_HANDLED }
function none(irq: number, d: any) { return IRQ_NONE }
function fire(irq: number) { let f = ptr<number>(0); local_irq_disable(); const r = generic_handle_irq(irq); local_irq_enable(); return r }
function n1(nb: notifier_block, a: number, d: any) { KLAB('nb', 'one a=%lu', a); return NOTIFY_OK }
function n2(nb: notifier_block, a: number, d: any) { KLAB('nb', 'two a=%lu', a); return a === 5 ? notifier_from_errno(-12) : NOTIFY_DONE }
function probe() {
  const irq = irq_alloc_desc(-1)
  KLAB('irq', 'nochip=%d', request_irq(irq, h, 0, 'x', null))
  irq_set_chip_and_handler(irq, dummy_irq_chip, handle_simple_irq)
  KLAB('irq', 'null=%d', request_irq(irq, null, 0, 'x', 'a'))
  KLAB('irq', 'shared_noid=%d', request_irq(irq, h, IRQF_SHARED, 'x', null))
  KLAB('irq', 'bad=%d', request_irq(9999, h, 0, 'x', 'a'))
  KLAB('irq', 'no_oneshot=%d', request_threaded_irq(irq, null, th, 0, 'x', 'a'))
  KLAB('irq', 'req=%d', request_irq(irq, h, 0, 'first', 'a'))
  KLAB('irq', 'busy=%d', request_irq(irq, h, IRQF_SHARED, 'second', 'b'))
  KLAB('irq', 'fire=%d has=%d', fire(irq), irq_has_action(irq))
  disable_irq(irq)
  disable_irq_nosync(irq)
  KLAB('irq', 'fire=%d', fire(irq))
  enable_irq(irq)
  enable_irq(irq)
  msleep(2)
  enable_irq(irq)
  KLAB('irq', 'free=%s', free_irq(irq, 'a'))
  KLAB('irq', 'free2=%s', free_irq(irq, 'a') ?? 'null')
  KLAB('irq', 'thr=%d', request_threaded_irq(irq, h, th, IRQF_ONESHOT, 'thr', 'thr'))
  fire(irq)
  synchronize_irq(irq)
  KLAB('irq', 'wake=%d', irq_set_irq_wake(irq, 1))
  free_irq(irq, 'thr')
  KLAB('irq', 'any=%d', request_any_context_irq(irq, h, 0, 'any', 'any'))
  free_irq(irq, 'any')
  irq_free_desc(irq)

  KLAB('ctx', 'pc=%d atomic=%d', preempt_count(), in_atomic())
  preempt_disable()
  preempt_disable()
  KLAB('ctx', 'pc=%d atomic=%d', preempt_count(), in_atomic())
  preempt_enable()
  preempt_enable()

  const head = BLOCKING_NOTIFIER_HEAD('head')
  const b1 = new notifier_block()
  b1.notifier_call = n1
  const b2 = new notifier_block()
  b2.notifier_call = n2
  b2.priority = 5
  KLAB('nb', 'reg=%d reg=%d dup=%d', blocking_notifier_chain_register(head, b1), blocking_notifier_chain_register(head, b2), blocking_notifier_chain_register(head, b1))
  KLAB('nb', 'call=%d', blocking_notifier_call_chain(head, 1, null))
  const r = blocking_notifier_call_chain(head, 5, null)
  KLAB('nb', 'call=%d err=%d', r, notifier_to_errno(r))
  KLAB('nb', 'unreg=%d unreg=%d', blocking_notifier_chain_unregister(head, b1), blocking_notifier_chain_unregister(head, b1))
  KLAB('nb', 'empty=%d', blocking_notifier_call_chain(BLOCKING_NOTIFIER_HEAD('e'), 1, null))

  const i = new ida()
  KLAB('ida', '%d %d %d %d', ida_alloc(i, GFP_KERNEL), ida_alloc(i, GFP_KERNEL), ida_alloc_max(i, 1, GFP_KERNEL), ida_alloc_range(i, 5, 6, GFP_KERNEL))
  ida_free(i, 0)
  KLAB('ida', 'reuse=%d empty=%d', ida_alloc(i, GFP_KERNEL), ida_is_empty(i))
  ida_destroy(i)
  KLAB('ida', 'empty=%d', ida_is_empty(i))
  const x = new idr()
  idr_init(x)
  const o = { a: 1 }
  KLAB('idr', '%d %d %d %d', idr_alloc(x, o, 3, 5, GFP_KERNEL), idr_alloc(x, o, 3, 5, GFP_KERNEL), idr_alloc(x, o, 3, 5, GFP_KERNEL), idr_alloc(x, o, -1, 5, GFP_KERNEL))
  KLAB('idr', 'find=%d none=%d rm=%d rm=%d', idr_find(x, 3) === o, idr_find(x, 9) === null, idr_remove(x, 3) === o, idr_remove(x, 3) === null)
  KLAB('idr', 'repl=%ld', PTR_ERR(idr_replace(x, o, 3)))
  KLAB('idr', 'cyc=%d cyc=%d', idr_alloc_cyclic(x, o, 0, 0, GFP_KERNEL), idr_alloc_cyclic(x, o, 0, 0, GFP_KERNEL))
  const xa = DEFINE_XARRAY_ALLOC('xa')
  const id = ptr<number>(99)
  KLAB('xa', 'alloc=%d id=%u', xa_alloc(xa, id, o, xa_limit_32b, GFP_KERNEL), id.value)
  KLAB('xa', 'alloc=%d', xa_alloc(xa, id, o, XA_LIMIT(0, 0), GFP_KERNEL))
  KLAB('xa', 'insert=%d insert=%d', xa_insert(xa, 0, o, GFP_KERNEL), xa_insert(xa, 7, o, GFP_KERNEL))
  KLAB('xa', 'store=%d load=%d erase=%d erase=%d', xa_store(xa, 9, o, GFP_KERNEL) === null, xa_load(xa, 9) === o, xa_erase(xa, 9) === o, xa_erase(xa, 9) === null)
  KLAB('xa', 'val=%lu isval=%d', xa_to_value(xa_mk_value(17)), xa_is_value(xa_mk_value(17)))
  const res = ptr<number>(0)
  const bres = ptr<boolean>(false)
  for (const s of ['10', '0x1f', '010', ' 5', '5 ', '-3', '', '+7', '99999999999', '12\n', '0x', 'abc']) KLAB('kstr', '%s -> %d %d', strim(s), kstrtoint(s, 0, res), res.value)
  KLAB('kstr', 'u8=%d neg=%d base16=%d', kstrtou8('256', 10, res), kstrtou8('-1', 10, res), kstrtoint('ff', 16, res))
  for (const s of ['y', 'Y', 'on', 'oN', 'off', 'no', '1', '0', 't', 'F', 'x', 'o', 'true']) KLAB('kbool', '%s %d %d', s, kstrtobool(s, bres), bres.value)
  const buf = new Uint8Array(4)
  KLAB('str', 'strscpy=%d', strscpy(buf, 'abcdef', 4))
  KLAB('str', 'strscpy=%d', strscpy(buf, 'abc', 4))
  const f = new kfifo()
  KLAB('fifo', 'alloc=%d size=%u', kfifo_alloc(f, 5, GFP_KERNEL), kfifo_size(f))
  KLAB('fifo', 'in=%u len=%u avail=%u', kfifo_in(f, new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 10), kfifo_len(f), kfifo_avail(f))
  KLAB('fifo', 'full=%d put=%d', kfifo_is_full(f), kfifo_put(f, 3))
  kfifo_free(f)
}
KLAB_PROBE('lib-answers', probe)
