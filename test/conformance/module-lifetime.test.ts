import { describe, expect, test } from 'vitest'
import { labOf, runLab } from '../sim/lab/lab-kit'

/** Labs, because only code of a module can outlive the module. */

const texts = (driver: string, scenario?: string): { said: string[]; kinds: string[] } => {
  const more: Record<string, string> = scenario === undefined ? {} : { 'scenario.ts': scenario }
  const result = runLab(labOf(driver, more))
  const said = result.dmesg.map((line) => line.slice(line.indexOf('] ') + 2))
  return { said, kinds: result.findings.map((f) => f.kind) }
}
const klab = (said: string[]): string[] =>
  said.filter((line) => line.startsWith('KLAB ')).map((line) => line.slice(5))

const HEAD = `
import { module_init, module_exit, module_refcount, try_module_get, module_put, THIS_MODULE } from 'linux/module'
import { pr_info } from 'linux/printk'
import { msleep } from 'linux/delay'
`

describe('who keeps a module', () => {
  test('MOD-02 a queued work pins nothing: it runs in text that is gone', () => {
    const { kinds } = texts(`${HEAD}
import { DECLARE_DELAYED_WORK, schedule_delayed_work } from 'linux/workqueue'
function fn() { pr_info('KLAB ran\\n') }
const work = DECLARE_DELAYED_WORK('work', fn)
function demo_init() { schedule_delayed_work(work, 25); pr_info('KLAB count=%d\\n', module_refcount(THIS_MODULE)); return 0 }
function demo_exit() {}
module_init(demo_init)
module_exit(demo_exit)
`, `
import { insmod, rmmod, msleep, note } from 'klab/scenario'
export default function () { insmod('driver'); note('rmmod ' + rmmod('driver')); msleep(500) }
`)
    expect(kinds).toContain('text.execute-after-unload')
  })

  test('RCU-06 nothing in rmmod waits for a callback; rcu_barrier in exit does', () => {
    const run = (wait: string) => texts(`${HEAD}
import { call_rcu, rcu_barrier, rcu_head, synchronize_rcu } from 'linux/rcupdate'
const head = new rcu_head()
function fn() { pr_info('KLAB callback\\n') }
function demo_init() { call_rcu(head, fn); return 0 }
function demo_exit() { ${wait} }
module_init(demo_init)
module_exit(demo_exit)
`, `
import { insmod, rmmod, msleep } from 'klab/scenario'
export default function () { insmod('driver'); rmmod('driver'); msleep(500) }
`)
    expect(run('').kinds).toContain('text.execute-after-unload')
    const good = run('rcu_barrier()')
    expect(good.kinds).toEqual([])
    expect(klab(good.said)).toEqual(['callback'])
  })

  test('KTH-05 a thread pins nothing: one that exit does not stop runs on in freed text', () => {
    const run = (exit: string) => texts(`${HEAD}
import { kthread_run, kthread_should_stop, kthread_stop } from 'linux/kthread'
let task = null
function fn() { while (!kthread_should_stop()) msleep(20); return 0 }
function demo_init() { task = kthread_run(fn, null, 'demo'); return 0 }
function demo_exit() { ${exit} }
module_init(demo_init)
module_exit(demo_exit)
`, `
import { insmod, rmmod, msleep } from 'klab/scenario'
export default function () { insmod('driver'); msleep(50); rmmod('driver'); msleep(500) }
`).kinds
    expect(run('')).toContain('text.execute-after-unload')
    expect(run('kthread_stop(task)')).toEqual([])
  })

  test('KTH-05 a thread that ends by itself leaves through a function of the core', () => {
    const { kinds, said } = texts(`${HEAD}
import { kthread_run, kthread_complete_and_exit } from 'linux/kthread'
import { DECLARE_COMPLETION, wait_for_completion } from 'linux/completion'
const gone = DECLARE_COMPLETION('gone')
function fn() { msleep(20); kthread_complete_and_exit(gone, 0); pr_info('KLAB never\\n'); return 0 }
function demo_init() { kthread_run(fn, null, 'demo'); return 0 }
function demo_exit() { wait_for_completion(gone); pr_info('KLAB waited\\n') }
module_init(demo_init)
module_exit(demo_exit)
`)
    expect(kinds).toEqual([])
    expect(klab(said)).toEqual(['waited'])
  })
})

describe('the counter and the answers of init', () => {
  test('MOD-03 1 inside init, 0 when idle, -1 inside exit; no new reference in exit', () => {
    const { said } = texts(`${HEAD}
function see(where) { pr_info('KLAB %s %d %d\\n', where, module_refcount(THIS_MODULE), try_module_get(THIS_MODULE) ? (module_put(THIS_MODULE), 1) : 0) }
function demo_init() { see('init'); return 0 }
function demo_exit() { see('exit') }
module_init(demo_init)
module_exit(demo_exit)
`)
    expect(klab(said)).toEqual(['init 1 1', 'exit -1 0'])
  })

  test('MOD-03 an error unloads again, a positive answer is told and stays', () => {
    const scenario = `
import { insmod, rmmod } from 'klab/scenario'
import { pr_info } from 'linux/printk'
export default function () {
  const a = insmod('driver'); const b = insmod('driver'); const c = rmmod('driver')
  pr_info('KLAB %d %d %d\\n', a, b, c)
}
`
    const run = (ret: number) => texts(`${HEAD}
function demo_init() { return ${ret} }
function demo_exit() {}
module_init(demo_init)
module_exit(demo_exit)
`, scenario)
    expect(klab(run(-19).said)).toEqual(['-19 -19 -2'])
    const positive = run(3).said
    expect(klab(positive)).toEqual(['0 -17 0'])
    expect(positive).toContain('driver: init suspiciously returned 3, it should follow 0/-E convention')
  })
})

describe('locks at the border to user space', () => {
  const LOCKED = `${HEAD}
import { DEFINE_MUTEX, mutex_lock } from 'linux/mutex'
import { DEFINE_SPINLOCK, spin_lock } from 'linux/spinlock'
const m = DEFINE_MUTEX('m')
const s = DEFINE_SPINLOCK('s')
`
  test('LOCK-05 a module init that returns with a mutex held is seen at the end of insmod', () => {
    const { said } = texts(`${LOCKED}
function demo_init() { mutex_lock(m); return 0 }
module_init(demo_init)
`)
    expect(said).toContain('WARNING: lock held when returning to user space!')
    expect(said.some((line) => /is leaving the kernel with locks still held!$/.test(line))).toBe(true)
  })

  test('CTX-10 one that returns with a spinlock held shows the counter first', () => {
    const { said } = texts(`${LOCKED}
function demo_init() { spin_lock(s); return 0 }
module_init(demo_init)
`)
    const told = said.filter((line) => /^(initcall|WARNING: )/.test(line))
    expect(told[0]).toMatch(/^initcall demo_init.* returned with preemption imbalance $/)
    expect(told).toContain('WARNING: lock held when returning to user space!')
  })
})

test('IRQ-16 a managed interrupt outlives remove: what remove frees, the handler still uses', () => {
  const { kinds } = texts(`
import { module_pci_driver, pci_enable_device, pci_alloc_irq_vectors, pci_irq_vector, pci_set_drvdata, pci_get_drvdata, PCI_IRQ_MSI, pci_set_master, pci_iomap, PCI_DEVICE } from 'linux/pci'
import { devm_request_irq, IRQ_HANDLED, IRQF_SHARED } from 'linux/interrupt'
import { kzalloc, kfree, GFP_KERNEL } from 'linux/slab'
class demo { hits = 0 }
function demo_irq(irq, d) { d.hits++; return IRQ_HANDLED }
function demo_probe(pdev, id) {
  const d = kzalloc(demo, GFP_KERNEL)
  pci_set_drvdata(pdev, d)
  pci_enable_device(pdev)
  pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI)
  return devm_request_irq(pdev.dev, pci_irq_vector(pdev, 0), demo_irq, IRQF_SHARED, 'demo', d)
}
function demo_remove(pdev) { kfree(pci_get_drvdata(pdev)) }
module_pci_driver({ name: 'demo', id_table: [PCI_DEVICE(0x1234, 0x11e8)], probe: demo_probe, remove: demo_remove })
`)
  expect(kinds).toContain('kasan.use-after-free')
})

test('CTX-09 a machine file chooses the preemption model', () => {
  const count = (preemption: string): string[] => {
    const result = runLab(labOf(`${HEAD}
import { rcu_read_lock, rcu_read_unlock } from 'linux/rcupdate'
import { preempt_count } from 'linux/preempt'
function demo_init() { rcu_read_lock(); pr_info('KLAB %d\\n', preempt_count()); rcu_read_unlock(); return 0 }
module_init(demo_init)
`, {
      'machine.ts': `import { machine } from 'klab/machine'
export default machine({ preemption: '${preemption}' })
`,
    }))
    return klab(result.dmesg.map((line) => line.slice(line.indexOf('] ') + 2)))
  }
  expect(count('full')).toEqual(['0'])
  expect(count('lazy')).toEqual(['1'])
})
