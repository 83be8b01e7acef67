import { disable_irq, disable_irq_nosync, enable_irq, free_irq, IRQ_HANDLED, IRQ_NONE, IRQ_WAKE_THREAD, IRQF_ONESHOT, IRQF_SHARED, irqreturn_t, request_irq, request_threaded_irq, synchronize_irq } from 'linux/interrupt'
import { in_hardirq, in_task, in_interrupt } from 'linux/preempt'
import { irq_alloc_desc, irq_free_desc, irq_set_chip_and_handler, handle_simple_irq, dummy_irq_chip } from 'linux/irq'
import { generic_handle_irq } from 'linux/irqdesc'
import { local_irq_disable, local_irq_enable } from 'linux/irqflags'
import { msleep } from 'linux/delay'
import { current } from 'linux/sched'
import { KLAB, KLAB_PROBE } from './klab'

function hard(irq: number, data: string): irqreturn_t {
  KLAB('hard', 'data=%s hard=%d task=%d', data, !!in_hardirq(), in_task())
  return IRQ_WAKE_THREAD
}
function thread(irq: number, data: string): irqreturn_t {
  KLAB('thread', 'task=%d comm_irq=%d', in_task(), current.comm.startsWith('irq/'))
  msleep(10)
  return IRQ_HANDLED
}
function fire(irq: number) {
  local_irq_disable()
  const r = generic_handle_irq(irq)
  local_irq_enable()
  return r
}
function probe() {
  const irq = irq_alloc_desc(0)
  irq_set_chip_and_handler(irq, dummy_irq_chip, handle_simple_irq)
  KLAB('request', 'no_handler=%d', request_threaded_irq(irq, null, null, 0, 'x', null))
  KLAB('request', 'shared_null=%d', request_irq(irq, hard, IRQF_SHARED, 'x', null))
  KLAB('request', 'thread_no_oneshot=%d', request_threaded_irq(irq, null, thread, 0, 'x', 'x'))
  KLAB('request', 'ret=%d', request_threaded_irq(irq, hard, thread, IRQF_ONESHOT, 'klabirq', 'dat'))
  KLAB('request', 'busy=%d', request_irq(irq, hard, 0, 'klab2', 'dat'))
  KLAB('fire', 'ret=%d', fire(irq))
  synchronize_irq(irq)
  KLAB('sync', 'done=1')
  disable_irq(irq)
  KLAB('fire', 'disabled=%d', fire(irq))
  enable_irq(irq)
  msleep(50)
  free_irq(irq, 'dat')
  KLAB('free', 'done=1')
  irq_free_desc(irq)
  KLAB('fire', 'gone=%d', fire(irq))
}
KLAB_PROBE('irq-threads', probe)
