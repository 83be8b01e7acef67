import { expect, test } from 'vitest'
import { makeStrategy } from '../../../src-sim/engine/strategies'
import { seedOf } from '../../../src-sim/explorer/explore'
import { scheduleRunner } from '../../../src-sim/lab/explore'
import { compile, readBuiltin, runLab, sandbox } from './lab-kit'

const SCHEDULES = 400

/** Every kind of finding in many schedules; stops at the first one wanted. */
function explored(id: string, wanted?: string): string[] {
  const run = scheduleRunner(compile(readBuiltin(id)), sandbox(), {})
  const kinds = new Set<string>()
  for (let i = 0; i < SCHEDULES && !(wanted && kinds.has(wanted)); i++) {
    const strategy = makeStrategy('random', { seed: seedOf(7, i), preemptions: 2, choices: [] })
    for (const { kind } of run(strategy, false).findings) kinds.add(kind)
  }
  return [...kinds]
}

test('DM-05: a device saved without a reference is gone when the worker reads it', () => {
  const { findings } = runLab(readBuiltin('debate-c-saved-pointer'))
  expect(findings.map((f) => f.kind)).toEqual(['kasan.use-after-free'])
  expect(findings[0]!.report.join('\n')).toContain('report_work')
})

test('DM-05: a reference keeps the structure of a card that was pulled out', () => {
  const { findings, dmesg } = runLab(readBuiltin('debate-c-saved-reference'))
  expect(findings).toEqual([])
  expect(dmesg.join('\n')).toContain('report about 0000:01:00.0')
  expect(explored('debate-c-saved-reference')).toEqual([])
})

test('DM-06: a lookup takes a reference to an entry whose count is zero', () => {
  const wanted = 'refcount.addition-on-0'
  expect(explored('debate-c-lookup-broken', wanted)).toContain(wanted)
})

test('DM-06: a lookup that asks first never finds an entry that is going away', () => {
  expect(explored('debate-c-lookup-fixed')).toEqual([])
})
