import { describe, expect, it, test } from 'vitest'
import { driverApi } from '../../src-main/build/driver-api.mjs'
import { typeProblems } from '../../src-main/cli/type-check'
import { runLab } from '../sim/lab/lab-kit'
import { goldenOf, labFiles, linesOf, probeIds, probeLab } from './probe-kit'

test('the probes are typed as a driver author would type them', () => {
  const problems = typeProblems({ id: 'probes', files: labFiles() }, driverApi())
  expect(problems.map((p) => `${p.file}:${p.line}: ${p.message}`)).toEqual([])
})

describe('a probe run as a lab prints what Linux printed', () => {
  it.each(probeIds())('%s', (id) => {
    expect(linesOf(runLab(probeLab(id)))).toEqual(goldenOf(id))
  })
})
