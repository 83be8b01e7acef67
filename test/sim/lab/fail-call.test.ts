import { describe, expect, it } from 'vitest'
import { failCall } from '../../../src-sim/lab/fail-call'
import { FAILURES_MAX, failEachCall, type FailureOutcome } from '../../../src-sim/protocol'
import { builtinIds, compile, labOf, readBuiltin, runLab, sandbox } from './lab-kit'

const twoAllocations = labOf(`
import { module_init, module_exit } from 'linux/module'
import { GFP_KERNEL, kfree, kzalloc } from 'linux/slab'
import { ENOMEM } from 'linux/errno'

class half { n = 0 }
let a: half | null = null
let b: half | null = null

function two_init() {
  a = kzalloc(half, GFP_KERNEL)
  if (!a) return -ENOMEM
  b = kzalloc(half, GFP_KERNEL)
  if (!b) return -ENOMEM
  return 0
}

function two_exit() {
  kfree(b)
  kfree(a)
}
module_init(two_init)
module_exit(two_exit)
`)

const failing = (n: number) => failCall(compile(twoAllocations), sandbox(), { fail: n })

describe('one call made to fail', () => {
  it('names the call and its line', () => {
    expect(failing(1).failed).toEqual({ call: 'kmalloc', file: 'driver.ts', line: 11 })
    expect(failing(2).failed).toEqual({ call: 'kmalloc', file: 'driver.ts', line: 13 })
  })

  it('finds what the error path forgets, and only on that path', () => {
    expect(failing(1).findings).toEqual([])
    expect(failing(2).findings.map((f) => f.kind)).toEqual(['leak.memory'])
  })

  it('says when a run has fewer calls that can fail', () => {
    const beyond = failing(3)
    expect(beyond.failed).toBeNull()
    expect(beyond.findings).toEqual([])
  })

  it('goes as a run of the session with the same number does', () => {
    const lab = readBuiltin('bug-01-broken')
    const aside = failCall(compile(lab), sandbox(), { fail: 2 })
    const shown = runLab(lab, { fail: 2 })
    expect(aside.resultText).toBe(shown.resultText)
    expect(aside.findings.map((f) => f.signature)).toEqual(shown.findings.map((f) => f.signature))
  })
})

describe('each call made to fail', () => {
  const walkOf = (id: string) => {
    const program = compile(readBuiltin(id))
    return failEachCall(async (fail) => failCall(program, sandbox(), { fail }))
  }

  it.each(builtinIds().filter((id) => id.endsWith('-fixed')))(
    '%s survives every one of them',
    async (id) => {
      const walk = await walkOf(id)
      expect(walk.complete).toBe(true)
      expect(walk.failures.length).toBeGreaterThan(0)
      const findings = walk.failures.flatMap((one) => one.findings.map((f) => [one.nth, f.title]))
      expect(findings).toEqual([])
    },
  )

  const outcome = (signatures: string[], failed = true): FailureOutcome => ({
    failed: failed ? { call: 'kmalloc', file: 'driver.ts', line: 1 } : null,
    findings: signatures.map((signature) => ({ signature })) as FailureOutcome['findings'],
    result: 'finished',
    resultText: '',
  })

  it('tells what a failure alone brought to light from what is there without it', async () => {
    const runs = [outcome(['a'], false), outcome(['a']), outcome(['a', 'b']), outcome(['a'], false)]
    const walk = await failEachCall(async (nth) => runs[nth]!)
    expect(walk.baseline).toHaveLength(1)
    expect(walk.failures.map((one) => [one.nth, one.findings.length, one.known])).toEqual([
      [1, 0, 1],
      [2, 1, 1],
    ])
    expect(walk.complete).toBe(true)
  })

  it('does not call a walk complete that it cut off', async () => {
    const endless = await failEachCall(async () => outcome([]))
    expect(endless.failures).toHaveLength(FAILURES_MAX)
    expect(endless.complete).toBe(false)
    const stopped = await failEachCall(async () => outcome([]), (walk) => walk.failures.length < 3)
    expect(stopped.failures).toHaveLength(3)
    expect(stopped.complete).toBe(false)
  })
})
