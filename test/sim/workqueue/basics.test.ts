import { expect, test } from 'vitest'
import { msleep } from '../../../src-sim/linux/delay'
import * as wq from '../../../src-sim/linux/workqueue'
import { currentTask, machine } from '../../../src-sim/engine/current'
import { kinds, run, sim } from '../harness'

test('WQ-04 an idle item is queued and executed by a worker of the calling CPU', () => {
  const seen: string[] = []
  const m = run(function* () {
    const work = wq.DECLARE_WORK('w', () => void seen.push(currentTask()!.comm))
    expect(wq.schedule_work(work)).toBe(true)
    expect(wq.work_pending(work)).toBe(true)
    expect(yield* sim(wq.flush_work(work))).toBe(true)
    expect(yield* sim(wq.flush_work(work))).toBe(false)
  })
  expect(seen).toEqual(['kworker/0:1'])
  expect(kinds(m)).toEqual([])
  expect(m.stop).toBe('finished')
})

test('WQ-29 a delayed item runs when its delay is over', () => {
  let at = 0
  run(function* () {
    const dw = wq.DECLARE_DELAYED_WORK('dw', () => void (at = machine().nowNs))
    expect(wq.schedule_delayed_work(dw, 25)).toBe(true)
    expect(wq.schedule_delayed_work(dw, 1)).toBe(false)
    yield* sim(msleep(500))
  })
  expect(at).toBeGreaterThanOrEqual(100e6)
  expect(at).toBeLessThan(120e6)
})
