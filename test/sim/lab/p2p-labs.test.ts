import { expect, it } from 'vitest'
import { readBuiltin, runLab } from './lab-kit'

it.each([
  ['p2p-provider-unbind', 'p2p.provider-gone'],
  ['vfio-type1-pfn', 'p2p.dead-target'],
])('%s: the broken one is found, the fixed one is silent', (lab, kind) => {
  const broken = runLab(readBuiltin(`${lab}-broken`))
  expect(broken.findings.map((f) => f.kind)).toContain(kind)
  const fixed = runLab(readBuiltin(`${lab}-fixed`))
  expect(fixed.findings.map((f) => f.report.join('\n'))).toEqual([])
})

it('iommufd-revoke: what a card still writes after the revocation ends at the IOMMU', () => {
  const { findings } = runLab(readBuiltin('iommufd-revoke'))
  expect([...new Set(findings.map((f) => f.kind))]).toEqual(['iommu.fault'])
})
