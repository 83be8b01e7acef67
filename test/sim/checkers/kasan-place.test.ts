import { expect, it } from 'vitest'
import { makeStrategy } from '../../../src-sim/engine/strategies'
import { scheduleRunner } from '../../../src-sim/lab/explore'
import { compile, labOf, sandbox } from '../lab/lab-kit'

const DRIVER = `
import { kfree, kzalloc, GFP_KERNEL } from 'linux/slab'
import { spin_lock, spin_lock_init, spin_unlock, spinlock_t } from 'linux/spinlock'
import { kthread_run } from 'linux/kthread'
import { module_init } from 'linux/module'
import { pr_info } from 'linux/printk'
class user { lock = new spinlock_t() }
function noise() {
  for (let i = 0; i < 10; i++) pr_info('noise\\n')
  return 0
}
function init() {
  kthread_run(noise, null, 'noise')
  const u = kzalloc(user, GFP_KERNEL)
  spin_lock_init(u.lock)
  kfree(u)
  const lock = u.lock
  spin_lock(lock) // dead
  spin_unlock(lock) // dead
  return 0
}
module_init(init)
`
const SCENARIO = `
import { insmod, run_until_quiet } from 'klab/scenario'
export default function () {
  insmod('driver')
  run_until_quiet()
}
`

it('names the line of the call that gets a dead pointer, whoever ran before it', () => {
  const run = scheduleRunner(compile(labOf(DRIVER, { 'scenario.ts': SCENARIO })), sandbox(), {})
  const lines = DRIVER.split('\n')
  const places = new Set<string>()
  for (let seed = 0; seed < 20; seed++) {
    const strategy = makeStrategy('random', { seed, preemptions: 2, choices: [] })
    for (const { kind, file, line } of run(strategy, false).findings)
      if (kind === 'kasan.use-after-free') places.add(`${file} ${lines[line - 1]!.trim()}`)
  }
  expect([...places].filter((place) => !/^driver.ts .*(dead|u\.lock$)/.test(place))).toEqual([])
  expect(places.size).toBeGreaterThan(1)
})
