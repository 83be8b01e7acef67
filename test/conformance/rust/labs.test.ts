import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { driverApi } from '../../../src-main/build/driver-api.mjs'
import { typeProblems, type DriverApi } from '../../../src-main/cli/type-check'
import { makeStrategy } from '../../../src-sim/engine/strategies'
import { seedOf } from '../../../src-sim/explorer/explore'
import { scheduleRunner } from '../../../src-sim/lab/explore'
import { builtinIds, compile, readBuiltin, runLab, sandbox } from '../../sim/lab/lab-kit'

/** What each broken lab must report, and a part of the line. */
const EXPECTED: Record<string, { kind: string; at: string }> = {
  'rust-devres': { kind: 'mmio.fault', at: 'readl(self.value.id_register)' },
  'rust-dma': { kind: 'dma.write-after-free', at: '' },
  'rust-guard': { kind: 'sleep.in-atomic', at: 'KBox.new' },
  'rust-timer': { kind: 'text.execute-after-unload', at: 'static run' },
}
const names = Object.keys(EXPECTED)
const TEMPLATE = resolve(import.meta.dirname, '../../../resources/templates/rust')
const template = (): Record<string, string> =>
  Object.fromEntries(readdirSync(TEMPLATE).map((name) => [name, readFileSync(join(TEMPLATE, name), 'utf8')]))
const SCHEDULES = 40

describe('the labs about Rust', () => {
  it('come in pairs, each with an expectation', () => {
    const pairs = builtinIds().filter((id) => id.startsWith('rust-'))
    expect(pairs).toEqual(names.flatMap((name) => [`${name}-broken`, `${name}-fixed`]).sort())
  })

  it('are typed', () => {
    const files: Record<string, string> = {}
    for (const id of names.flatMap((name) => [`${name}-broken`, `${name}-fixed`]))
      for (const [path, text] of Object.entries(readBuiltin(id).files)) files[`${id}/${path}`] = text
    for (const [path, text] of Object.entries(template())) files[`template/${path}`] = text
    expect(typeProblems({ id: 'all', files }, driverApi() as DriverApi)).toEqual([])
  })

  it('begin with a template that is right', () => {
    const { findings, dmesg, result } = runLab({ id: 'template', files: template() })
    expect(findings.map((f) => f.report.join('\n'))).toEqual([])
    expect(dmesg.join('\n')).toContain('demo 0000:01:00.0: interrupt 1 handled')
    expect(result).toBe('finished')
  })

  it.each(names)('%s: a plain run of the broken form reports it at the line', (name) => {
    const lab = readBuiltin(`${name}-broken`)
    const { findings } = runLab(lab)
    const { kind, at } = EXPECTED[name]!
    expect(findings[0]!.kind).toBe(kind)
    const { file, line } = findings[0]!
    if (at !== '') expect(lab.files[file!]!.split('\n')[line - 1]).toContain(at)
  })

  it.each(names)('%s: schedules drawn by chance find it too', (name) => {
    const run = scheduleRunner(compile(readBuiltin(`${name}-broken`)), sandbox(), {})
    const kinds = new Set<string>()
    for (const how of ['random', 'pct'] as const)
      for (let i = 0; i < SCHEDULES && !kinds.has(EXPECTED[name]!.kind); i++)
        for (const { kind } of run(strategy(how, i), false).findings) kinds.add(kind)
    expect([...kinds]).toContain(EXPECTED[name]!.kind)
  })

  it.each(names)('%s: the fixed form is silent, plainly and in many schedules', (name) => {
    const lab = readBuiltin(`${name}-fixed`)
    const plain = runLab(lab)
    expect(plain.findings.map((f) => f.report.join('\n'))).toEqual([])
    expect(plain.result).toBe('finished')
    const run = scheduleRunner(compile(lab), sandbox(), {})
    for (const how of ['random', 'pct'] as const)
      for (let i = 0; i < SCHEDULES; i++) {
        const { findings, stop } = run(strategy(how, i), false)
        const reports = findings.map((f) => f.report.join('\n'))
        expect({ how, i, stop, reports }).toEqual({ how, i, stop: 'finished', reports: [] })
      }
  })
})

const strategy = (name: 'random' | 'pct', i: number) =>
  makeStrategy(name, { seed: seedOf(11, i), preemptions: 2, choices: [] })
