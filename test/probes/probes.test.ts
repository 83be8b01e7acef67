import { describe, expect, it, test } from 'vitest'
import { driverApi } from '../../src-main/build/driver-api.mjs'
import { typeProblems } from '../../src-main/cli/type-check'
import { runLab } from '../sim/lab/lab-kit'
import { goldenOf, labFiles, linesOf, probeIds, probeLab } from './probe-kit'

/** Their tasks never came back when they were recorded: only the lines up to there count. */
const ENDLESS = ['lock-spin-aa', 'tmr-delete-sync-self']

/** Accesses that are the same mistake at the same place again are one report here. */
const OMITTED: Record<string, number> = { 'wq-destroy-delayed': 5 }

test('the probes are typed as a driver author would type them', () => {
  const problems = typeProblems({ id: 'probes', files: labFiles() }, driverApi())
  expect(problems.map((p) => `${p.file}:${p.line}: ${p.message}`)).toEqual([])
})

describe('a probe run as a lab prints what Linux printed', () => {
  it.each(probeIds())('%s', (id) => {
    const lines = linesOf(runLab(probeLab(id)))
    const wanted = goldenOf(id).filter((_, i) => i !== OMITTED[id])
    expect(ENDLESS.includes(id) ? lines.slice(0, wanted.length) : lines).toEqual(wanted)
  })
})
