import { expect, test } from 'vitest'
import { attachKasan } from '../../../src-sim/checkers/kasan'
import { attachObjectDebug } from '../../../src-sim/checkers/odebug'
import { machine } from '../../../src-sim/engine/current'
import type { Sim } from '../../../src-sim/engine/suspend'
import { msleep } from '../../../src-sim/linux/delay'
import { jiffies } from '../../../src-sim/linux/jiffies'
import { GFP_KERNEL, kfree, kzalloc } from '../../../src-sim/linux/slab'
import { mod_timer, timer_list, timer_setup } from '../../../src-sim/linux/timer'
import * as w from '../../../src-sim/linux/workqueue'
import { kinds, run, sim } from '../harness'

class demo {
  work = new w.work_struct()
  dwork = new w.delayed_work()
  timer = new timer_list()
}
let ran = 0
const note = (): void => void ran++

const checked = (body: (d: demo) => Sim) =>
  run(function* () {
    ran = 0
    attachKasan(machine())
    attachObjectDebug(machine())
    const d = kzalloc(demo, GFP_KERNEL)!
    w.INIT_WORK(d.work, note)
    w.INIT_DELAYED_WORK(d.dwork, note)
    timer_setup(d.timer, note, 0)
    yield* body(d)
    yield* sim(msleep(400))
  })

test('WQ-33 freeing a queued item is reported and the item does not run', () => {
  const m = checked(function* (d) {
    w.schedule_work(d.work)
    kfree(d)
  })
  expect(m.findings.map((f) => f.title.replace(/[0-9a-f]{16}/, 'ADDR'))).toEqual([
    'ODEBUG: free active (active state 0) object: ADDR ' +
      'object type: work_struct hint: note+0x0/0x10',
  ])
  expect(kinds(m)).toEqual(['odebug.free-active'])
  expect(ran).toBe(0)
})

test('WQ-33 a delayed item whose timer runs shows as the timer', () => {
  const m = checked(function* (d) {
    w.schedule_delayed_work(d.dwork, 10)
    kfree(d)
  })
  expect(m.findings[0]!.title).toMatch(/timer_list hint: delayed_work_timer_fn\+/)
  expect(ran).toBe(0)
})

test('freeing an idle object, or one whose function merely runs, is not reported', () => {
  const m = run(function* () {
    attachObjectDebug(machine())
    const d = kzalloc(demo, GFP_KERNEL)!
    w.INIT_WORK(d.work, (() => sim(msleep(40))) as never)
    w.schedule_work(d.work)
    yield* sim(msleep(8))
    kfree(d)
    yield* sim(msleep(80))
  })
  expect(kinds(m)).toEqual([])
})

test('TMR-13 setting up a pending timer again is reported and that run is lost', () => {
  const m = checked(function* (d) {
    mod_timer(d.timer, +jiffies + 5)
    timer_setup(d.timer, note, 0)
  })
  expect(kinds(m)).toEqual(['odebug.init-active'])
  expect(ran).toBe(0)
})

test('after five reports the objects are still repaired', () => {
  const m = run(function* () {
    ran = 0
    attachObjectDebug(machine())
    for (let n = 0; n < 8; n++) {
      const timer = new timer_list()
      timer_setup(timer, note, 0)
      mod_timer(timer, +jiffies + 5)
      timer_setup(timer, note, 0)
      yield* sim(msleep(n))
    }
    yield* sim(msleep(100))
  })
  expect(m.findings.length).toBeLessThanOrEqual(5)
  expect(ran).toBe(0)
})
