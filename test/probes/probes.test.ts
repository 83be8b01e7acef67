import { describe, expect, it, test } from 'vitest'
import { driverApi } from '../../src-main/build/driver-api.mjs'
import { typeProblems } from '../../src-main/cli/type-check'
import { runLab } from '../sim/lab/lab-kit'
import { labFiles, linesOf, probeIds, probeLab, wantedOf } from './probe-kit'

/** Their tasks never came back when they were recorded: only the lines up to there count. */
const ENDLESS = ['lock-spin-aa', 'tmr-delete-sync-self']

/** What the machine that was recorded had and this one has not, and the other way round. */
const adapted: Record<string, (lines: string[]) => string[]> = {
  // An emulated bus reads as zero where nothing is.
  'hp-add-remove': (lines) =>
    lines.map((line) => line.replace('mmio=0x0 enable', 'mmio=0xffffffff enable')),
}

test('the probes are typed as a driver author would type them', () => {
  const problems = typeProblems({ id: 'probes', files: { ...labFiles } }, driverApi())
  expect(problems.map((p) => `${p.file}:${p.line}: ${p.message}`)).toEqual([])
})

describe('a probe run as a lab prints what Linux printed', () => {
  it.each(probeIds('labs'))('%s', (id) => {
    const lines = linesOf(runLab(probeLab(id)))
    const wanted = (adapted[id] ?? ((all) => all))(wantedOf('labs', id))
    expect(ENDLESS.includes(id) ? lines.slice(0, wanted.length) : lines).toEqual(wanted)
  })
})

describe('functions a driver may call, from a lab', () => {
  it.each(probeIds('more'))('%s', (id) => {
    expect(linesOf(runLab(probeLab(id)))).toEqual(wantedOf('more', id))
  })
})
