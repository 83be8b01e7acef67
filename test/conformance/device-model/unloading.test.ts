import { describe, expect, test } from 'vitest'
import { labOf, runLab } from '../../sim/lab/lab-kit'

/** Modules as labs: only compiled code has a text that can go away. */

interface Outcome { said: string[]; kinds: string[]; dmesg: string[]; reports: string[] }

function play(driver: string, scenario: string, more: Record<string, string> = {}): Outcome {
  const imports = `import { insmod, rmmod, msleep } from 'klab/scenario'\n`
  const result = runLab(
    labOf(driver, { 'scenario.ts': `${imports}export default function () { ${scenario} }`, ...more }),
  )
  const dmesg = result.dmesg.map((line) => line.slice(line.indexOf('] ') + 2))
  return {
    dmesg,
    said: dmesg.filter((line) => line.startsWith('KLAB ')).map((line) => line.slice(5)),
    kinds: result.findings.map((f) => f.kind).filter((kind) => kind !== 'leak.memory'),
    reports: result.findings.flatMap((f) => f.report),
  }
}

const HEAD = `
import { module_init, module_exit, try_module_get, module_refcount, THIS_MODULE } from 'linux/module'
import { pr_info } from 'linux/printk'
import { jiffies } from 'linux/jiffies'
`
/** Outside the module's own memory, which is checked when it is freed. */
const heap = (field: string): string => `
import { kzalloc, GFP_KERNEL } from 'linux/slab'
class demo { ${field} }
let d!: demo
`
const module = (init: string, exit: string): string =>
  `module_init(function demo_init() { ${init}; return 0 })\nmodule_exit(function demo_exit() { ${exit} })\n`
const LOAD_AND_GO = `insmod('driver'); rmmod('driver'); msleep(500)`

describe('DM-59, DM-61: the end of a module', () => {
  const READER = `${HEAD}
import { rcu_read_lock, rcu_read_unlock } from 'linux/rcupdate'
import { mdelay } from 'linux/delay'
import { kthread_complete_and_exit, kthread_run } from 'linux/kthread'
`
  test('DM-59: unloading waits for RCU readers before the text goes', () => {
    const { said } = play(
      `${READER}
function reader() {
  rcu_read_lock()
  mdelay(30)
  pr_info('KLAB reader done\\n')
  rcu_read_unlock()
  kthread_complete_and_exit(null, 0)
  return 0
}
${module('kthread_run(reader, null, "reader")', '')}`,
      `insmod('driver'); msleep(1); rmmod('driver'); msleep(100)`,
    )
    expect(said).toEqual(['reader done'])
  })

  const PINNED = `${HEAD}${module('try_module_get(THIS_MODULE)', "pr_info('KLAB exit count=%d\\n', module_refcount(THIS_MODULE))")}`
  const FORCE = `import { machine } from 'klab/machine'
export default machine({ config: { MODULE_FORCE_UNLOAD: true } })
`
  const TRY = `insmod('driver'); pr(rmmod('driver')); pr(rmmod('driver', { force: true })) }
import { pr_info } from 'linux/printk'
function pr(n: number) { pr_info('KLAB rmmod %d\\n', n)`

  test('DM-61: without the option the flag is ignored', () => {
    expect(play(PINNED, TRY).said).toEqual(['rmmod -11', 'rmmod -11'])
  })
  test('DM-61: with it the module goes although it is pinned, and its exit sees the count', () => {
    const { said } = play(PINNED, TRY, { 'machine.ts': FORCE })
    expect(said).toEqual(['rmmod -11', 'exit count=1', 'rmmod 0'])
  })
})

describe('DM-64: running text that is gone', () => {
  const { reports, kinds } = play(
    `${HEAD}${heap('t = new timer_list()')}
import { timer_setup, mod_timer, timer_list } from 'linux/timer'
function late(t: timer_list) { pr_info('KLAB late\\n') }
${module('d = kzalloc(demo, GFP_KERNEL)!; timer_setup(d.t, late, 0); mod_timer(d.t, jiffies + 25)', '')}`,
    LOAD_AND_GO,
  )
  test('DM-64: an instruction fetch fault that names the module, not a KASAN report', () => {
    expect(kinds).toContain('text.execute-after-unload')
    expect(reports.join('\n')).toMatch(/^BUG: unable to handle page fault for address: \w+$/m)
    expect(reports).toContain('#PF: supervisor instruction fetch in kernel mode')
    expect(reports).toContain('Modules linked in: [last unloaded: driver]')
  })
})

describe('DM-66: what stops asynchronous code, and what does not', () => {
  const TIMER = `${HEAD}${heap('t = new timer_list()')}
import { timer_setup, mod_timer, timer_list, timer_delete, timer_delete_sync, timer_shutdown_sync } from 'linux/timer'
function tick(x: timer_list) { mod_timer(x, jiffies + 1) }
`
  const timer = (exit: string): Outcome =>
    play(
      `${TIMER}${module('d = kzalloc(demo, GFP_KERNEL)!; timer_setup(d.t, tick, 0); mod_timer(d.t, jiffies + 1)', exit)}`,
      LOAD_AND_GO,
    )

  test('DM-66: a timer that rearms itself survives neither delete_sync nor shutdown_sync', () => {
    expect(timer('timer_delete_sync(d.t)').kinds).toEqual([])
    expect(timer('timer_shutdown_sync(d.t)').kinds).toEqual([])
    expect(timer('').kinds).toContain('text.execute-after-unload')
  })

  test('DM-66: a timer that was deleted can be armed again, one that was shut down cannot', () => {
    expect(timer('timer_delete_sync(d.t); mod_timer(d.t, jiffies + 1)').kinds).toContain(
      'text.execute-after-unload',
    )
    expect(timer('timer_shutdown_sync(d.t); mod_timer(d.t, jiffies + 1)').kinds).toEqual([])
  })

  const WORK = `${HEAD}${heap('w = new delayed_work()')}
import { INIT_DELAYED_WORK, schedule_delayed_work, cancel_delayed_work_sync, disable_delayed_work_sync, delayed_work } from 'linux/workqueue'
function run() { pr_info('KLAB ran\\n') }
`
  const work = (exit: string): Outcome =>
    play(
      `${WORK}${module('d = kzalloc(demo, GFP_KERNEL)!; INIT_DELAYED_WORK(d.w, run)', exit)}`,
      LOAD_AND_GO,
    )

  test('DM-66: cancelled work can be queued again, disabled work cannot', () => {
    expect(work('cancel_delayed_work_sync(d.w); schedule_delayed_work(d.w, 1)').kinds).toContain(
      'text.execute-after-unload',
    )
    const disabled = work('disable_delayed_work_sync(d.w); schedule_delayed_work(d.w, 1)')
    expect([disabled.kinds, disabled.said]).toEqual([[], []])
  })

  test('DM-66: for call_rcu synchronize_rcu is not enough, rcu_barrier is', () => {
    const rcu = (exit: string): Outcome =>
      play(
        `${HEAD}
import { call_rcu, rcu_barrier, rcu_head, synchronize_rcu_expedited } from 'linux/rcupdate'
const head = new rcu_head()
${module('', `call_rcu(head, function late() {}); ${exit}`)}`,
        LOAD_AND_GO,
      )
    expect(rcu('synchronize_rcu_expedited()').kinds).toContain('text.execute-after-unload')
    expect(rcu('rcu_barrier()').kinds).toEqual([])
  })
})

describe('DM-67: freeing what is still active', () => {
  const freed = (imports: string, field: string, start: string): Outcome =>
    play(
      `${HEAD}${imports}
import { kzalloc, kfree, GFP_KERNEL } from 'linux/slab'
class demo { ${field} }
let d!: demo
function fn() { pr_info('KLAB ran\\n') }
${module(`d = kzalloc(demo, GFP_KERNEL)!; ${start}`, 'kfree(d)')}`,
      LOAD_AND_GO,
    )
  test('DM-67: an armed timer: reported with its function, and disarmed', () => {
    const { said, kinds, reports } = freed(
      "import { timer_setup, mod_timer, timer_list } from 'linux/timer'",
      't = new timer_list()',
      'timer_setup(d.t, fn, 0); mod_timer(d.t, jiffies + 25)',
    )
    expect([said, kinds]).toEqual([[], ['odebug.free-active']])
    expect(reports.join('\n')).toMatch(
      /ODEBUG: free active \(active state 0\) object: \w+ object type: timer_list hint: fn/,
    )
  })
  test('DM-67: a queued work: reported and cancelled', () => {
    const { said, kinds, reports } = freed(
      "import { INIT_DELAYED_WORK, schedule_delayed_work, delayed_work } from 'linux/workqueue'",
      'w = new delayed_work()',
      'INIT_DELAYED_WORK(d.w, fn); schedule_delayed_work(d.w, 25)',
    )
    expect(said).toEqual([])
    expect(kinds[0]).toBe('odebug.free-active')
    expect(reports.join('\n')).toMatch(/ODEBUG: free active \(active state 0\) object: /)
  })
})
