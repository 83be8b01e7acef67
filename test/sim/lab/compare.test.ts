import { describe, expect, it, test } from 'vitest'
import type { Finding } from '../../../src-sim/engine/finding'
import { judge } from '../../../src-sim/lab/compare/verdict'
import { paramProblems } from '../../../src-sim/lab/params'
import { compareOrder, type CompareProgress, type RunOptions } from '../../../src-sim/protocol'
import { compare, disturbedLab } from './compare-kit'
import { compile, runLab } from './lab-kit'

const finding = (kind: string): Finding => ({ kind }) as Finding

describe('the verdict on a run', () => {
  it('is the worst of its findings, and the first of these', () => {
    const [leak, hang] = [finding('leak.memory'), finding('hung-task')]
    const [first, second] = [finding('kasan.use-after-free'), finding('mmio.fault')]
    expect(judge([], 'finished')).toEqual({ verdict: 'safe', finding: null })
    expect(judge([leak], 'finished')).toEqual({ verdict: 'leak', finding: leak })
    expect(judge([leak, hang], 'finished')).toEqual({ verdict: 'hang', finding: hang })
    expect(judge([leak, first, hang, second], 'finished').finding).toBe(first)
  })

  it('is a hang when the run did not come to its end', () => {
    expect(judge([], 'deadlock').verdict).toBe('hang')
    expect(judge([finding('leak.memory')], 'until').verdict).toBe('hang')
  })
})

const LEAKING = `
import { module_exit, module_init } from 'linux/module'
import { GFP_KERNEL, kzalloc } from 'linux/slab'
class thing { n = 0 }
module_init(() => { kzalloc(thing, GFP_KERNEL); return 0 })
module_exit(() => {})
`
const STUCK = `
import { completion, init_completion, wait_for_completion } from 'linux/completion'
const never = new completion()
`

describe('a comparison', () => {
  it('has a cell for each lab and disturbance, and none for the default', async () => {
    const steps = { one: '', two: '' }
    const result = await compare([disturbedLab('a', { steps }), disturbedLab('b', { steps })], {
      schedules: 3,
    })
    expect(result.cells.map((c) => [c.lab, c.disturbance, c.verdict, c.schedules])).toEqual([
      ['a', 'one', 'safe', 3], ['a', 'two', 'safe', 3],
      ['b', 'one', 'safe', 3], ['b', 'two', 'safe', 3],
    ])
    expect(result.labs).toEqual([
      { id: 'a', title: 'the lab a' }, { id: 'b', title: 'the lab b' },
    ])
    expect(result.complete).toBe(true)
  })

  it('tells leaks, hangs and use after free apart', async () => {
    const leak = await compare([disturbedLab('l', { driver: LEAKING, steps: { end: '' } })], {
      schedules: 1,
    })
    expect(leak.cells[0]).toMatchObject({ verdict: 'leak', finding: { kind: 'leak.memory' } })
    const steps = { wait: 'init_completion(never); wait_for_completion(never)' }
    const hang = await compare([disturbedLab('h', { imports: STUCK, steps })], { schedules: 1 })
    expect(hang.cells[0]).toMatchObject({ verdict: 'hang', failed: 1 })
  })

  it('tells of each cell as it is decided, and stops between schedules when it is cancelled', async () => {
    const seen: CompareProgress[] = []
    const steps = { one: '', two: '', three: '' }
    const result = await compare([disturbedLab('a', { steps })], { schedules: 2 }, {
      progress: (p) => void seen.push(p),
      cancelled: () => seen.length > 1,
    })
    expect(seen.map((p) => [p.done, p.total, p.cell?.disturbance])).toEqual([
      [0, 3, undefined], [1, 3, 'one'],
    ])
    expect(result.cells).toHaveLength(1)
    expect(result.complete).toBe(false)
  })

  it('refuses disturbances that no lab has, and labs that declare none', async () => {
    const lab = disturbedLab('a', { steps: { one: '' } })
    await expect(compare([lab], { disturbances: ['two'] })).rejects.toThrow("no disturbance 'two'")
    lab.files['lab.json'] = '{ "title": "plain" }'
    await expect(compare([lab])).rejects.toThrow('a cannot be compared')
  })
})

/** Safe by virtual time; a thread that is held up for long enough finds the memory freed. */
const RACE = `
import { module_exit, module_init } from 'linux/module'
import { kthread_run } from 'linux/kthread'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { msleep } from 'linux/delay'
class thing { n = 0 }
let shared: thing
module_init(() => {
  shared = kzalloc(thing, GFP_KERNEL)!
  const mine = shared
  kthread_run(() => { msleep(4); msleep(4); mine.n++; return 0 }, null, 'user')
  return 0
})
module_exit(() => { msleep(60); kfree(shared); msleep(60) })
`

describe('the proof of a cell', () => {
  it('is a recorded schedule where the run by virtual time is fine, and replays', async () => {
    const lab = disturbedLab('race', { driver: RACE, steps: { end: '' } })
    const { cells } = await compare([lab], { schedules: 60 })
    const [cell] = cells
    expect(cell!.verdict).toBe('finding')
    expect(cell!.failed).toBeLessThan(cell!.schedules)
    expect(cell!.run.strategy).toBe('replay')
    const again = runLab(lab, cell!.run)
    expect(again.findings.map((f) => f.signature)).toContain(cell!.finding!.signature)
  })

  it('names the call that failed, after each was made to fail once', async () => {
    const driver = `
import { module_exit, module_init } from 'linux/module'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
class thing { n = 0 }
let a: thing | null, b: thing | null
module_init(() => {
  a = kzalloc(thing, GFP_KERNEL)
  if (!a) return -12
  b = kzalloc(thing, GFP_KERNEL)
  return b ? 0 : -12
})
module_exit(() => { kfree(a); kfree(b) })
`
    const lab = disturbedLab('f', { driver, steps: { calls: '' }, failing: ['calls'] })
    const [cell] = (await compare([lab], { schedules: 1 })).cells
    expect(cell).toMatchObject({ verdict: 'leak', schedules: 2, failed: 1 })
    const run: RunOptions = cell!.run
    expect(run).toMatchObject({ strategy: 'fair', fail: 2, params: { disturbance: 'calls' } })
  })
})

test('parameters: the default, a chosen value, and what is no value', () => {
  const lab = disturbedLab('a', { steps: { one: "insmod('missing')" } })
  const { plan } = compile(lab)
  expect(paramProblems(plan, {})).toEqual([])
  expect(paramProblems(plan, { params: { disturbance: 'one' } })).toEqual([])
  expect(paramProblems(plan, { params: { disturbance: 'two' } })[0]!.message).toContain(
    'choose one of none, one',
  )
  expect(paramProblems(plan, { params: { other: 'one' } })[0]!.message).toContain(
    'it has disturbance',
  )
  lab.files['lab.json'] = '{ "title": "no params" }'
  expect(runLab(lab).dmesg.join('\n')).toContain("declares no parameter 'disturbance'")
})

test('labs are shown as they are taught, those of one\'s own first', () => {
  const ids = ['compare-drm', 'compare-devm', 'mine', 'compare-refcount', 'compare-drm']
  expect(ids.sort(compareOrder)).toEqual([
    'mine', 'compare-refcount', 'compare-devm', 'compare-drm', 'compare-drm',
  ])
})
