import { describe, expect, it } from 'vitest'
import { kernelLog } from '../../../src-sim/kernel/printk/log'
import { failCall } from '../../../src-sim/lab/fail-call'
import {
  FAILURES_MAX,
  failEachCall,
  type FailureOutcome,
  type LabSource,
} from '../../../src-sim/protocol'
import { builtinIds, compile, labOf, readBuiltin, runLab, sandbox, start } from './lab-kit'

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

describe('a call that the scenario makes fail', () => {
  const asking = (call: string) =>
    labOf(twoAllocations.files['driver.ts']!, {
      'scenario.ts': `
import { fail_next, insmod, rmmod } from 'klab/scenario'
import { printk } from 'linux/printk'
export default function () {
  fail_next('${call}')
  for (let i = 0; i < 2; i++) {
    printk('insmod: %d\\n', insmod('driver'))
    rmmod('driver')
  }
}`,
    })
  const answers = (lab: LabSource, fail = 0) => {
    const booted = start(compile(lab), { fail })
    booted.machine.run()
    const texts = kernelLog(booted.machine).lines.map((line) => line.text)
    return texts.filter((text) => text.startsWith('insmod')).map((text) => Number(text.slice(8)))
  }

  it('fails once, and only that call', () => {
    expect(answers(asking('kmalloc'))).toEqual([-12, 0])
    expect(answers(asking('request_irq'))).toEqual([0, 0])
  })

  it('leaves the counted one alone', () => {
    expect(answers(asking('kmalloc'), 2)).toEqual([-12, -12])
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
