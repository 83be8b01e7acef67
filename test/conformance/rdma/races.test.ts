import { expect, test } from 'vitest'
import { makeStrategy } from '../../../src-sim/engine/strategies'
import { scheduleRunner } from '../../../src-sim/lab/explore'
import { compile, labOf, sandbox } from '../../sim/lab/lab-kit'

/** Each context and each domain has memory of its own: a second freeing is a finding, none a leak. */
const driver = (more: string): string => `
import { THIS_MODULE, module_exit, module_init } from 'linux/module'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { container_of } from 'linux/container_of'
import { ib_alloc_device, ib_dealloc_device, ib_device, ib_pd, ib_register_device, ib_set_device_ops, ib_ucontext, ib_unregister_device, INIT_RDMA_OBJ_SIZE } from 'rdma/ib_verbs'
class thing { n = 0 }
class hca { ib = new ib_device() }
class context { base = new ib_ucontext(); own: thing | null = null }
class domain { base = new ib_pd(); own: thing | null = null }
let h: hca
module_init(() => {
  h = ib_alloc_device(hca, 'ib')!
  ib_set_device_ops(h.ib, {
    owner: THIS_MODULE,
    ...INIT_RDMA_OBJ_SIZE('ib_ucontext', context, 'base'),
    ...INIT_RDMA_OBJ_SIZE('ib_pd', domain, 'base'),
    alloc_ucontext: (c: ib_ucontext) => { container_of(c, context, 'base').own = kzalloc(thing, GFP_KERNEL); return 0 },
    dealloc_ucontext: (c: ib_ucontext) => kfree(container_of(c, context, 'base').own),
    alloc_pd: (p: ib_pd) => { container_of(p, domain, 'base').own = kzalloc(thing, GFP_KERNEL); return 0 },
    dealloc_pd: (p: ib_pd) => { kfree(container_of(p, domain, 'base').own); return 0 },
    ${more}
  })
  return ib_register_device(h.ib, 'demo%d', null)
})
module_exit(() => { ib_unregister_device(h.ib); ib_dealloc_device(h.ib) })
`
const SCENARIO = `
import { insmod, rmmod, spawn, wait } from 'klab/scenario'
import { close, ioctl, open, O_RDWR } from 'user/libc'
import { RDMA_VERBS_IOCTL, UVERBS_METHOD_ALLOC_PD, UVERBS_METHOD_GET_CONTEXT } from 'rdma/uverbs_ioctl'
function client() {
  const fd = open('/dev/infiniband/uverbs0', O_RDWR)
  if (fd < 0) return 1
  ioctl(fd, RDMA_VERBS_IOCTL, { method_id: UVERBS_METHOD_GET_CONTEXT })
  ioctl(fd, RDMA_VERBS_IOCTL, { method_id: UVERBS_METHOD_ALLOC_PD })
  close(fd)
  return 0
}
export default function () {
  insmod('driver')
  const both = [spawn(client), spawn(client)]
  rmmod('driver')
  for (const process of both) wait(process)
  rmmod('driver')
}`

const SCHEDULES = 60

test.each([
  ['with disassociation', 'disassociate_ucontext: () => {},'],
  ['without disassociation', ''],
])('%s, opening, calling and closing race with unloading and nothing is freed twice or lost', (_, more) => {
  const run = scheduleRunner(compile(labOf(driver(more), { 'scenario.ts': SCENARIO })), sandbox(), {})
  for (let seed = 0; seed < SCHEDULES; seed++) {
    const name = seed % 2 === 0 ? 'pos' : 'random'
    const { findings, stop } = run(makeStrategy(name, { seed, preemptions: 2, choices: [] }), false)
    expect(findings.map((f) => f.report.join('\n')), `seed ${seed}`).toEqual([])
    expect(stop).toBe('finished')
  }
})
