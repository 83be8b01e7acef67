import { msleep } from '../../src-sim/linux/delay'
import * as i from '../../src-sim/linux/interrupt'
import * as q from '../../src-sim/linux/irq'
import { sim } from '../sim/harness'
import { probe } from './harness'

const line = (): number => {
  const irq = q.irq_alloc_desc(q.NUMA_NO_NODE)
  q.irq_set_chip_and_handler(irq, q.dummy_irq_chip, q.handle_simple_irq)
  return irq
}

probe('irq-enable-depth', function* (klab) {
  let hits = 0
  const dev = {}
  const irq = line()
  const handler = (): number => (hits++, i.IRQ_HANDLED)
  const fire = function* () {
    const ret = yield* sim(q.generic_handle_irq_safe(irq))
    klab('fire', 'ret=%d hits=%d', ret, hits)
  }
  klab('request', 'ret=%d', yield* sim(i.request_irq(irq, handler, 0, 'klab', dev)))
  yield* fire()
  yield* sim(i.disable_irq(irq))
  yield* fire()
  yield* sim(i.disable_irq(irq))
  i.enable_irq(irq)
  yield* fire()
  i.enable_irq(irq)
  yield* sim(msleep(50))
  klab('enabled', 'hits=%d', hits)
  yield* fire()
  i.enable_irq(irq)
  klab('unbalanced', 'returned=1')
  yield* fire()
  yield* sim(i.free_irq(irq, dev))
  q.irq_free_desc(irq)
})

probe('irq-shared-order', function* (klab) {
  const d = [{ n: 0 }, { n: 1 }, { n: 2 }]
  const irq = line()
  const handler = (_irq: number, dev: { n: number }): number => {
    klab('handler', 'n=%d', dev.n)
    return dev.n === 1 ? i.IRQ_NONE : i.IRQ_HANDLED
  }
  for (const dev of d) {
    const ret = yield* sim(i.request_irq(irq, handler, i.IRQF_SHARED, 'klab', dev))
    klab('request', 'n=%d ret=%d', dev.n, ret)
  }
  klab('fire', 'ret=%d', yield* sim(q.generic_handle_irq_safe(irq)))
  klab('free', 'n=1')
  yield* sim(i.free_irq(irq, d[1]))
  klab('fire', 'ret=%d', yield* sim(q.generic_handle_irq_safe(irq)))
  klab('free', 'n=0')
  yield* sim(i.free_irq(irq, d[0]))
  klab('free', 'n=2')
  yield* sim(i.free_irq(irq, d[2]))
  q.irq_free_desc(irq)
})
