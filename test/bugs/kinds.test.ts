import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { labApi } from '../../src-sim/linux'
import type { LabSource } from '../../src-sim/protocol'
import { labOf, runLab } from '../sim/lab/lab-kit'
import { KINDS, type Twins } from './kinds'

/** Where each name of the kernel API comes from; the plainest header where several have it. */
const homes = new Map<string, string>()
for (const [specifier, module] of labApi)
  if (specifier.startsWith('linux/'))
    for (const name of Object.keys(module)) {
      const known = homes.get(name)
      if (known === undefined || specifier.length < known.length) homes.set(name, specifier)
    }

function driverOf({ top = '', exit = '' }: Twins, init: string): LabSource {
  const body = `${top}
module_init(() => { ${init}
  return 0
})
module_exit(() => { ${exit} })
`
  const used = new Set(body.match(/[A-Za-z_]\w*/g))
  const imports = [...used]
    .filter((name) => homes.has(name) && name !== 'class')
    .map((name) => `import { ${name} } from '${homes.get(name)}'`)
  return labOf(`${imports.join('\n')}\n${body}`)
}

const runTwin = (kind: string, init: string) =>
  runLab(driverOf(KINDS[kind]!, init), { kcsan: kind === 'race.data' })

/** Kinds that need a device, or a fault of the hardware: other tests have them. */
const WITH_HARDWARE = [
  'mmio.fault', 'mmio.bad-unmap', 'dma.stray', 'dma.read-after-free', 'dma.write-after-free',
  'iommu.fault', 'iommu.freed-table', 'iommu.page-leak',
]
/** Tried with the subsystem they belong to. */
const ELSEWHERE = [
  'rcu.stall', 'sleep.in-atomic-code', 'refcount.of-node', 'device.use-unbound',
  'device.use-after-unbind', 'irq.nobody-cared', 'oops.exception', 'hmm.stale-page', 'p2p.dead-target',
  'p2p.provider-gone', 'dma.cpu-access', 'dma.wrong-direction', 'dma.overrun', 'dma.pool-corrupted',
]

/** Where kinds are written: as a member, in the table of reference counts, as an argument. */
const KIND_LINE = /\bkind: |'refcount\.|\bbad\(machine/

it('every kind that the sources name has a smallest driver', () => {
  const named = new Set<string>()
  for (const path of sources(resolve(import.meta.dirname, '../../src-sim')))
    for (const line of readFileSync(path, 'utf8').split('\n').filter((l) => KIND_LINE.test(l)))
      for (const m of line.matchAll(/'([a-z]+\.[a-z-]+|(?:soft|hard)-lockup|hung-task|deadlock)'/g)) named.add(m[1]!)
  const known = [...Object.keys(KINDS), ...WITH_HARDWARE, ...ELSEWHERE]
  expect([...named].filter((kind) => !known.includes(kind))).toEqual([])
  expect(named.size).toBeGreaterThan(25)
})

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* sources(path)
    else if (/src-sim.(checkers|kernel)/.test(path)) yield path
  }
}

describe.each(Object.keys(KINDS))('%s', (kind) => {
  it('is found in the smallest driver that has it', () => {
    const { findings } = runTwin(kind, KINDS[kind]!.broken)
    expect(findings.map((f) => f.kind)).toContain(kind)
  })
  it('is not in its twin, nor is anything else', () => {
    const { findings, result } = runTwin(kind, KINDS[kind]!.fixed)
    expect(findings.map((f) => f.report.join('\n'))).toEqual([])
    expect(result).toBe('finished')
  })
})
