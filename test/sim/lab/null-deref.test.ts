import { describe, expect, it } from 'vitest'
import { labOf, runLab } from './lab-kit'

/** Runs `statement` with a NULL pointer `p`, and answers the lines of the report. */
function oopsOf(statement: string): string[] {
  const lab = labOf(`
import { module_init } from 'linux/module'
class ring { head = 0; slots = [0, 0]; next: ring | null = null }
let p: ring | null = null
function init() {
  ${statement}
  return 0
}
module_init(init)
`)
  const { findings } = runLab(lab, {})
  expect(findings.map((f) => f.kind)).toEqual(['oops.null-deref'])
  return findings[0]!.report
}

describe('the report of an access through a NULL pointer', () => {
  it.each([
    ['const x = p!.head', "The code reads 'head' through a NULL pointer."],
    ['p!.head = 1', "The code writes 'head' through a NULL pointer."],
    ['p!.head++', "The code reads 'head' through a NULL pointer."],
    ['const x = p!.slots[1]', "The code reads 'slots' through a NULL pointer."],
    ['const { next } = p!', "The code reads 'next' through a NULL pointer."],
    ["const x = 'head' in p!", "The code reads 'head' through a NULL pointer."],
    ['p = new ring(); p.next!.next!.head = 1', "The code reads 'next' through a NULL pointer."],
  ])('%s names the field', (statement, text) => {
    expect(oopsOf(statement)).toContain(text)
  })

  it('says whether it was read or written', () => {
    expect(oopsOf('const x = p!.head')).toContain('#PF: error_code(0x0000) - not-present page')
    expect(oopsOf('p!.head = 1')).toContain('#PF: error_code(0x0002) - not-present page')
  })

  it('ends the task: nothing catches it, and no finally runs on the way', () => {
    const lab = labOf(`
import { module_init } from 'linux/module'
import { pr_info } from 'linux/printk'
import { mutex_lock } from 'linux/mutex'
class ring { head = 0 }
let p: ring | null = null
function inner() {
  try { p!.head = 1 } catch { pr_info('caught inside') } finally { pr_info('cleaned up') }
}
function init() {
  try { inner() } catch (error) { pr_info('caught outside') }
  try { mutex_lock(null as never) } finally { pr_info('cleaned up') }
  return 0
}
module_init(init)
`)
    const { findings, dmesg } = runLab(lab, {})
    expect(findings.map((f) => f.kind)).toEqual(['oops.null-deref'])
    expect(dmesg.filter((line) => /caught|cleaned/.test(line))).toEqual([])
  })

  it('is no matter of exceptions that a lab throws itself', () => {
    const lab = labOf(`
import { module_init } from 'linux/module'
import { pr_info } from 'linux/printk'
function init() {
  try { throw new Error('own') } catch (error) { pr_info('caught it') } finally { pr_info('cleaned') }
  return 0
}
module_init(init)
`)
    const { findings, dmesg } = runLab(lab, {})
    expect(findings).toEqual([])
    expect(dmesg.filter((line) => /caught it|cleaned/.test(line)).length).toBe(2)
  })
})
