import { describe, expect, it, test } from 'vitest'
import { DISTURBANCE, type LabManifest, type LabSource } from '../../../src-sim/protocol'
import { compare } from './compare-kit'
import { MODELS, rowsOfPage } from './compare-page'
import { readBuiltin, runLab } from './lab-kit'

const labs = MODELS.map((model) => readBuiltin(`compare-${model}`))
const page = rowsOfPage()
const manifestOf = (lab: LabSource): LabManifest => JSON.parse(lab.files['lab.json']!) as LabManifest
const disturbances = Object.keys(manifestOf(labs[0]!).params![DISTURBANCE]!.values).slice(1)

describe('the six models', () => {
  it('differ in their driver, and in how programs reach it, alone', () => {
    const own = ['driver.ts', 'user-api.ts', 'lab.json']
    for (const lab of labs) {
      const shared = Object.keys(lab.files).filter((path) => !own.includes(path))
      for (const path of shared) expect(lab.files[path], path).toBe(labs[0]!.files[path])
      expect(manifestOf(lab).params).toEqual(manifestOf(labs[0]!).params)
    }
  })

  it('stand on the page with every disturbance', () => {
    expect(disturbances).toHaveLength(12)
    for (const id of disturbances) expect(page.has(id), id).toBe(true)
  })

  it.each(labs.map((lab) => [lab.id, lab] as const))(
    '%s does the same for its programs when nothing disturbs it',
    (_id, lab) => {
      const { findings, dmesg, result } = runLab(lab)
      expect(findings).toEqual([])
      expect(result).toBe('finished')
      expect(dmesg.join('\n')).toContain('calm has ended with 0')
    },
  )
})

/** One disturbance in which the models differ most; all of them: `npm run test:slow`. */
test.each(['unbind-idle', 'unbind-dma', 'rmmod-open'])(
  '%s leads to what the page says in every model',
  async (disturbance) => {
    const { cells } = await compare(labs, { disturbances: [disturbance], schedules: 1 })
    expect(cells.map((c) => c.finding?.kind ?? c.verdict)).toEqual(page.get(disturbance))
  },
)

test('the fast call asks for permission as often as the page says', async () => {
  const { costs } = await compare(labs, { disturbances: ['rmmod-open'], schedules: 1 })
  expect(costs.map((c) => String(c.references))).toEqual(page.get('references taken'))
  expect(costs.map((c) => String(c.readers))).toEqual(page.get('reader sections'))
  for (const cost of costs) {
    expect(cost.callNs).toBeGreaterThan(0)
    expect(cost.unbindNs).toBeGreaterThan(0)
  }
})
