import { describe, expect, it } from 'vitest'
import { failCall } from '../../../src-sim/lab/fail-call'
import { compile, labOf, readBuiltin, runLab, sandbox } from './lab-kit'

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
